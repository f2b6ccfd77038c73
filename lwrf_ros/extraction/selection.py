# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which frames of a recording are worth an image: by number, by time, by what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# Small enough that noise and JPEG blocks average out, large enough that a person walking by shows.
THUMBNAIL_PX = (32, 24)


class Selection:
    """Decides frame by frame; each frame is shown to it once, in order.

    Args:
        every: Take each Nth frame.
        every_s: Take a frame every so many seconds instead; None for `every`.
        different: Least mean difference of the thumbnails, in grey levels of 255; None for any.
    """

    def __init__(
        self, every: int = 1, every_s: float | None = None, different: float | None = None
    ) -> None:
        self._every = every
        self._every_ns = None if every_s is None else max(1, round(every_s * 1e9))
        self._different = different
        self._start_ns: int | None = None
        self._slot: int | None = None
        self._kept: npt.NDArray[np.float32] | None = None

    def is_due(self, index: int, time_ns: int) -> bool:
        """Tell whether a frame is selected by its place or its time.

        Args:
            index: Place in the recording, from 0.
            time_ns: Its time in nanoseconds; may run backwards, as where a bag was looped.
        """
        if self._every_ns is None:
            return index % self._every == 0
        if self._start_ns is None:
            self._start_ns = time_ns
        # A fixed grid: counted from the last frame taken, a camera's jitter would add up.
        slot = (time_ns - self._start_ns) // self._every_ns
        due = slot != self._slot
        self._slot = slot
        return due

    def is_new(self, pixels: npt.NDArray[np.uint8]) -> bool:
        """Tell whether a frame shows something else than the last for which this was true.

        Args:
            pixels: ``(H, W, 3)`` or ``(H, W) uint8``; the order of the channels does not matter
                as long as it stays.
        """
        if self._different is None:
            return True
        small = cv2.resize(np.ascontiguousarray(pixels), THUMBNAIL_PX, interpolation=cv2.INTER_AREA)
        thumbnail = small.reshape(*small.shape[:2], -1).mean(axis=2, dtype=np.float32)
        if self._kept is not None and np.abs(thumbnail - self._kept).mean() < self._different:
            return False
        self._kept = thumbnail
        return True
