# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Calibration against values that were worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lwrf_ros.evaluation.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    Reliability,
    Samples,
    Trial,
    draw_samples,
    fit_temperature,
    upsample,
)

NO = 255


def row(*values: int) -> np.ndarray:
    return np.array([values], dtype=np.uint8)


def claims(odds: float, right: int, wrong: int, factor: float = 1.0) -> Samples:
    """Two classes; the first is given odds to 1, with the logits then stretched by a factor."""
    scores = np.tile(np.array([factor * math.log(odds), 0.0], np.float32), (right + wrong, 1))
    return Samples(scores, np.array([0] * right + [1] * wrong, dtype=np.int64))


# ---- reliability


def test_bins_and_error_by_hand() -> None:
    reliability = Reliability()
    # 51 is a probability of 0.2, 204 of 0.8. Of the first four pixels one counts for nothing.
    reliability.add(row(51, 51, 51, 51), row(0, 1, 1, 1), row(0, 0, 0, NO))
    reliability.add(row(204, 204, 204, 255, 255), row(1, 1, 1, 2, NO), row(1, 1, 1, 2, 0))
    bins = reliability.bins(5)
    # Of 7 pixels 3 say 0.2 and 1 is right; 3 say 0.8 and all are; 1 says 1 and is.
    nan = math.nan
    np.testing.assert_allclose(bins.confidence, [0.2, nan, nan, 0.8, 1])
    np.testing.assert_allclose(bins.accuracy, [1 / 3, nan, nan, 1, 1])
    np.testing.assert_allclose(bins.share, [3 / 7, 0, 0, 3 / 7, 1 / 7])
    assert reliability.ece(5) == pytest.approx(3 / 7 * (1 / 3 - 0.2) + 3 / 7 * 0.2)


def test_levels_fall_into_bins_that_are_closed_above() -> None:
    reliability = Reliability()
    # 15 bins of 17 levels: 17 / 255 is 1 / 15, the end of the first bin.
    reliability.add(row(0, 1, 17, 18, 238, 239, 255), row(*[0] * 7), row(*[0] * 7))
    share = reliability.bins().share
    assert np.flatnonzero(share).tolist() == [0, 1, 13, 14]
    np.testing.assert_allclose(share[[0, 1, 13, 14]], np.array([3, 1, 1, 2]) / 7)


def test_one_bin_compares_the_means() -> None:
    reliability = Reliability()
    reliability.add(row(255, 0), row(0, 0), row(1, 0))
    # Sure and wrong, unsure and right: by two bins nothing fits, by one everything.
    assert reliability.ece(2) == pytest.approx(1.0)
    assert reliability.ece(1) == pytest.approx(0.0)


def test_no_pixels_no_error() -> None:
    reliability = Reliability()
    reliability.add(row(200, 100), row(0, NO), row(NO, 0))
    assert math.isnan(reliability.ece())
    assert reliability.bins().share.sum() == 0


# ---- one temperature


def scores_of(*odds: tuple[float, ...]) -> torch.Tensor:
    """Logits ``(C, 1, N)`` whose softmax is as these odds, a pixel each."""
    return torch.tensor(odds).log().T.unsqueeze(1).contiguous()


def test_trial_by_hand() -> None:
    scores = scores_of((3, 1), (1, 9), (1, 9))
    trial = Trial(1.0)
    trial.add(scores, row(0, 1, NO))
    trial.add(scores, row(1, NO, NO))
    assert trial.pixels == 3
    assert trial.nll() == pytest.approx(-(math.log(3 / 4) + math.log(9 / 10) + math.log(1 / 4)) / 3)
    levels = {191: 2, 230: 1}  # 0.75 * 255 = 191.25, 0.9 * 255 = 229.5 to even
    assert {int(i): int(trial.reliability.counts[i]) for i in levels} == levels
    assert trial.reliability.hits[[191, 230]].tolist() == [1, 1]


def test_trial_at_another_temperature() -> None:
    # Odds of 9 and 81 become 3 and 9.
    trial = Trial(2.0)
    trial.add(scores_of((9, 1), (1, 81)), row(0, 0))
    assert trial.nll() == pytest.approx(-(math.log(3 / 4) + math.log(1 / 10)) / 2)


