# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Preprocessing: values by the formula in float64, geometry by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lwrf_ros.segmentation.preprocess import Normalisation

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)


def apply(
    image: NDArray[np.uint8],
    encoding: str = "rgb8",
    size: tuple[int, int] | None = None,
    dtype: torch.dtype = torch.float32,
    mean: tuple[float, float, float] = MEAN,
    std: tuple[float, float, float] = STD,
) -> NDArray[np.float64]:
    """Run it into a batch's slot, channels last, and return ``(3, h, w)``."""
    out = torch.full((1, 3, *(size or image.shape[:2])), float("nan"), dtype=dtype)
    out = out.contiguous(memory_format=torch.channels_last)
    Normalisation(mean, std, torch.device("cpu")).apply(torch.from_numpy(image), encoding, out[0])
    return out[0].double().numpy()


def test_by_hand() -> None:
    image = np.array([[[255, 0, 51]]], dtype=np.uint8)
    out = apply(image, mean=(0.5, 0.5, 0.1), std=(0.5, 0.25, 0.1))
    assert out.flatten() == pytest.approx([1.0, -2.0, 1.0], abs=1e-6)


def test_every_value_of_every_channel_as_in_float64() -> None:
    image = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    wanted = (image / 255 - np.array(MEAN)) / np.array(STD)
    np.testing.assert_allclose(apply(image), wanted.transpose(2, 0, 1), rtol=1e-6, atol=1e-6)


def test_bgr8_is_rgb8_with_the_channels_turned() -> None:
    image = noise(5, 7, 3)
    turned = np.ascontiguousarray(image[:, :, ::-1])
    np.testing.assert_array_equal(apply(turned, "bgr8"), apply(image))
    assert not np.array_equal(apply(turned), apply(image))


def test_mono8_is_the_same_grey_in_all_channels() -> None:
    grey = noise(5, 7, 1)
    np.testing.assert_array_equal(apply(grey, "mono8"), apply(np.repeat(grey, 3, axis=2)))


@pytest.mark.parametrize("size", [(32, 40), (24, 61), (97, 129), (40, 50), (7, 200)])
@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "mono8"])
def test_geometry_is_opencvs_bilinear(size: tuple[int, int], encoding: str) -> None:
    image = noise(40, 50, 1 if encoding == "mono8" else 3)
    height, width = size
    resized = cv2.resize(image.astype(np.float64), (width, height), interpolation=cv2.INTER_LINEAR)
    resized = resized.reshape(height, width, -1)
    rgb = resized[:, :, ::-1] if encoding == "bgr8" else resized
    wanted = (rgb / 255 - np.array(MEAN)) / np.array(STD)
    got = apply(image, encoding, size)
    np.testing.assert_allclose(got, wanted.transpose(2, 0, 1), atol=2e-4)


def test_centres_lie_at_halves() -> None:
    image = np.array([[[0, 0, 0], [200, 200, 200]]], dtype=np.uint8)
    out = apply(image, size=(1, 4), mean=(0, 0, 0), std=(1, 1, 1))
    # Aligned corners would give 0, 1/3, 2/3, 1.
    assert out[0, 0] * 255 == pytest.approx([0, 50, 150, 200], abs=1e-4)


def test_shrinking_does_not_smooth() -> None:
    image = np.zeros((1, 8, 3), dtype=np.uint8)
    image[:, 1:3] = 200
    # Every fourth pair of pixels is looked at: 1 and 2, 5 and 6.
    out = apply(image, size=(1, 2), mean=(0, 0, 0), std=(1, 1, 1))
    assert out[0, 0] * 255 == pytest.approx([200, 0], abs=1e-4)


@pytest.mark.parametrize(("dtype", "rounding"), [(torch.float16, 2**-11), (torch.bfloat16, 2**-8)])
def test_the_output_decides_the_precision(dtype: torch.dtype, rounding: float) -> None:
    image = noise(9, 9, 3)
    np.testing.assert_allclose(apply(image, dtype=dtype), apply(image), rtol=rounding, atol=1e-6)


def test_the_image_is_left_alone() -> None:
    image = noise(9, 9, 3)
    before = image.copy()
    apply(image, size=(5, 5))
    np.testing.assert_array_equal(image, before)
