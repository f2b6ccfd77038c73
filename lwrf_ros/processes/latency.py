# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Percentiles of a latency in constant memory."""

from __future__ import annotations

import random
from typing import TypedDict

import numpy as np

IMPLAUSIBLE_MS = 3_600_000.0


class LatencySummary(TypedDict):
    """Latency in milliseconds; None where nothing was measured."""

    count: int
    min: float | None
    p50: float | None
    p99: float | None
    max: float | None
    implausible: bool


class LatencySample:
    """A uniform sample of all latencies: exact up to its capacity, an estimate beyond.

    Args:
        capacity: Number of values to keep.
    """

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._values: list[float] = []
        self._count = 0
        self._min = float("inf")
        self._max = float("-inf")
        self._random = random.Random(0)

    def add(self, latency_ms: float) -> None:
        """Take one latency in milliseconds."""
        self._count += 1
        self._min = min(self._min, latency_ms)
        self._max = max(self._max, latency_ms)
        if len(self._values) < self._capacity:
            self._values.append(latency_ms)
        else:
            # Vitter's algorithm R: every value so far is kept with the same probability.
            place = self._random.randrange(self._count)
            if place < self._capacity:
                self._values[place] = latency_ms

    def summary(self) -> LatencySummary:
        """Return the percentiles.

        Returns:
            ``implausible`` is True if any latency was negative or above an hour: then the stamps
            are not of this clock (a recording played with its old stamps, a camera without time).
        """
        if not self._count:
            return LatencySummary(
                count=0, min=None, p50=None, p99=None, max=None, implausible=False
            )
        p50, p99 = np.percentile(self._values, [50, 99])
        return LatencySummary(
            count=self._count,
            min=round(self._min, 3),
            p50=round(float(p50), 3),
            p99=round(float(p99), 3),
            max=round(self._max, 3),
            implausible=self._min < 0.0 or self._max > IMPLAUSIBLE_MS,
        )
