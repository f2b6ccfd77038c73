# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Postprocessing: labels, confidence and counts by hand and against NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from oracle import stretched
from torch import Tensor

from lwrf_ros.segmentation.postprocess import COUNT_BINS, Scratch, label_image


class Result(NamedTuple):
    labels: NDArray[np.uint8]
    counts: NDArray[np.float64]
    confidence: NDArray[np.uint8] | None


def run(
    logits: Tensor,
    size: tuple[int, int],
    confidence: bool = True,
    min_confidence: float = 0.0,
    temperature: float = 1.0,
) -> Result:
    """Run it into memory that still holds something else."""
    labels = torch.full(size, 77, dtype=torch.uint8)
    counts = torch.full((COUNT_BINS,), 7.0, dtype=torch.float64)
    certainty = torch.full(size, 77, dtype=torch.uint8) if confidence else None
    scratch = Scratch(len(logits), size, logits.device)
    scratch.scores.fill_(7.0)
    label_image(logits, labels, counts, certainty, min_confidence, temperature, scratch)
    return Result(labels.numpy(), counts.numpy(), None if certainty is None else certainty.numpy())


def logits_of(*values: list[float]) -> Tensor:
    """Return ``(C, 1, w)`` logits from one row a class."""
    return torch.tensor(values)[:, None, :]


def test_by_hand() -> None:
    # Probabilities 3/4 and 1/4; then 1/10 and 9/10.
    logits = torch.tensor([[3.0, 1.0], [1.0, 9.0]]).log()[:, None, :]
    got = run(logits, (1, 2))
    assert got.labels.tolist() == [[0, 1]]
    assert got.confidence is not None
    assert got.confidence.tolist() == [[191, 230]]  # 191.25, 229.5 rounds to even or up
    assert got.counts[:3].tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("which", [0, 1])
def test_scores_that_are_no_numbers_leave_their_pixels_unlabelled(value: float, which: int) -> None:
    logits = torch.zeros(2, 2, 2)
    logits[1] = 3.0
    logits[which, 0, 0] = value
    got = run(logits, (4, 4))
    # All that the upper left score has a part in, be it with no weight.
    broken = np.zeros((4, 4), dtype=bool)
    broken[:3, :3] = True
    np.testing.assert_array_equal(got.labels, np.where(broken, 255, 1))
    # 1 / (1 + exp(-3)) is 0.953.
    np.testing.assert_array_equal(got.confidence, np.where(broken, 0, 243))
    assert (got.counts[1], got.counts[255], got.counts[256] > 0) == (7.0, 9.0, True)
    assert got.counts[:256].sum() == 16.0


def test_logits_are_stretched_before_the_choice() -> None:
    # Class 0 falls from 4 to 0 and class 1 rises from 0 to 2: they meet at 2/3 of the way.
    got = run(logits_of([4.0, 0.0], [0.0, 2.0]), (1, 16))
    # Pixel x lies at (x + 0.5) / 8 - 0.5, held within 0 and 1; the change is between x 8 and 9.
    assert got.labels.tolist() == [[0] * 9 + [1] * 7]


def test_confidence_is_of_the_stretched_logits_not_stretched_itself() -> None:
    got = run(logits_of([8.0, -8.0], [-8.0, 8.0]), (1, 4))
    # At 1/4 of the way the logits are 4 and -4: 1 / (1 + exp(-8)) is 0.99966, or 254.9. Stretched
    # probabilities would give 0.75.
    assert got.confidence is not None
    assert got.confidence.tolist() == [[255, 255, 255, 255]]


@pytest.mark.parametrize(
    ("temperature", "confidence"),
    # The odds of 9 to 1 become their root, 3 to 1, their square, 81 to 1, and so on: for 100,
    # 9 ** 0.01 is 1.0222, which makes 1.0222 / 2.0222 or 128.9 of 255.
    [(2.0, 191), (0.5, 252), (0.01, 255), (100.0, 129)],
)
def test_the_temperature_by_hand(temperature: float, confidence: int) -> None:
    logits = torch.tensor([[9.0, 1.0], [1.0, 9.0]]).log()[:, None, :]
    got = run(logits, (1, 2), temperature=temperature)
    assert got.labels.tolist() == [[0, 1]]
    assert got.confidence is not None
    assert got.confidence.tolist() == [[confidence, confidence]]


@pytest.mark.parametrize(
    ("temperature", "labels"), [(1.0, [0, 255]), (2.0, [255, 255]), (0.5, [0, 1])]
)
def test_the_threshold_goes_by_the_temperature(temperature: float, labels: list[int]) -> None:
    # Odds of 4 to 1 and 3 to 2, so 0.8 and 0.6; at 2, 0.67 and 0.55; at 0.5, 0.94 and 0.69.
    logits = torch.tensor([[4.0, 2.0], [1.0, 3.0]]).log()[:, None, :]
    got = run(logits, (1, 2), False, 0.68, temperature)
    assert got.labels.tolist() == [labels]


