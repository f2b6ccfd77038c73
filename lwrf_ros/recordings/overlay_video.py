# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The overlay as a video whose rate is known only when the last frame is there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import numpy.typing as npt

from lwrf_ros.drawing.pictures import draw_banner
from lwrf_ros.errors import LwrfError
from lwrf_ros.terminal.progress import progress_bar

FALLBACK_RATE_HZ = 10.0
# Players show nothing sensible outside of this.
SLOWEST_HZ, FASTEST_HZ = 0.1, 240.0
JPEG_QUALITY = 95
_LENGTH = struct.Struct("<I")


class VideoError(LwrfError):
    """The video cannot be written."""


class OverlayVideo:
    """Collects frames on disk, and makes them a video at their mean rate.

    A video file wants its rate first. So the frames wait as JPEGs in one file beside it, which
    keeps memory constant and leaves something to rescue if the process is killed.

    Args:
        path: The video to write, ending in ``.mp4``.
        note: Sentence for a banner in every frame, None for no banner.
    """

    def __init__(self, path: Path, note: str | None) -> None:
        self._path = path
        self._note = note
        self._spool_path = path.with_suffix(".jpegs.partial")
        self._spool: BinaryIO = self._spool_path.open("w+b")
        self._size: tuple[int, int] | None = None
        self._first_ns = self._last_ns = 0
        self.frames = 0

    @property
    def rate_hz(self) -> float:
        """Mean rate of the stamps, or FALLBACK_RATE_HZ where they do not grow."""
        duration_s = (self._last_ns - self._first_ns) * 1e-9
        if self.frames < 2 or duration_s <= 0.0:
            return FALLBACK_RATE_HZ
        return min(FASTEST_HZ, max(SLOWEST_HZ, (self.frames - 1) / duration_s))

    def add(self, frame_bgr: npt.NDArray[np.uint8], stamp_ns: int) -> None:
        """Append one frame.

        Args:
            frame_bgr: ``(H, W, 3) uint8`` BGR; not kept. The first one gives the video's size.
            stamp_ns: Stamp of its header, nanoseconds.
        """
        _, data = cv2.imencode(".jpg", frame_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        self._spool.write(_LENGTH.pack(data.size))
        self._spool.write(data.tobytes())
        if self._size is None:
            height, width = frame_bgr.shape[:2]
            # The codec stores colour for every second pixel and drops an odd column or row.
            self._size = (max(2, width - width % 2), max(2, height - height % 2))
            self._first_ns = stamp_ns
        self._last_ns = stamp_ns
        self.frames += 1

    def finish(self) -> Path | None:
        """Write the video and remove the collected frames.

        Returns:
            The video's path, or None if there was no frame.

        Raises:
            VideoError: This OpenCV cannot write the format.
        """
        with self._spool:
            if self._size is not None:
                self._encode(self._size)
        self._spool_path.unlink()
        return self._path if self._size is not None else None

    def _encode(self, size: tuple[int, int]) -> None:
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(self._path), codec, round(self.rate_hz, 3), size)
        if not writer.isOpened():
            raise VideoError(
                f"this OpenCV ({cv2.__version__}) cannot write {self._path} (codec mp4v); install "
                f"an OpenCV with FFmpeg; the frames are kept as JPEGs in {self._spool_path}"
            )
        frames = progress_bar(self._path.name, self.frames, self._collected(), in_logs=False)
        for frame in frames:
            fitted = _fit(frame, size)
            if self._note:
                draw_banner(fitted, self._note)
            writer.write(fitted)
        writer.release()

    def _collected(self) -> Iterator[npt.NDArray[np.uint8]]:
        self._spool.seek(0)
        while header := self._spool.read(_LENGTH.size):
            (length,) = _LENGTH.unpack(header)
            data = np.frombuffer(self._spool.read(length), np.uint8)
            yield np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def _fit(frame: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Crop one odd row or column; scale a frame of another size into the video, with black bars."""
    width, height = size
    frame_height, frame_width = frame.shape[:2]
    if 0 <= frame_width - width <= 1 and 0 <= frame_height - height <= 1:
        return np.ascontiguousarray(frame[:height, :width])
    scale = min(width / frame_width, height / frame_height)
    scaled = cv2.resize(
        frame, (max(1, round(frame_width * scale)), max(1, round(frame_height * scale)))
    )[:height, :width]
    fitted = np.zeros((height, width, 3), np.uint8)
    top, left = (height - scaled.shape[0]) // 2, (width - scaled.shape[1]) // 2
    fitted[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return fitted
