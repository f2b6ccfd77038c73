# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The numbers in masks, whatever their form: as stored, or refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from png_files import COLOURS, COLOURS_ALPHA, GREY_ALPHA, PALETTE, exif, png

from lwrf_ros.datasets.stored_mask import MaskError, read_stored

# What programs write beside the pixels: none of it changes a stored number.
PARTS = [
    (b"gAMA", (45455).to_bytes(4, "big")),
    (b"cHRM", bytes(32)),
    (b"sRGB", b"\0"),
    (b"pHYs", bytes(9)),
    (b"tEXt", b"Software\0a labelling tool"),
]


def numbers(bits: int) -> np.ndarray:
    """Every number of so many bits, at most 256 of them, the largest among them."""
    count = min(2**bits, 256)
    values = np.arange(count)
    values[-1] = 2**bits - 1
    return np.resize(values, (16, 18))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_numbers_of_any_depth_are_those_stored(bits: int, interlaced: bool) -> None:
    stored = read_stored(png(numbers(bits), bits, parts=PARTS, interlaced=interlaced))
    np.testing.assert_array_equal(stored.values, numbers(bits))
    assert stored.values.dtype == (np.uint16 if bits == 16 else np.uint8)
    assert len(stored.palette) == 0
    assert not stored.in_colours


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_indices_into_a_palette_are_those_stored(bits: int) -> None:
    palette = [(255 - index, 7, index) for index in range(2**bits)]
    see_through = (b"tRNS", b"\0")  # the first colour, for overlays
    data = png(numbers(bits), bits, PALETTE, palette, [*PARTS, see_through])
    stored = read_stored(data)
    np.testing.assert_array_equal(stored.values, numbers(bits))
    assert stored.palette.tolist() == [list(colour) for colour in palette]


def test_a_number_that_is_marked_as_see_through_is_a_number() -> None:
    data = png(numbers(8), parts=[(b"tRNS", b"\0\1")])
    np.testing.assert_array_equal(read_stored(data).values, numbers(8))


@pytest.mark.parametrize(("kind", "channels"), [(COLOURS, 3), (COLOURS_ALPHA, 4)])
def test_colours_are_those_stored(kind: int, channels: int) -> None:
    colours = np.random.default_rng(1).integers(0, 256, (5, 7, channels))
    colours[..., 3:] = 255
    stored = read_stored(png(colours, kind=kind, parts=PARTS))
    assert stored.in_colours
    np.testing.assert_array_equal(stored.values, colours[..., :3])


def test_numbers_beside_opacity() -> None:
    values = np.stack([numbers(8), np.full((16, 18), 255)], axis=-1)
    np.testing.assert_array_equal(read_stored(png(values, kind=GREY_ALPHA)).values, numbers(8))


@pytest.mark.parametrize(("kind", "channels"), [(GREY_ALPHA, 2), (COLOURS_ALPHA, 4)])
def test_what_is_see_through_is_refused_with_its_place(kind: int, channels: int) -> None:
    values = np.full((4, 6, channels), 255)
    values[2, 5, -1] = 254
    values[3, 0, -1] = 0
    with pytest.raises(MaskError, match=r"see-through \(2 pixels, the first at x 5, y 2\)"):
        read_stored(png(values, kind=kind))


@pytest.mark.parametrize(("kind", "channels"), [(COLOURS, 3), (GREY_ALPHA, 2), (COLOURS_ALPHA, 4)])
def test_what_libraries_would_round_is_refused(kind: int, channels: int) -> None:
    with pytest.raises(MaskError, match="has 16 bits a channel in colours or"):
        read_stored(png(np.full((4, 6, channels), 65535), 16, kind))


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, [[0, 1, 2], [3, 4, 5]]),
        (3, [[5, 4, 3], [2, 1, 0]]),
        (6, [[3, 0], [4, 1], [5, 2]]),
        (8, [[2, 5], [1, 4], [0, 3]]),
    ],
)
def test_exif_turns_numbers(orientation: int, turned: list[list[int]]) -> None:
    values = np.arange(6).reshape(2, 3)
    part = (b"eXIf", exif(orientation))
    for data in (png(values, 4, parts=[part]), png(values, 4, behind=[part])):
        stored = read_stored(data)
        assert stored.orientation == orientation
        assert stored.values.tolist() == turned
    assert read_stored(png(values)).orientation == 0


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("JPEG", "is a JPEG file, whatever it is called: JPEG changes the values of pixels"),
        ("GIF", "is a GIF file, whatever it is called; wanted a PNG"),
        ("BMP", "is a BMP file"),
        ("TIFF", "is a TIFF file"),
        ("WEBP", "is a WebP file"),
    ],
)
def test_other_formats_are_refused_by_name(form: str, said: str) -> None:
    data = io.BytesIO()
    Image.new("L", (20, 10)).save(data, form)
    with pytest.raises(MaskError, match=said) as caught:
        read_stored(data.getvalue())
    assert caught.value.reason == ("lossy" if form == "JPEG" else "no PNG")


@pytest.mark.parametrize("data", [b"", b"<html>no mask</html>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(MaskError, match="cannot be read as an image"):
        read_stored(data)


def test_no_damage_goes_unnoticed() -> None:
    """Bytes that are wrong or missing: there are checksums, of which Pillow looks at few."""
    sound = png(np.random.default_rng(0).integers(0, 16, (12, 20)), 4)
    random = np.random.default_rng(1)
    for position in range(len(sound)):
        damaged = bytearray(sound)
        damaged[position] ^= int(random.integers(1, 256))
        for data in (bytes(damaged), sound[:position]):
            with pytest.raises(MaskError) as caught:
                read_stored(data)
            assert caught.value.reason == "unreadable"
