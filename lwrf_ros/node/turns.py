# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whose frames are next: evenly, and a camera that floods takes what the others leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lwrf_ros.node.camera import Camera

# A camera floods that has this many frames superseded for each one that is taken.
_FLOOD = 4
# It gets one turn in so many times the number of cameras all the same: others lose some percent
# to it at most, and it is never forgotten.
_PATIENCE = 2


class Turns:
    """Chooses the cameras that are served next; the caller holds their lock.

    Those that have waited longest come first, which gives each an even share, and all of its frames
    to a camera that asks for less. A camera that sends several times what it can get would still
    take as large a share as the others' last missing percent, so it comes after them; where all do,
    they are even again.

    Args:
        cameras: All cameras.
    """

    def __init__(self, cameras: Sequence[Camera]) -> None:
        self._cameras = cameras
        self._passed_over: Counter[Camera] = Counter()

    def next(self, most: int) -> list[Camera]:
        """Return at most so many of the cameras that have a frame waiting."""
        waiting = [camera for camera in self._cameras if camera.waiting_since_s is not None]
        waiting.sort(key=lambda camera: (self._yields(camera), camera.waiting_since_s))
        for camera in waiting[most:]:
            self._passed_over[camera] += 1
        for camera in waiting[:most]:
            self._passed_over[camera] = 0
        return waiting[:most]

    def _yields(self, camera: Camera) -> bool:
        patience = _PATIENCE * len(self._cameras)
        floods = camera.superseded_a_turn >= _FLOOD
        return floods and self._passed_over[camera] < patience
