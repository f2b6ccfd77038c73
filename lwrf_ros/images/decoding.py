# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Images to pictures: the cheap check of their description, and decoding; whoever has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.images.encoded import check_pixels, decode_encoded
from lwrf_ros.images.encodings import (
    ENCODINGS,
    LAYOUTS,
    U1,
    U2,
    Layout,
    check_sides,
    is_numbers,
    layout_of,
    to_picture,
)
from lwrf_ros.images.picture import Picture, Refusal, short
from lwrf_ros.images.picture_header import read_picture_header
from lwrf_ros.images.stored_format import read_format

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = ["ENCODINGS", "Picture", "Refusal", "check", "decode"]

_BGR, _MONO = LAYOUTS["bgr8"], LAYOUTS["mono8"]
_DEFAULTS = Parameters()


class Raw(Protocol):
    """The fields of a sensor_msgs/Image, of the message or as recorded; `data` are bytes."""

    @property
    def encoding(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def is_bigendian(self) -> int: ...
    @property
    def data(self) -> Any: ...


class Compressed(Protocol):
    """The fields of a sensor_msgs/CompressedImage, likewise."""

    @property
    def format(self) -> str: ...
    @property
    def data(self) -> Any: ...


class Damaged(Protocol):
    """Stand-in for a recorded image that cannot be decoded."""

    @property
    def reason(self) -> str: ...
    @property
    def detail(self) -> str: ...


def check(image: Raw | Compressed | Damaged, parameters: Parameters = _DEFAULTS) -> None:
    """Check an image by its description alone, without touching a pixel.

    Args:
        image: The image.
        parameters: How large it may be: max_pixels and max_bytes.

    Raises:
        Refusal: If it cannot be an image of an encoding known here, or is too large; or with what
            was found when it was read.
    """
    if _is_damaged(image):
        raise Refusal(image.reason, image.detail)
    size = len(image.data)
    if size > parameters.max_bytes:
        raise Refusal(
            "too_large",
            f"the message has {size} bytes of data; max_bytes allows {parameters.max_bytes}",
        )
    if _is_compressed(image):
        _check_compressed(image, parameters)
    else:
        _check_raw(image, parameters)


def decode(
    image: Raw | Compressed | Damaged,
    parameters: Parameters = _DEFAULTS,
    convert: Callable[[Any, str], NDArray[np.uint8] | None] = lambda image, target: None,
) -> Picture:
    """Return the picture of an image that `check` let pass.

    rgb8, bgr8 and mono8 are views of the image's own bytes, padding included; everything else is
    converted once. Colours of a compressed image are what its file says; a file of one channel
    holds the pixels of the encoding that the format names, a Bayer pattern for example.

    Args:
        image: The image.
        parameters: What its values mean: max_value_16bit.
        convert: A library that converts an image to an encoding, or says None to what it does not
            know; the table of `encodings` serves then, with the same result. It is not asked about
            values of 16 bits.

    Raises:
        Refusal: If the content cannot be decoded.
    """
    if _is_damaged(image):
        raise Refusal(image.reason, image.detail)
    if _is_compressed(image):
        return _decompress(image, parameters)
    layout = LAYOUTS[image.encoding]
    pixels = _view(image, layout)
    if layout.dtype == U1:
        if layout.conversion is None:
            return Picture(pixels, layout.target)
        # cv_bridge misreads some padded rows without a word.
        converted = convert(image, layout.target) if pixels.flags.c_contiguous else None
        if converted is not None:
            return Picture(converted, layout.target)
    return to_picture(pixels, layout, parameters.max_value_16bit)


def _is_damaged(image: Raw | Compressed | Damaged) -> TypeIs[Damaged]:
    return hasattr(image, "reason")


def _is_compressed(image: Raw | Compressed) -> TypeIs[Compressed]:
    return hasattr(image, "format")


def _check_raw(image: Raw, parameters: Parameters) -> None:
    width, height, step = image.width, image.height, image.step
    name = image.encoding
    if not width or not height or not len(image.data):
        raise Refusal(
            "empty",
            f"the image is {width}x{height} with {len(image.data)} bytes; wanted pixels",
        )
    layout = layout_of(name, f"the encoding is {short(name)}")
    check_pixels(width, height, name, parameters.max_pixels)
    check_sides(name, width, height)
    row_bytes = width * layout.channels * layout.dtype.itemsize
    if step < row_bytes:
        raise Refusal(
            "step", f"step is {step} bytes; a row of {width} {name} pixels has {row_bytes}"
        )
    rows = height * layout.rows // 2
    needed = step * (rows - 1) + row_bytes
    if len(image.data) < needed:
        raise Refusal(
            "data",
            f"the data is {len(image.data)} bytes; {rows} rows of step {step} need {needed}",
        )


def _view(image: Raw, layout: Layout) -> NDArray[Any]:
    """Return the image's bytes as ``(rows, W)`` or ``(rows, W, channels)``, without a copy."""
    shape: tuple[int, ...] = (image.height * layout.rows // 2, image.width)
    strides: tuple[int, ...] = (image.step, layout.channels * layout.dtype.itemsize)
    if layout.channels > 1:
        shape, strides = (*shape, layout.channels), (*strides, layout.dtype.itemsize)
    dtype = layout.dtype.newbyteorder(">" if image.is_bigendian else "<")
    return np.ndarray(shape, dtype, buffer=memoryview(image.data), strides=strides)


def _check_compressed(image: Compressed, parameters: Parameters) -> None:
    if not len(image.data):
        raise Refusal("empty", "the message has no data; wanted a JPEG or PNG image")
    said, quoted = read_format(image.format), short(image.format)
    if said.is_depth:
        raise Refusal(
            "encoding", f"the format is {quoted}, a depth image; wanted a JPEG or PNG picture"
        )
    for encoding in (said.recorded, said.stored):
        # A pattern or numbers that are not known would be shown as if they were grey.
        if is_numbers(encoding) or (encoding.startswith("bayer") and encoding not in LAYOUTS):
            layout_of(encoding, f"the format is {quoted}, of {short(encoding)}")
    header = read_picture_header(image.data)
    if header is None and said.other_kind:
        raise Refusal(
            "encoding", f"the format is {quoted}, not known here; wanted a JPEG or PNG image"
        )
    if header is None:
        raise Refusal("decode", f"{_described(image)} is no whole JPEG or PNG image")
    check_pixels(header.width, header.height, header.kind, parameters.max_pixels)


def _decompress(image: Compressed, parameters: Parameters) -> Picture:
    try:
        pixels = decode_encoded(image.data)
    except Refusal as refusal:
        raise Refusal(
            refusal.reason, f"{_described(image)} cannot be decoded: {refusal}"
        ) from refusal
    stored = read_format(image.format).stored
    layout = LAYOUTS.get(stored, _MONO) if pixels.ndim == 2 else _BGR
    if layout.channels > 1 and pixels.ndim == 2:
        layout = _MONO
    elif layout.conversion is not None:
        rows, width = pixels.shape
        if rows * 2 % layout.rows:
            raise Refusal("size", f"a {stored} image has {rows} rows; wanted whole planes")
        check_sides(stored, width, rows * 2 // layout.rows)
    if layout.conversion is None and pixels.dtype != U2:
        return Picture(pixels, layout.target)
    return to_picture(pixels, layout, parameters.max_value_16bit)


def _described(image: Compressed) -> str:
    return f"the compressed image (format {short(image.format)}, {len(image.data)} bytes)"
