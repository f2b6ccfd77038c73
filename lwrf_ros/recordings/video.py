# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Frames of a video file, each at its own time and upright, past those that are damaged."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.sidedata.sidedata import Type as SideData
from numpy.typing import NDArray

from lwrf_ros.recordings.faults import TRUNCATED_FILE, Faults
from lwrf_ros.recordings.frame import DamagedImage, Frame, FrameError, FrameSource, RawImage

FRAME_ID = "camera_optical_frame"
# What is played when a container names no rate.
FALLBACK_RATE_HZ = 10.0
_FASTEST_HZ = 1000.0
_NS = 1_000_000_000
# The upper left of the container's matrix, fixed-point numbers of 16 bits behind the point.
_MATRIX = struct.Struct("<9i")


class _Decoded(NamedTuple):
    """A frame of the video; ordered by time.

    Attributes:
        time_ns: Its time in the container, nanoseconds; None where it has none.
        image: What it shows, or why it shows nothing.
    """

    time_ns: int | None
    image: RawImage | DamagedImage


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
    """The frames of a video, at the times that its container names.

    A frame that cannot be decoded comes as a damaged one. In a video whose frames depend on those
    before them, so do the next ones up to the next that depends on none.
    """

    compressed = False
    has_stamps = False

    def __init__(self, path: Path, faults: Faults | None = None) -> None:
        """Open a video.

        Args:
            path: A file that FFmpeg can decode.
            faults: Where to note that it ends early; None notes nothing.

        Raises:
            FrameError: FFmpeg cannot open it, or it has no pictures.
        """
        self._path = path
        self._faults = faults
        try:
            # Names and titles in whatever character set are of no interest.
            self._container = av.open(str(path), metadata_errors="ignore")
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise FrameError(_not_a_video(path)) from error
        if not self._container.streams.video:
            self._container.close()
            raise FrameError(_not_a_video(path))
        self._stream: Any = self._container.streams.video[0]
        # What the decoder would patch up is an error.
        self._stream.codec_context.options = {"err_detect": "crccheck+bitstream+buffer+explode"}
        self.description = path.name
        # Streams without an index report zero.
        self.count = self._stream.frames or None
        self.rate_hz: float = _rate_hz(self._stream)

    def __iter__(self) -> Iterator[Frame]:
        """Decode the frames one by one."""
        period_ns = round(_NS / self.rate_hz)
        first_ns: int | None = None
        last_ns = -period_ns
        count = sound = 0
        for frame in self._in_order():
            count += 1
            time_ns = last_ns + period_ns
            if frame.time_ns is not None:
                first_ns = frame.time_ns if first_ns is None else first_ns
                # Times that do not grow are none; the frames stay in their order.
                time_ns = max(frame.time_ns - first_ns, last_ns + 1)
            last_ns = time_ns
            sound += isinstance(frame.image, RawImage)
            yield Frame(time_ns, time_ns, FRAME_ID, frame.image)
        # The number is often an estimate.
        if self._faults is not None and self.count and count < 0.98 * self.count - 1:
            self._faults.add(
                TRUNCATED_FILE, f"{self._path} has {count} frames, its header says {self.count}"
            )
        if sound == 0:
            raise FrameError(
                f"{self._path} opens as a video but not one frame of it can be decoded; "
                "convert it to another codec, or give another recording"
            )

    def close(self) -> None:
        """Close the video."""
        self._container.close()

    def _in_order(self) -> Iterator[_Decoded]:
        """Give damaged frames their place by time: a decoder holds sound ones back to sort them."""
        damaged: list[tuple[int, str]] = []
        for frame in self._decoded():
            if isinstance(frame.image, DamagedImage) and frame.time_ns is not None:
                heapq.heappush(damaged, (frame.time_ns, frame.image.detail))
                continue
            while damaged and frame.time_ns is not None and damaged[0][0] < frame.time_ns:
                yield _damaged(*heapq.heappop(damaged))
            yield frame
        while damaged:
            yield _damaged(*heapq.heappop(damaged))

    def _decoded(self) -> Iterator[_Decoded]:
        """Decode in the decoder's order.

        Behind a frame that cannot be decoded the next ones show what they should not, even where
        the decoder does not mind. They are not handed to it, up to one that needs no other.
        """
        depends = not self._stream.codec_context.codec.intra_only
        # Whether frames depend on one that cannot be decoded; since when they do not again.
        broken = False
        sound_from_ns: int | None = None
        lost: set[int | None] = set()
        for packet in self._packets():
            time_ns = _time_ns(packet)
            if not packet.size and time_ns is not None:
                continue  # an AVI's way to say that the last frame stays; to a decoder, the end
            if packet.is_keyframe and broken:
                broken, sound_from_ns = False, time_ns
            # Those behind a key frame that are shown before it need those before it.
            leads = time_ns is not None and sound_from_ns is not None and time_ns < sound_from_ns
            if packet.size and (broken or leads):
                lost.add(time_ns)
                detail = f"{self._path}: a frame depends on one that is damaged"
                yield _damaged(time_ns, detail)
                continue
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                frames = []
                broken = depends
                lost.add(time_ns)
                yield _damaged(time_ns, f"{self._path}: {error.strerror}")
            for frame in frames:
                shown_ns = _time_ns(frame)
                if shown_ns is not None and shown_ns in lost:
                    continue  # what the decoder made of it all the same
                if frame.is_corrupt:
                    yield _damaged(shown_ns, f"{self._path}: the decoder calls a frame corrupt")
                else:
                    yield _Decoded(shown_ns, bgr_image(_upright(frame)))

    def _packets(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError as error:
                if self._faults is not None:
                    self._faults.add(TRUNCATED_FILE, f"{self._path}: {error.strerror}")
                return
            yield packet


def _damaged(time_ns: int | None, detail: str) -> _Decoded:
    return _Decoded(time_ns, DamagedImage("decode", detail))


def _time_ns(timed: Any) -> int | None:
    # Some containers only know when a frame is to be decoded.
    ticks = timed.dts if timed.pts is None else timed.pts
    if ticks is None or timed.time_base is None:
        return None
    return round(ticks * Fraction(timed.time_base) * _NS)


def _rate_hz(stream: Any) -> float:
    """Return the mean rate; containers of some browsers claim 1000 Hz and know no better."""
    duration = stream.duration * stream.time_base if stream.duration and stream.time_base else 0
    if stream.frames > 1 and duration:
        return float(stream.frames / duration)
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0 < rate < _FASTEST_HZ else FALLBACK_RATE_HZ


def _upright(frame: Any) -> NDArray[np.uint8]:
    """Return ``(H, W, 3) uint8 BGR``, turned and mirrored as the container says."""
    pixels: NDArray[np.uint8] = frame.to_ndarray(format="bgr24")
    side = next((one for one in frame.side_data if one.type == SideData.DISPLAYMATRIX), None)
    if side is None:
        return pixels
    # Where the picture's right and its bottom point to: right is (+, 0), down is (0, +).
    right_x, right_y, _, down_x, down_y = _MATRIX.unpack(bytes(side)[: _MATRIX.size])[:5]
    if abs(right_y) > abs(right_x):
        pixels = pixels.swapaxes(0, 1)
        right_x, down_y = down_x, right_y
    horizontal, vertical = -1 if right_x < 0 else 1, -1 if down_y < 0 else 1
    return np.ascontiguousarray(pixels[::vertical, ::horizontal])


def _not_a_video(path: Path) -> str:
    return (
        f"{path} is not a video that FFmpeg can open; give a video (avi, mp4, mkv, …), a ROS bag "
        "(a folder with metadata.yaml, .db3, .mcap, .bag) or a folder of images"
    )
