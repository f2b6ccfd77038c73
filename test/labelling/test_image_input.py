# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Pixels become the tensor that a teacher wants; all values worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lwrf_ros.labelling.description import RANGES, Description, read_normalisation
from lwrf_ros.labelling.errors import LabelError, TeacherError
from lwrf_ros.labelling.image_input import ImageInput
from lwrf_ros.labelling.model import InputTensor

FILE = Path("teacher.onnx")
PIXEL = np.array([[[255, 0, 51]]], dtype=np.uint8)


def image_input(
    shape: tuple[int | None, ...] = (1, 3, 4, 4),
    dtype: Any = np.float32,
    quantised: tuple[float, int] = (0.0, 0),
    pixels: str | None = "0..255",
    **said: Any,
) -> ImageInput:
    tensor = InputTensor("image", shape, np.dtype(dtype), *quantised)
    normalisation = None if pixels is None else read_normalisation(pixels)
    return ImageInput(tensor, Description(FILE, normalisation, **said))


@pytest.mark.parametrize(
    ("pixels", "wanted"),
    [
        ("0..255", (255, 0, 51)),
        ("0..1", (1, 0, 0.2)),
        ("+-1", (1, -1, -0.6)),
        # (255 - 123.675) / 58.395, (0 - 116.28) / 57.12, (51 - 103.53) / 57.375
        ("imagenet", (2.24891, -2.03571, -0.91556)),
        ("5,10,1/50,5,10", (5, -2, 5)),
    ],
)
def test_range(pixels: str, wanted: tuple[float, ...]) -> None:
    tensor = image_input(pixels=pixels).tensor(PIXEL)
    assert tensor.dtype == np.float32
    assert tensor.shape == (1, 3, 4, 4)
    np.testing.assert_allclose(tensor[0, :, 2, 1], wanted, atol=1e-5)


def test_order_and_layout() -> None:
    # The mean is red, green, blue whatever the order.
    swapped = image_input(pixels="5,10,1/50,5,10", order="bgr").tensor(PIXEL)
    np.testing.assert_allclose(swapped[0, :, 0, 0], (5, -2, 5)[::-1])
    last = image_input((1, 4, 6, 3), order="bgr").tensor(PIXEL)
    assert last.shape == (1, 4, 6, 3)
    np.testing.assert_array_equal(last[0, 3, 5], (51, 0, 255))


def test_integers() -> None:
    for pixels in (None, "0..255"):
        as_they_are = image_input(dtype=np.uint8, quantised=(1 / 128, 128), pixels=pixels)
        np.testing.assert_array_equal(as_they_are.tensor(PIXEL)[0, :, 0, 0], PIXEL[0, 0])
    # -0.6 * 128 + 128 = 51.2; 1 * 128 + 128 is one too much for 8 bits.
    unsigned = image_input(dtype=np.uint8, quantised=(1 / 128, 128), pixels="+-1")
    np.testing.assert_array_equal(unsigned.tensor(PIXEL)[0, :, 0, 0], (255, 0, 51))
    # 0.2 / (1 / 256) - 128 = -76.8
    signed = image_input(dtype=np.int8, quantised=(1 / 256, -128), pixels="0..1")
    np.testing.assert_array_equal(signed.tensor(PIXEL)[0, :, 0, 0], (127, -128, -77))
    half = image_input(dtype=np.float16, pixels="0..1").tensor(PIXEL)
    assert half.dtype == np.float16


def test_stretched_by_half_pixel_centres() -> None:
    image = np.repeat(np.array([[0], [100]], dtype=np.uint8)[..., None], 3, axis=2)
    # Rows 0..3 lie at -0.25, 0.25, 0.75 and 1.25 of the image's rows.
    tensor = image_input().tensor(image)
    np.testing.assert_array_equal(tensor[0, 0], np.repeat([[0], [25], [75], [100]], 4, axis=1))


def test_shrunk_by_the_mean_of_what_a_pixel_covers() -> None:
    image = np.zeros((4, 4, 3), dtype=np.uint8)
    image[0, 0], image[2:, 2:] = 200, 40
    tensor = image_input((1, 3, 2, 2)).tensor(image)
    np.testing.assert_array_equal(tensor[0, 1], [[50, 0], [0, 40]])


def test_padded_on_the_right_and_below() -> None:
    wide = np.full((2, 4, 3), 9, dtype=np.uint8)
    padded = image_input((1, 3, 8, 8), fit="pad")
    assert padded.fitted(2, 4) == (4, 8)
    tensor = padded.tensor(wide)
    assert (tensor[0, :, :4] == 9).all()
    assert (tensor[0, :, 4:] == 127).all()
    assert padded.fitted(80, 20, scale=0.5) == (4, 1)
    smaller = image_input((1, 3, 8, 8)).tensor(wide, scale=0.5)
    assert (smaller[0, :, :4, :4] == 9).all()
    assert (smaller[0] == 127).sum() == 3 * (64 - 16)


@pytest.mark.parametrize(
    ("shape", "size", "wanted"),
    [
        ((1, 3, None, None), (6, 5), (1, 3, 6, 5)),
        ((None, None, None, 3), (6, 5), (1, 6, 5, 3)),
        ((None, None, None, None), (6, 5), (1, 3, 6, 5)),
        ((1, 3, 6, 5), (6, 5), (1, 3, 6, 5)),
    ],
)
def test_free_axes(
    shape: tuple[int | None, ...], size: tuple[int, int], wanted: tuple[int, ...]
) -> None:
    assert image_input(shape, size=size).tensor(PIXEL).shape == wanted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (1, 1, 8, 8)}, r"takes \(1, 1, 8, 8\); wanted one colour image"),
        ({"shape": (4, 3, 8, 8)}, r"takes \(4, 3, 8, 8\); wanted one colour image"),
        ({"shape": (1, 3, 8, 3)}, "wanted one colour image"),
        ({"shape": (1, 3, None, 8)}, r"any size \(\(1, 3, any, 8\)\); .* --size 512x512"),
        ({"size": (5, 4)}, "which 4x5 is not; leave --size out"),
        ({"pixels": None}, "takes float32, and what range .* --range: 0..255, 0..1"),
        ({"pixels": None, "dtype": np.int8}, "takes int8, and what range"),
        ({"pixels": "0..1", "dtype": np.uint8}, "stands for no real numbers; leave --range out"),
    ],
)
def test_what_cannot_be_made(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TeacherError, match=message) as error:
        image_input(**arguments)
    assert str(error.value).startswith("teacher.onnx takes")


@pytest.mark.parametrize("text", ["0-1", "1,2,3", "1,2/3,4", "1,2,3/1,0,1", "nan,0,0/1,1,1", ""])
def test_unknown_ranges(text: str) -> None:
    with pytest.raises(LabelError, match=r"wanted 0..255, 0..1, \+-1, imagenet, or R,G,B/R,G,B"):
        read_normalisation(text)


def test_imagenet_is_what_torchvision_says_in_units_of_1() -> None:
    mean, std = RANGES["imagenet"]
    np.testing.assert_allclose(np.divide(mean, 255), (0.485, 0.456, 0.406))
    np.testing.assert_allclose(np.divide(std, 255), (0.229, 0.224, 0.225))
