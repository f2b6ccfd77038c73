# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which frames of a replay are worth a look first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.replay.report.reading import CameraRun

COUNT = 8
# Of a flicker that goes on, one frame is enough.
_APART = 3
_NAMED = 3


@dataclass(frozen=True)
class WorstFrame:
    """A frame to look at.

    Attributes:
        place: Its place among the frames with labels.
        text: Why.
    """

    place: int
    text: str


def largest_changes(camera: CameraRun, class_names: list[str]) -> list[WorstFrame]:
    """Return the frames at which most of the picture changed its class.

    The measure is half the sum of the changes of all shares: the part of the image that must have
    another class than in the frame before.

    Args:
        camera: The camera.
        class_names: C + 1 names, unlabelled last.

    Returns:
        At most `COUNT`, the largest change first.
    """
    if len(camera.coverage) < 2:
        return []
    changes = np.diff(camera.coverage, axis=0)
    moved = np.abs(changes).sum(axis=1) / 2.0
    return [
        WorstFrame(step + 1, f"{moved[step]:.1%} changed: {_movers(changes[step], class_names)}")
        for step in _largest(moved)
    ]


def least_equal(equal: NDArray[np.float64]) -> list[WorstFrame]:
    """Return the frames that have changed most since an earlier replay.

    Args:
        equal: ``(m,)`` share of pixels with the same label as then, NaN where there was no such
            frame.

    Returns:
        At most `COUNT`, the most changed one first.
    """
    changed = np.nan_to_num(1.0 - equal, nan=0.0)
    return [
        WorstFrame(place, f"{changed[place]:.2%} of the pixels have another class")
        for place in _largest(changed)
    ]


def _largest(values: NDArray[np.float64]) -> list[int]:
    """Return the places of the largest values, none next to another and none of a zero."""
    chosen: list[int] = []
    for place in np.argsort(-values, kind="stable"):
        if len(chosen) == COUNT or values[place] <= 0.0:
            break
        if all(abs(int(place) - other) > _APART for other in chosen):
            chosen.append(int(place))
    return chosen


def _movers(change: NDArray[np.float64], class_names: list[str]) -> str:
    order = np.argsort(-np.abs(change), kind="stable")[:_NAMED]
    return ", ".join(f"{class_names[i]} {100 * change[i]:+.1f}" for i in order if change[i])
