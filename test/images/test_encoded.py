# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whole or not at all: JPEG and PNG files that are cut, corrupt, or only filled up."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lwrf_ros.images.encoded import decode_encoded
from lwrf_ros.images.picture import Refusal

# Hard to compress, so that every part of the file holds pixels.
NOISE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def file_of(kind: str, pixels: Any = NOISE, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture = pixels if isinstance(pixels, PIL.Image.Image) else PIL.Image.fromarray(pixels)
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


FORMS = {
    "JPEG": file_of("JPEG", quality=90),
    "progressive": file_of("JPEG", quality=90, progressive=True),
    "grey": file_of("JPEG", NOISE[:, :, 0], quality=90),
    "print": file_of("JPEG", PIL.Image.fromarray(NOISE).convert("CMYK"), quality=90),
    "PNG": file_of("PNG"),
}


def reason(data: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        decode_encoded(data)
    return caught.value.reason


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_a_file_that_is_cut_is_refused_with_an_end_or_without(form: str, end: bytes) -> None:
    data = FORMS[form]
    assert decode_encoded(data).shape[:2] == (48, 64)
    for kept in (0.3, 0.5, 0.9, 0.97):
        assert reason(data[: int(len(data) * kept)] + end) == "decode"


@pytest.mark.parametrize("form", ["JPEG", "grey", "print", "PNG"])
def test_a_hole_is_refused(form: str) -> None:
    data = FORMS[form]
    half = len(data) // 2
    assert reason(data[:half] + bytes(300) + data[half + 300 :]) == "decode"


@pytest.mark.parametrize("form", ["JPEG", "progressive", "grey"])
def test_the_pixels_are_those_of_opencv(form: str) -> None:
    flags = cv2.IMREAD_GRAYSCALE if form == "grey" else cv2.IMREAD_COLOR
    expected = cv2.imdecode(np.frombuffer(FORMS[form], np.uint8), flags)
    np.testing.assert_array_equal(decode_encoded(FORMS[form]), expected)


def test_colours_of_print_become_those_of_light() -> None:
    red = PIL.Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixels = decode_encoded(file_of("JPEG", red, quality=95)).astype(int)
    assert abs(pixels - (0, 0, 255)).max() <= 8


@pytest.mark.parametrize("filling", [b"\0" * 700, b"\xff" * 61, b"\x55" * 64])
def test_what_a_camera_fills_up_with_before_the_end_does_no_harm(filling: bytes) -> None:
    data = FORMS["JPEG"]
    expected = decode_encoded(data)
    np.testing.assert_array_equal(decode_encoded(data[:-2] + filling + b"\xff\xd9"), expected)
    np.testing.assert_array_equal(decode_encoded(data + filling), expected)


def test_filling_does_not_hide_what_is_missing() -> None:
    data = FORMS["JPEG"]
    assert reason(data[: len(data) // 2] + bytes(500) + b"\xff\xd9") == "decode"


@given(data=st.binary(min_size=1))
def test_no_picture_is_refused(data: bytes) -> None:
    assert reason(data) == "decode"


def test_values_of_16_bits_and_grey_stay_what_they_are() -> None:
    values = np.random.default_rng(1).integers(0, 65536, (6, 8, 4), dtype=np.uint16)
    for shown in (values[:, :, 0], values[:, :, :3], values):
        read = decode_encoded(cv2.imencode(".png", shown)[1].tobytes())
        assert read.dtype == np.uint16
        np.testing.assert_array_equal(read, shown[..., :3] if shown.ndim == 3 else shown)
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    np.testing.assert_array_equal(decode_encoded(file_of("PNG", grey)), grey)
    with_alpha = PIL.Image.fromarray(np.dstack([grey, 255 - grey]), "LA")
    np.testing.assert_array_equal(decode_encoded(file_of("PNG", with_alpha)), grey)
