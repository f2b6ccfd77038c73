# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Confidence that means something: reliability, calibration error, and the temperature's fit.

After Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (ICML 2017).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from lwrf_ros.classes.class_table import UNLABELLED

# As many as in the paper's figures and tables.
BINS = 15
LEVELS = 256
# Outside, a network says next to nothing or everything, and the fit has run away.
MIN_TEMPERATURE = 0.05
MAX_TEMPERATURE = 20.0
_TOLERANCE = 1e-6
_MAX_STEPS = 100
# Rows of samples that are turned to float64 at once.
_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Bins:
    """Pixels sorted by their confidence into M bins of equal width; NaN where a bin is empty.

    Attributes:
        confidence: ``(M,) float64``, mean confidence, 0..1.
        accuracy: ``(M,) float64``, fraction of the pixels whose label is right.
        share: ``(M,) float64``, fraction of all pixels.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    share: NDArray[np.float64]


class Reliability:
    """Counts how often pixels of each confidence are right (Guo et al. 2017, section 2).

    Left out are pixels without a truth (255) and those whose label was withdrawn (255), because
    nothing is claimed of them.

    Attributes:
        counts: ``(256,) int64``, pixels by confidence.
        hits: ``(256,) int64``, those of them whose label is right.
    """

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(LEVELS, dtype=np.int64)
        self.hits: NDArray[np.int64] = np.zeros(LEVELS, dtype=np.int64)

    def add(
        self,
        confidence: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        truth: NDArray[np.uint8],
    ) -> None:
        """Count the pixels of an image.

        Args:
            confidence: ``(H, W) uint8``, 0..255 for a probability of 0..1, as the node publishes.
            labels: ``(H, W) uint8`` class indices.
            truth: ``(H, W) uint8`` class indices.
        """
        claimed = (truth != UNLABELLED) & (labels != UNLABELLED)
        right = claimed & (labels == truth)
        self.counts += np.bincount(confidence[claimed], minlength=LEVELS)
        self.hits += np.bincount(confidence[right], minlength=LEVELS)

    def bins(self, count: int = BINS) -> Bins:
        """Sort what was counted into bins.

        Args:
            count: Number of bins M; bin m holds the probabilities above m / M up to (m + 1) / M,
                and the first one 0 as well.
        """
        level = np.arange(LEVELS)
        # In whole numbers, so that a level on an edge falls where it belongs.
        place = np.maximum(-(-level * count // (LEVELS - 1)) - 1, 0)
        pixels = np.bincount(place, self.counts, count)
        hits = np.bincount(place, self.hits, count)
        claimed = np.bincount(place, self.counts * (level / (LEVELS - 1)), count)
        blank = np.full(count, np.nan)
        return Bins(
            confidence=np.divide(claimed, pixels, out=blank.copy(), where=pixels > 0),
            accuracy=np.divide(hits, pixels, out=blank, where=pixels > 0),
            share=pixels / max(1, self.counts.sum()),
        )

    def ece(self, count: int = BINS) -> float:
        """Return the expected calibration error (Guo et al. 2017, equation 3), 0..1.

        It is the mean of ``|accuracy - confidence|`` over the bins, weighted by their pixels; NaN
        without pixels.
        """
        if not self.counts.any():
            return float("nan")
        bins = self.bins(count)
        return float(np.nansum(bins.share * np.abs(bins.accuracy - bins.confidence)))


def upsample(logits: NDArray[np.float32], size: tuple[int, int]) -> Tensor:
    """Bring logits to an image's size as the engine does: bilinear, half-pixel centres.

    Args:
        logits: ``(C, h, w) float32``, what the network gave.
        size: ``(H, W)`` of the image.

    Returns:
        ``(C, H, W)`` float32, on the CPU.
    """
    whole = torch.from_numpy(logits).unsqueeze(0)
    return interpolate(whole, size=size, mode="bilinear", align_corners=False)[0]


class Trial:
    """Confidence at one temperature, and how good it is.

    Args:
        temperature: What the logits are divided by.
    """

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        self.reliability = Reliability()
        self.pixels = 0
        self._sum = 0.0

    def add(self, scores: Tensor, truth: NDArray[np.uint8]) -> None:
        """Count an image.

        Args:
            scores: ``(C, H, W)`` logits at the image's size, see `upsample`.
            truth: ``(H, W) uint8`` class indices, 255 for pixels to leave out.
        """
        logs = torch.log_softmax(scores / self.temperature, dim=0)
        best, labels = logs.max(dim=0)
        confidence = best.exp().mul(255).round().to(torch.uint8).numpy()
        self.reliability.add(confidence, labels.to(torch.uint8).numpy(), truth)
        known = torch.from_numpy(truth != UNLABELLED)
        wanted = torch.from_numpy(truth.astype(np.int64))[known]
        said = logs[:, known].gather(0, wanted.unsqueeze(0))
        self._sum -= float(said.sum(dtype=torch.float64))
        self.pixels += len(wanted)

    def nll(self) -> float:
        """Return the mean negative log likelihood of the truth, nats a pixel; NaN without any."""
        return self._sum / self.pixels if self.pixels else float("nan")


@dataclass(frozen=True, eq=False)
class Samples:
    """Pixels to fit a temperature to.

    Attributes:
        scores: ``(N, C) float32`` logits at the image's size.
        truth: ``(N,) int64`` class indices.
    """

    scores: NDArray[np.float32]
    truth: NDArray[np.int64]


def draw_samples(
    scores: Tensor, truth: NDArray[np.uint8], most: int, random: np.random.Generator
) -> Samples:
    """Draw pixels of an image that have a truth, each at most once.

    Args:
        scores: ``(C, H, W)`` logits at the image's size, see `upsample`.
        truth: ``(H, W) uint8`` class indices, 255 for pixels to leave out.
        most: How many to draw, if there are as many.
        random: Gives the places; with the same seed and images they are the same.
    """
    known = np.flatnonzero(truth != UNLABELLED)
    places = random.choice(known, size=min(most, known.size), replace=False, shuffle=False)
    drawn = scores.flatten(1)[:, torch.from_numpy(places)].T.contiguous()
    return Samples(drawn.numpy(), truth.ravel()[places].astype(np.int64))


def fit_temperature(samples: Iterable[Samples]) -> float:
    """Find the temperature at which the truth is most likely (Guo et al. 2017, section 4.2).

    Minimised is the mean negative log likelihood of ``softmax(scores / T)``. It is convex in
    ``1 / T`` (a sum of log-sum-exp and linear terms), so Newton's steps, halved into the bracket
    where they leave it, find the only minimum. Labels do not change: the order of the logits
    stays.

    Args:
        samples: At least one pixel altogether; all are held in memory.

    Returns:
        The temperature, MIN_TEMPERATURE to MAX_TEMPERATURE. A limit means that the minimum is
        beyond it: the lower one where everything is right, so that no confidence is too high.

    Raises:
        ValueError: If there is no pixel.
    """
    parts = [one for one in samples if one.truth.size]
    if not parts:
        raise ValueError("there is no pixel to fit a temperature to")
    scores = np.concatenate([one.scores for one in parts])
    truth = np.concatenate([one.truth for one in parts])
    low, high = 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE
    inverse = 1.0
    for _ in range(_MAX_STEPS):
        slope, curvature = _derivatives(scores, truth, inverse)
        if slope > 0:
            high = inverse
        else:
            low = inverse
        step = slope / curvature if curvature > 0 else float("inf")
        following = inverse - step
        if not low < following < high:
            following = (low * high) ** 0.5
        done = abs(following - inverse) <= _TOLERANCE * inverse
        inverse = following
        if done:
            break
    return min(max(1 / inverse, MIN_TEMPERATURE), MAX_TEMPERATURE)


def _derivatives(
    scores: NDArray[np.float32], truth: NDArray[np.int64], inverse: float
) -> tuple[float, float]:
    """Return the first and second derivative of the mean likelihood loss by 1 / T, in float64.

    With p = softmax(z / T): the first is the mean of ``E_p[z] - z_truth``, the second that of
    ``Var_p[z]``.
    """
    slope = curvature = 0.0
    for start in range(0, len(truth), _CHUNK):
        z = scores[start : start + _CHUNK].astype(np.float64)
        # Both derivatives stay the same when a pixel's logits are shifted together.
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z * inverse)
        p /= p.sum(axis=1, keepdims=True)
        mean = (p * z).sum(axis=1)
        at_truth = z[np.arange(len(z)), truth[start : start + _CHUNK]]
        slope += float((mean - at_truth).sum())
        curvature += float((p * (z - mean[:, None]) ** 2).sum())
    return slope / len(truth), curvature / len(truth)
