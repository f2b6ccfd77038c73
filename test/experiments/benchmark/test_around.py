# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is around the contestants' networks, on the CPU and (its arithmetic) on a GPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.frames import make_frames
from lwrf_ros.experiments.benchmark.peers.around import PREPROCESS, TAILS, Around
from lwrf_ros.experiments.benchmark.peers.on_gpu import After, Before


@pytest.fixture
def unstretched(setting: Setting) -> Setting:
    """A setting whose network takes images of their own size."""
    return replace(setting, case=replace(setting.case, input_size=setting.case.image_size))


@pytest.fixture
def as_float(setting: Setting) -> Setting:
    return replace(setting, case=replace(setting.case, precision="fp32"))


@pytest.mark.parametrize("name", PREPROCESS)
def test_every_value_is_normalised(unstretched: Setting, name: str) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[5, 7] = (255, 51, 102)
    out = np.empty((3, 48, 64), np.float32)
    PREPROCESS[name](unstretched)(image, out)
    # (1 - 0.5) / 0.25, (0.2 - 0.4) / 0.5, (0.4 - 0) / 1; and of black.
    np.testing.assert_allclose(out[:, 5, 7], (2.0, -0.4, 0.4), atol=1e-6)
    np.testing.assert_allclose(out[:, 0, 0], (-2.0, -0.8, 0.0), atol=1e-6)


@pytest.mark.parametrize("name", PREPROCESS)
def test_every_way_stretches_alike(setting: Setting, name: str) -> None:
    (image,) = make_frames(1, (48, 64))
    out = np.empty((3, 32, 64), np.float32)
    PREPROCESS[name](setting)(image, out)
    with torch.inference_mode():
        exact = Before(setting, torch.contiguous_format)(torch.from_numpy(image)[None])[0]
    # Bytes are rounded in between: half a step of 1/255 over the smallest deviation.
    assert np.abs(out - exact.numpy()).max() < 0.6 / 255 / 0.25


def hills() -> np.ndarray:
    """Logits of 8x16 cells: class 0 falls from the left, 2 rises to the right, 1 wins a corner."""
    across = np.linspace(0, 1, 16, dtype=np.float32)
    logits = np.stack([np.tile(1 - across, (8, 1)), np.zeros((8, 16)), np.tile(across, (8, 1))])
    logits[1, :2, :2] = 5
    return logits.astype(np.float32)


@pytest.mark.parametrize("name", TAILS)
def test_every_tail_labels_alike(setting: Setting, name: str) -> None:
    labels = TAILS[name](setting)(hills())
    assert labels.shape == (48, 64)
    assert labels.dtype == np.uint8
    # Symmetric: the middle between columns 31 and 32 is where the two are equal.
    assert (labels[20:, :32] == 0).all()
    assert (labels[20:, 32:] == 2).all()
    assert labels[0, 0] == 1
    with torch.inference_mode():
        on_gpu, _ = After(setting)(torch.from_numpy(hills())[None])
    np.testing.assert_array_equal(labels, on_gpu[0])


def test_coverage_is_counted(setting: Setting) -> None:
    around = Around(setting)
    logits = np.zeros((1, 3, 8, 16), np.float32)
    logits[0, 2] = 1
    ((labels, coverage),) = around.after(logits)
    assert (labels == 2).all()
    assert coverage.tolist() == [0, 0, 1]
    ((labels, coverage),) = around.after(hills()[None])
    assert coverage.sum() == pytest.approx(1)
    assert coverage[2] == pytest.approx((labels == 2).mean())


def test_a_batch_is_filled_in_order(setting: Setting) -> None:
    setting = replace(setting, case=replace(setting.case, batch=2))
    black, white = np.zeros((48, 64, 3), np.uint8), np.full((48, 64, 3), 255, np.uint8)
    batch = Around(setting).before([black, white])
    assert batch.shape == (2, 3, 32, 64)
    np.testing.assert_allclose(batch[:, 0, 3, 3], (-2.0, 2.0), atol=1e-6)


def test_on_a_gpu_the_precision_is_the_cases(on_gpu: Setting) -> None:
    with torch.inference_mode():
        batch = Before(on_gpu, torch.channels_last)(torch.zeros(2, 48, 64, 3, dtype=torch.uint8))
        assert batch.dtype == torch.float16
        assert batch.shape == (2, 3, 32, 64)
        assert batch.is_contiguous(memory_format=torch.channels_last)
        labels, counts = After(on_gpu)(torch.from_numpy(hills())[None].half())
    assert labels.dtype == torch.uint8
    assert counts.tolist() == [np.bincount(labels.flatten(), minlength=3).tolist()]