def test_nothing_is_scaled_that_nobody_asked_for() -> None:
    logits = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(4))
    scratch = Scratch(3, (4, 4), logits.device)
    labels, counts = torch.empty(4, 4, dtype=torch.uint8), torch.empty(257, dtype=torch.float64)
    label_image(logits, labels, counts, None, 0.0, 2.0, scratch)
    assert torch.equal(scratch.scores[0], logits)


@pytest.mark.parametrize("temperature", [0.01, 1 / 3, 1.7, 100.0])
def test_no_temperature_changes_a_label(temperature: float) -> None:
    # Halves, so that many pixels have two best classes.
    logits = torch.randn(11, 12, 16, generator=torch.Generator().manual_seed(3)).mul(2).round() / 2
    plain, scaled = run(logits, (48, 64)), run(logits, (48, 64), temperature=temperature)
    np.testing.assert_array_equal(plain.labels, scaled.labels)
    np.testing.assert_array_equal(plain.counts, scaled.counts)


@pytest.mark.parametrize("size", [(6, 8), (24, 32), (23, 31), (5, 3)])
@pytest.mark.parametrize("classes", [1, 2, 11, 255])
def test_against_numpy(size: tuple[int, int], classes: int) -> None:
    generator = np.random.default_rng(classes)
    logits = generator.normal(0, 3, (classes, 6, 8)).astype(np.float32)
    scores = stretched(logits.astype(np.float64), size)
    probability = 1 / np.exp(scores - scores.max(axis=0)).sum(axis=0)
    got = run(torch.from_numpy(logits), size)
    np.testing.assert_array_equal(got.labels, scores.argmax(axis=0))
    assert got.confidence is not None
    assert np.abs(got.confidence - 255 * probability).max() <= 0.501
    np.testing.assert_array_equal(got.counts, np.bincount(got.labels.ravel(), minlength=COUNT_BINS))


def test_one_class_is_certain() -> None:
    got = run(torch.zeros(1, 2, 2), (3, 3))
    assert got.confidence is not None
    assert set(got.confidence.ravel()) == {255}


def test_unlikely_pixels_become_unlabelled_and_are_counted_as_such() -> None:
    # Probabilities of the label: 0.75, 0.6, 0.9, 0.5.
    logits = torch.tensor([[3.0, 4.0, 1.0, 5.0], [1.0, 6.0, 9.0, 5.0]]).log()[:, None, :]
    got = run(logits, (1, 4), min_confidence=0.7)
    assert got.labels.tolist() == [[0, 255, 1, 255]]
    assert got.counts[[0, 1, 255]].tolist() == [1.0, 1.0, 2.0]
    assert got.counts.sum() == 4
    # Confidence is that of the class that was not sure enough.
    assert got.confidence is not None
    assert got.confidence.tolist() == [[191, 153, 230, 128]]


def test_without_confidence_the_threshold_still_holds() -> None:
    logits = torch.tensor([[3.0, 4.0], [1.0, 6.0]]).log()[:, None, :]
    assert run(logits, (1, 2), confidence=False, min_confidence=0.7).labels.tolist() == [[0, 255]]
    assert run(logits, (1, 2), confidence=False).labels.tolist() == [[0, 1]]


@pytest.mark.parametrize("offset", [1e4, -1e4])
@pytest.mark.parametrize(("temperature", "confidence"), [(1.0, 191), (0.01, 255)])
def test_large_logits_do_not_overflow(offset: float, temperature: float, confidence: int) -> None:
    logits = torch.tensor([3.0, 1.0]).log()[:, None, None] + offset
    got = run(logits, (1, 1), temperature=temperature)
    assert got.confidence is not None
    assert abs(int(got.confidence[0, 0]) - confidence) <= 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_stretched_in_float32(dtype: torch.dtype) -> None:
    logits = torch.randn(5, 6, 8, generator=torch.Generator().manual_seed(1)).to(dtype)
    half, full = run(logits, (24, 32)), run(logits.float(), (24, 32))
    np.testing.assert_array_equal(half.labels, full.labels)
    np.testing.assert_array_equal(half.confidence, full.confidence)


def test_the_logits_are_left_alone() -> None:
    logits = torch.randn(3, 4, 4)
    before = logits.clone()
    run(logits, (4, 4), min_confidence=0.5)
    assert torch.equal(logits, before)


def test_logits_in_channels_last() -> None:
    logits = torch.randn(2, 5, 6, 8, generator=torch.Generator().manual_seed(2))
    turned = logits.contiguous(memory_format=torch.channels_last)
    for one, other in zip(logits, turned, strict=True):
        np.testing.assert_array_equal(run(one, (20, 20)).labels, run(other, (20, 20)).labels)
