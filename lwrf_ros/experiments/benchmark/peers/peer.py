# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Interface of a contestant: images in, labels and coverage out, with the time of each stage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

# In the order of a frame's way.
STAGES = ("copy", "preprocess", "network", "tail", "copy back")


class UnavailableError(Exception):
    """A contestant that cannot run here; the message says why and what to do."""


class Answer(NamedTuple):
    """A contestant's result for one image of H x W pixels.

    Attributes:
        labels: ``(H, W) uint8``, the class index of each pixel.
        coverage: ``(C,) float64``, the fraction of all pixels that each class holds.
    """

    labels: NDArray[np.uint8]
    coverage: NDArray[np.float64]


class Peer(Protocol):
    """A way to run the network.

    The constructor only looks whether everything is there and raises `UnavailableError` if not.
    """

    def prepare(self) -> None:
        """Do what is done once: load, compile, warm up."""

    def describe(self) -> str:
        """Say in words how it runs: backend, threads, what is around the network."""

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        """Label ``(H, W, 3) uint8`` RGB images; the answers are on the host when it returns."""

    def stages_ms(self) -> dict[str, float]:
        """Say where the time of the last call went, by name of `STAGES`, in milliseconds."""

    def close(self) -> None:
        """Give everything back."""


@runtime_checkable
class Overlapping(Protocol):
    """A contestant that can take the next images before it has handed out the last labels."""

    @property
    def overlaps(self) -> bool:
        """Whether it gains anything by that here."""

    def run_ahead(self, batches: Iterable[Sequence[NDArray[np.uint8]]]) -> None:
        """Label batches, submitting each before the one before is collected."""


class Stopwatch:
    """Laps between the stages of a call, on the host's clock."""

    def __init__(self) -> None:
        self.laps_ms: dict[str, float] = {}
        self._last = 0.0

    def start(self) -> None:
        """Begin a call."""
        self.laps_ms = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """End a stage; a stage that comes several times in a call is summed."""
        now = time.perf_counter()
        self.laps_ms[stage] = self.laps_ms.get(stage, 0.0) + (now - self._last) * 1e3
        self._last = now
