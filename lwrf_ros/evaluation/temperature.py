# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Finds the temperature of a network on labelled images, and whether it is worth having."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from lwrf_ros.datasets.dataset import Pair, read_image, read_truth
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.calibration import Samples, Trial, draw_samples, fit_temperature, upsample
from lwrf_ros.segmentation import Segmenter

# Pixels that the fit sees: of a frame, and altogether times classes (200 MB of float32).
MOST_OF_A_FRAME = 4096
MOST_NUMBERS = 50_000_000
SEED = 0


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibration, measured on every pixel that has a ground truth.

    Attributes:
        before: At the temperature that the weights had.
        after: At the one fitted to all frames, on those same frames.
        held_out: Each half of the frames at the temperature fitted to the other half.
    """

    before: Trial
    after: Trial
    held_out: tuple[Trial, Trial]

    @property
    def held_out_nll(self) -> float:
        """Negative log likelihood of the held-out halves, nats a pixel."""
        pixels = sum(trial.pixels for trial in self.held_out)
        return sum(trial.nll() * trial.pixels for trial in self.held_out) / pixels

    @property
    def held_out_ece(self) -> float:
        """Expected calibration error of the held-out halves together."""
        first, second = (trial.reliability for trial in self.held_out)
        both = type(first)()
        both.counts += first.counts + second.counts
        both.hits += first.hits + second.hits
        return both.ece()

    @property
    def helps(self) -> bool:
        """Whether both figures fall on frames that the temperature was not fitted to."""
        return (
            self.held_out_ece < self.before.reliability.ece()
            and self.held_out_nll < self.before.nll()
        )


def calibrate(
    segmenter: Segmenter,
    temperature: float,
    pairs: Sequence[Pair],
    on_done: Callable[[], object] = lambda: None,
) -> Calibration:
    """Fit a temperature and measure what it does.

    The frames are halved in order, not at random: neighbours in a recording look alike, and a
    half that holds every second frame would be no test of the other.

    Args:
        segmenter: The engine.
        temperature: That the weights have now.
        pairs: The frames, at least two, in the order in which they were recorded.
        on_done: Called twice a frame, for a progress bar.

    Raises:
        LwrfError: If there are fewer frames, or a half has no pixel with a truth.
    """
    if len(pairs) < 2:
        raise LwrfError(
            "there is 1 frame; wanted at least 2, so that one half can test the temperature that "
            "was fitted to the other"
        )
    halves = (pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :])
    most = pixels_of_a_frame(len(pairs), len(segmenter.classes))
    random = np.random.default_rng(SEED)
    samples: list[list[Samples]] = []
    for half in halves:
        drawn: list[Samples] = []
        for pair in half:
            scores, truth = _look(segmenter, pair)
            drawn.append(draw_samples(scores, truth, most, random))
            on_done()
        if not any(one.truth.size for one in drawn):
            raise LwrfError(
                f"no pixel from {half[0].mask} to {half[-1].mask} has a truth; label some, or take "
                "these frames out"
            )
        samples.append(drawn)
    fitted = fit_temperature([*samples[0], *samples[1]])
    found = Calibration(
        before=Trial(temperature),
        after=Trial(fitted),
        held_out=(Trial(fit_temperature(samples[1])), Trial(fit_temperature(samples[0]))),
    )
    # All pixels are measured, which needs the temperatures first: the network runs again, because
    # the logits of a large data set would fill the memory.
    for half, held_out in zip(halves, found.held_out, strict=True):
        for pair in half:
            scores, truth = _look(segmenter, pair)
            for trial in (found.before, found.after, held_out):
                trial.add(scores, truth)
            on_done()
    return found


def pixels_of_a_frame(frames: int, classes: int) -> int:
    """Return how many pixels of each frame the fit sees at most."""
    return min(MOST_OF_A_FRAME, max(1, MOST_NUMBERS // (frames * classes)))


def _look(segmenter: Segmenter, pair: Pair) -> tuple[torch.Tensor, np.ndarray]:
    truth = read_truth(pair)
    height, width = truth.shape
    return upsample(segmenter.logits(read_image(pair.image)), (height, width)), truth