def test_trial_without_pixels() -> None:
    trial = Trial(1.0)
    trial.add(scores_of((3, 1)), row(NO))
    assert math.isnan(trial.nll())


def test_upsampling_has_its_centres_at_halves() -> None:
    logits = np.array([[[0.0, 4.0]]], dtype=np.float32)
    np.testing.assert_allclose(upsample(logits, (1, 4))[0, 0], [0, 1, 3, 4])


# ---- the fit


def test_calibrated_logits_keep_their_temperature() -> None:
    assert fit_temperature([claims(3, 3, 1), claims(9, 9, 1)]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("factor", [0.2, 0.9, 2.5, 10.0])
def test_a_known_factor_is_found(factor: float) -> None:
    samples = [claims(3, 300, 100, factor), claims(9, 90, 10, factor), claims(1, 5, 5, factor)]
    assert fit_temperature(samples) == pytest.approx(factor, rel=1e-4)


def test_the_fit_is_the_least_loss() -> None:
    random = np.random.default_rng(5)
    scores = random.normal(0, 4, (2000, 6)).astype(np.float32)
    noisy = scores + random.normal(0, 3, scores.shape)
    truth = noisy.argmax(axis=1)

    def loss(temperature: float) -> float:
        trial = Trial(temperature)
        trial.add(torch.from_numpy(scores).T.unsqueeze(1), truth.astype(np.uint8)[None])
        return trial.nll()

    found = fit_temperature([Samples(scores, truth)])
    assert 1.2 < found < 10
    assert loss(found) < min(loss(found * 0.99), loss(found * 1.01), loss(1.0))


def test_many_pixels_are_worked_through_in_parts() -> None:
    assert fit_temperature([claims(3, 60_000, 20_000, 2.0)] * 2) == pytest.approx(2.0, rel=1e-4)


def test_minima_beyond_the_limits() -> None:
    assert fit_temperature([claims(3, 10, 0)]) == pytest.approx(MIN_TEMPERATURE, rel=1e-4)
    assert fit_temperature([claims(3, 0, 10)]) == pytest.approx(MAX_TEMPERATURE, rel=1e-4)
    # Equal logits say nothing at any temperature.
    assert MIN_TEMPERATURE <= fit_temperature([claims(1, 3, 2)]) <= MAX_TEMPERATURE


def test_large_logits_stay_finite() -> None:
    huge = claims(3, 3, 1)
    shifted = Samples(huge.scores + np.float32(1e4), huge.truth)
    assert fit_temperature([shifted]) == pytest.approx(1.0, rel=1e-2)


def test_nothing_to_fit_to() -> None:
    with pytest.raises(ValueError, match="no pixel"):
        fit_temperature([claims(3, 0, 0)])


# ---- the pixels of the fit


def test_drawn_pixels_have_a_truth_and_their_own_logits() -> None:
    truth = np.full((6, 8), NO, dtype=np.uint8)
    truth[2:5, 3:7] = np.arange(12).reshape(3, 4)
    scores = torch.arange(48.0).reshape(1, 6, 8) * torch.tensor([1.0, 100.0]).view(2, 1, 1)
    drawn = draw_samples(scores, truth, 7, np.random.default_rng(3))
    assert drawn.scores.shape == (7, 2)
    assert drawn.scores.dtype == np.float32
    places = drawn.scores[:, 0].astype(int)
    assert len(set(places)) == 7
    np.testing.assert_array_equal(drawn.scores[:, 1], 100 * places)
    np.testing.assert_array_equal(truth.ravel()[places], drawn.truth)
    again = draw_samples(scores, truth, 7, np.random.default_rng(3))
    np.testing.assert_array_equal(again.scores, drawn.scores)
    assert len(draw_samples(scores, truth, 99, np.random.default_rng(3)).truth) == 12


def test_an_image_without_truth_gives_no_pixels() -> None:
    drawn = draw_samples(
        torch.zeros(2, 3, 3), np.full((3, 3), NO, np.uint8), 5, np.random.default_rng(0)
    )
    assert drawn.scores.shape == (0, 2)
