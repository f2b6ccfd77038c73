# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The camera of a measurement over DDS: a few images in memory, sent at a rate; run as a process.

Arguments: topic, width and height in pixels, number of messages, messages a second, and reliable
(the default) or best_effort.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lwrf_ros.memory import keep_freed_memory
from lwrf_ros.processes.player import PlayOptions, play_frames
from lwrf_ros.recordings import Frame, FrameSource, RawImage

IMAGES = 4
WAIT_S = 60.0


class StillImages(FrameSource):
    """Images that are repeated: nothing is read or decoded between two messages.

    Args:
        width: Pixels in a row.
        height: Rows.
        count: Number of frames.
        rate_hz: Frames a second.
    """

    description = "images in memory"
    compressed = False
    has_stamps = False

    def __init__(self, width: int, height: int, count: int, rate_hz: float) -> None:
        self.count = self._count = count
        self.rate_hz = self._rate_hz = rate_hz
        self._images = [
            RawImage("rgb8", width, height, 3 * width, False, pattern(width, height, k).reshape(-1))
            for k in range(IMAGES)
        ]

    def __iter__(self) -> Iterator[Frame]:
        """Repeat the images."""
        for number in range(self._count):
            time_ns = round(number * 1e9 / self._rate_hz)
            yield Frame(time_ns, time_ns, "camera", self._images[number % IMAGES])


def pattern(width: int, height: int, number: int) -> npt.NDArray[np.uint8]:
    """Draw slopes of colour that differ by number: ``(height, width, 3) uint8`` RGB."""
    y, x = np.ogrid[:height, :width]
    channels = [x + 60 * number + 0 * y, y + 0 * x, x + y]
    return np.stack(channels, axis=-1).astype(np.uint8)


def main() -> None:
    """Publish as the arguments say, once somebody listens."""
    keep_freed_memory()
    topic, rate_hz = sys.argv[1], float(sys.argv[5])
    width, height, count = (int(argument) for argument in sys.argv[2:5])
    source = StillImages(width, height, count, rate_hz)
    reliable = "best_effort" not in sys.argv[6:]
    options = PlayOptions(input="", topic=topic, wait_s=WAIT_S, reliable=reliable)
    print(play_frames(source, options), flush=True)


if __name__ == "__main__":
    main()
