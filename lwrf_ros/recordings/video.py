# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Frames of a video file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from lwrf_ros.recordings.faults import TRUNCATED_FILE, Faults
from lwrf_ros.recordings.frame import Frame, FrameError, FrameSource, RawImage

FRAME_ID = "camera_optical_frame"
# What is played when a container names no rate.
FALLBACK_RATE_HZ = 10.0


def bgr_image(pixels: np.ndarray) -> RawImage:
    """Describe an OpenCV image as a message would.

    Args:
        pixels: ``(H, W, 3) uint8`` BGR.

    Returns:
        The image with the encoding ``bgr8``; shares memory with `pixels` where that is contiguous.
    """
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels).reshape(-1)
    return RawImage("bgr8", width, height, width * 3, False, data)


class VideoFrames(FrameSource):
    """The frames of a video, at the rate that its container names."""

    compressed = False
    has_stamps = False

    def __init__(self, path: Path, faults: Faults | None = None) -> None:
        """Open a video.

        Args:
            path: A file that OpenCV can decode.
            faults: Where to note that it ends early, which OpenCV does not tell; None notes
                nothing.

        Raises:
            FrameError: OpenCV cannot open it.
        """
        self._path = path
        self._faults = faults
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise FrameError(
                f"{path} is not a video that OpenCV can open; give a video (avi, mp4, mkv, …), a "
                "ROS bag (a folder with metadata.yaml, .db3, .mcap, .bag) or a folder of images"
            )
        self.description = path.name
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        # Streams without an index report zero or a negative number.
        self.count = int(count) if count > 0 else None
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        sound = math.isfinite(rate_hz) and 0.0 < rate_hz <= 1000.0
        self.rate_hz: float = rate_hz if sound else FALLBACK_RATE_HZ

    def __iter__(self) -> Iterator[Frame]:
        """Decode the frames one by one."""
        index = 0
        while True:
            read, pixels = self._capture.read()
            if not read:
                break
            time_ns = round(index * 1e9 / self.rate_hz)
            yield Frame(time_ns, time_ns, FRAME_ID, bgr_image(pixels))
            index += 1
        # The number is often an estimate.
        if self._faults is not None and self.count and index < 0.98 * self.count - 1:
            self._faults.add(
                TRUNCATED_FILE, f"{self._path} has {index} frames, its header says {self.count}"
            )
        if index == 0:
            raise FrameError(
                f"{self._path} opens as a video but not one frame of it can be decoded; "
                "convert it to another codec, or give another recording"
            )

    def close(self) -> None:
        """Close the video."""
        self._capture.release()
