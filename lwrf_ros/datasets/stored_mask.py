# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The numbers or colours that a mask's file stores, whatever libraries would make of them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.errors import LwrfError
from lwrf_ros.images.orientation import UNSAID, orientation_of, turned
from lwrf_ros.images.png_file import (
    COLOURS,
    COLOURS_ALPHA,
    GREY,
    GREY_ALPHA,
    PALETTE,
    SIGNATURE,
    PngError,
    PngFile,
    read_png,
)

# How other formats begin that go by the name of PNG now and then.
_OTHERS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"RIFF", "WebP"),
)
_WANTED = f"wanted a PNG with the class index of each pixel ({UNLABELLED} for none)"
_OPAQUE = 255
_NO_PALETTE = np.zeros((0, 3), dtype=np.uint8)


class MaskError(LwrfError):
    """A mask that cannot be used; the message says why, without a path.

    Attributes:
        reason: A few words to count it under.
        outside: Values that stand for no class.
    """

    def __init__(self, reason: str, message: str, outside: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.outside = outside


@dataclass(frozen=True, eq=False)
class StoredMask:
    """What a mask's file stores, turned as its EXIF says.

    Attributes:
        values: ``(H, W)`` uint8 or uint16 of a grey mask or one with a palette;
            ``(H, W, 3) uint8 RGB`` of one in colours.
        palette: ``(n, 3) uint8 RGB``, what each value looks like; n is 0 where there is none.
        orientation: EXIF's, as of `orientation_of`.
    """

    values: NDArray[np.uint8] | NDArray[np.uint16]
    palette: NDArray[np.uint8] = field(default_factory=lambda: _NO_PALETTE)
    orientation: int = UNSAID

    @property
    def in_colours(self) -> bool:
        """Whether each pixel has a colour instead of a number."""
        return self.values.ndim == 3


def read_stored(data: bytes) -> StoredMask:
    """Read a mask's file.

    Numbers are those that the file stores: of 1, 2, 4, 8 or 16 bits, grey or indices into a
    palette, never scaled and never looked up.

    Args:
        data: The file.

    Raises:
        MaskError: If it is no PNG, cut or damaged, of a form in which numbers or colours are not
            kept, or see-through where it has pixels.
    """
    if not data.startswith(SIGNATURE):
        raise _not_a_png(data)
    try:
        about = read_png(data)
        pixels = _decode(data, about)
    except PngError as error:
        raise MaskError("unreadable", f"cannot be read as an image: {error}") from error
    if about.kind in (GREY_ALPHA, COLOURS_ALPHA):
        _check_opaque(pixels[..., -1])
        pixels = pixels[..., 0] if about.kind == GREY_ALPHA else pixels[..., :3]
    palette = about.palette if about.kind == PALETTE else _NO_PALETTE
    orientation = orientation_of(data)
    return StoredMask(turned(pixels, orientation), palette, orientation)


def place_of(where: NDArray[np.bool_]) -> str:
    """Say how many pixels are true in ``(H, W) bool``, and where the first is."""
    first = int(where.argmax())
    y, x = divmod(first, where.shape[1])
    count = int(np.count_nonzero(where))
    return f"{count} pixel{'s' if count > 1 else ''}, the first at x {x}, y {y}"


def _not_a_png(data: bytes) -> MaskError:
    kind = next((name for start, name in _OTHERS if data.startswith(start)), "")
    if kind == "JPEG":
        return MaskError(
            "lossy",
            "is a JPEG file, whatever it is called: JPEG changes the values of pixels, so class "
            f"indices are lost; {_WANTED}, exported anew (not converted from this one)",
        )
    if kind:
        return MaskError("no PNG", f"is a {kind} file, whatever it is called; {_WANTED}")
    return MaskError("unreadable", f"cannot be read as an image: it is no PNG file; {_WANTED}")


def _decode(data: bytes, about: PngFile) -> NDArray[np.uint8]:
    """Return what a PNG stores: ``(H, W)``, or ``(H, W, n)`` where a pixel has n values."""
    from PIL import Image

    if about.bits == 16 and about.kind != GREY:
        raise MaskError(
            "16 bits", "has 16 bits a channel in colours or with transparency; wanted 8"
        )
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            pixels = np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PngError(str(error)) from error
    channels = {GREY: 1, PALETTE: 1, GREY_ALPHA: 2, COLOURS: 3, COLOURS_ALPHA: 4}.get(about.kind)
    shape = (about.height, about.width) + ((channels,) if channels and channels > 1 else ())
    if channels is None or pixels.shape != shape:
        raise PngError(f"it decodes to {pixels.shape}; wanted {shape}")
    if about.bits == 16:
        return pixels.astype(np.uint16)
    pixels = pixels.astype(np.uint8)
    if about.kind == GREY and about.bits in (2, 4):
        # Pillow stretches these to 8 bits, each value by the same whole number.
        pixels, rest = np.divmod(pixels, 255 // (2**about.bits - 1))
        if rest.any():
            raise PngError(f"its values are not those of {about.bits} bits")
    return pixels


def _check_opaque(alpha: NDArray[np.uint8]) -> None:
    through = alpha < _OPAQUE
    if through.any():
        raise MaskError(
            "see-through",
            f"is see-through ({place_of(through)}), and what stands there is not certain; wanted a "
            f"mask without transparency, {UNLABELLED} where nothing is labelled",
        )
