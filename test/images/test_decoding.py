# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the field ``format`` of a CompressedImage says is read whole, and its pixels by it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.images.decoding import Picture, Refusal, check, decode
from lwrf_ros.recordings import CompressedImage, open_frames
from lwrf_ros.recordings.frame import RawImage

DEFAULTS = Parameters()
RED, GREEN, BLUE = (200, 30, 40), (20, 180, 60), (50, 70, 220)


def mosaic(colour: tuple[int, int, int], pattern: str, dtype: type = np.uint8) -> NDArray:
    """A plane of one colour seen through a Bayer pattern; every pixel's colour is then known."""
    values = {"r": colour[0], "g": colour[1], "b": colour[2]}
    scale = 257 if dtype is np.uint16 else 1
    tile = np.array([[values[name] * scale for name in row] for row in (pattern[:2], pattern[2:])])
    return np.tile(tile, (8, 8)).astype(dtype)


def file_of(kind: str, pixels: NDArray) -> bytes:
    # 100: a mosaic is all edges, which the usual quality blurs.
    return cv2.imencode(f".{kind}", pixels, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()


def decoded(form: str, data: bytes, parameters: Parameters = DEFAULTS) -> Picture:
    image = CompressedImage(form, np.frombuffer(data, np.uint8))
    check(image, parameters)
    return decode(image, parameters)


def refused(form: str, data: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decoded(form, data)
    return caught.value


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
@pytest.mark.parametrize("colour", [RED, GREEN, BLUE])
@pytest.mark.parametrize(
    ("form", "kind", "dtype", "tolerance"),
    [
        ("bayer_{}8; png compressed ", "png", np.uint8, 0),
        ("bayer_{}8; jpeg compressed ", "jpg", np.uint8, 8),
        ("bayer_{}8;png compressed", "png", np.uint8, 0),
        ("bayer_{}16; png compressed ", "png", np.uint16, 1),
    ],
)
def test_a_bayer_pattern_in_a_file_has_its_colours(
    pattern: str,
    colour: tuple[int, int, int],
    form: str,
    kind: str,
    dtype: type,
    tolerance: int,
) -> None:
    picture = decoded(form.format(pattern), file_of(kind, mosaic(colour, pattern, dtype)))
    assert picture.encoding == "rgb8"
    # The outermost pixels have fewer neighbours than a pattern wants.
    inside = picture.array[2:-2, 2:-2].astype(int)
    assert abs(inside - colour).max() <= tolerance


def test_what_was_demosaiced_before_is_not_demosaiced_again() -> None:
    bgr = np.full((16, 16, 3), RED[::-1], np.uint8)
    for form in ("bayer_rggb8; png compressed bgr8", "bayer_rggb8; png compressed "):
        picture = decoded(form, file_of("png", bgr))
        assert picture.encoding == "bgr8"
        np.testing.assert_array_equal(picture.array, bgr)
    grey = mosaic(RED, "rggb")
    for form in ("bayer_rggb8; png compressed mono8", "rgb8; png compressed mono8", "png", ""):
        picture = decoded(form, file_of("png", grey))
        assert picture.encoding == "mono8"
        np.testing.assert_array_equal(picture.array, grey)


def test_planes_of_luminance_and_colour_in_a_file() -> None:
    planes = np.full((24, 16), 128, np.uint8)
    planes[:16] = 200
    picture = decoded("nv12; png compressed ", file_of("png", planes))
    assert picture.array.shape == (16, 16, 3)
    # 1.164 * (200 - 16), without colour.
    assert abs(picture.array.astype(int) - 214).max() <= 1
    assert refused("nv12; png compressed ", file_of("png", planes[:23])).reason == "size"


@pytest.mark.parametrize("form", ["bayer_rggb8; png compressed ", "bayer_gbrg16; png compressed "])
def test_odd_sides_of_pairs_are_refused(form: str) -> None:
    dtype = np.uint16 if "16" in form else np.uint8
    refusal = refused(form, file_of("png", np.zeros((16, 15), dtype)))
    assert (refusal.reason, "15x16; wanted even sides" in str(refusal)) == ("size", True)


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ("16UC1; png compressed ", "'16UC1', depth or numbers"),
        ("32FC1; jpeg compressed mono8", "'32FC1', depth or numbers"),
        ("16SC1; png compressed 16SC1", "'16SC1', depth or numbers"),
        ("16UC3; png compressed ", "'16UC3', depth or numbers"),
        ("16UC1; compressedDepth png", "a depth image"),
        ("bayer_rggb12; png compressed ", "'bayer_rggb12', not known here"),
    ],
)
def test_numbers_in_a_file_are_refused_as_raw_ones_are(form: str, named: str) -> None:
    refusal = refused(form, file_of("png", np.full((16, 16), 4000, np.uint16)))
    assert refusal.reason == "encoding"
    assert named in str(refusal)


@pytest.mark.parametrize(
    "form", ["h264", "H265", "hevc", "nv12", "av1", "rgb8; webp compressed", "bgr8"]
)
def test_other_formats_are_refused_by_their_name(form: str) -> None:
    refusal = refused(form, b"\0\0\0\1\x67" + bytes(40))
    assert refusal.reason == "encoding"
    assert f"the format is {form!r}, not known here" in str(refusal)


@pytest.mark.parametrize("form", ["jpeg", "JPG", "png", "", "bgr8; jpeg compressed bgr8", "mjpeg"])
def test_bytes_that_are_not_what_the_format_names_are_damaged(form: str) -> None:
    assert refused(form, b"\0\0\0\1\x67" + bytes(40)).reason == "decode"


def test_the_largest_value_of_16_bits_is_the_limits() -> None:
    values = np.array([[0, 1000, 4095, 60000]], np.uint16).repeat(4, axis=0)
    limits = Parameters(max_value_16bit=4095)
    raw = RawImage("mono16", 4, 4, 8, False, values.view(np.uint8).reshape(-1))
    check(raw, limits)
    # 1000 of 4095 is 62.3 of 255; what is above the largest is white.
    wanted = [0, 62, 255, 255]
    for picture in (
        decode(raw, limits),
        decoded("mono16; png compressed ", file_of("png", values), limits),
        decoded("png", file_of("png", values), limits),
    ):
        assert (picture.encoding, picture.largest) == ("mono8", 60000)
        assert picture.array.tolist() == [wanted] * 4
    assert decode(raw).array[0].tolist() == [0, 4, 16, 233]
    pattern = np.full((16, 16), 1000, np.uint16)
    bayer = RawImage("bayer_rggb16", 16, 16, 32, False, pattern.view(np.uint8).reshape(-1))
    assert (decode(bayer, limits).array == 62).all()


def test_shared_bags_of_bayer(shared_cases: Path) -> None:
    seen = {}
    for name in ("bayer_raw", "bayer_png"):
        with open_frames(shared_cases / f"bags/{name}") as source:
            frame = next(iter(source))
        check(frame.image)
        seen[name] = decode(frame.image)
    assert seen["bayer_png"].encoding == "rgb8"
    np.testing.assert_array_equal(seen["bayer_png"].array, seen["bayer_raw"].array)
