# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The chosen frames of a recording, decoded, with the names that their images get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.extraction.frame_choice import FrameChoice
from lwrf_ros.extraction.frame_counts import Account
from lwrf_ros.extraction.selection import Selection
from lwrf_ros.images.decoding import Picture, Refusal, check, decode
from lwrf_ros.recordings import Frame, FrameSource
from lwrf_ros.terminal.progress import progress_bar


def chosen_pictures(
    source: FrameSource, choice: FrameChoice, account: Account, doing: str
) -> Iterator[tuple[str, Picture]]:
    """Read a recording up to its end, or up to the number of images that is to be.

    Args:
        source: The recording.
        choice: Which of its frames.
        account: Counts the frames that are read, and why one is left out; its images are counted
            by whoever writes them.
        doing: What the progress bar says before the recording's name.

    Yields:
        The name of a frame and its picture.

    Raises:
        FrameError: If the recording cannot be read to its end.
    """
    selection = Selection(choice.every, choice.every_s, choice.different)
    parameters = Parameters(max_value_16bit=choice.max_value_16bit)
    names = _Names(choice.input, source.has_stamps)
    with progress_bar(f"{doing} {source.description}", source.count, in_logs=True) as bar:
        for index, frame in enumerate(source):
            account.read += 1
            bar.update()
            if not selection.is_due(index, _time_ns(frame)):
                account.skipped += 1
                continue
            name = names.of(index, frame)
            try:
                picture = _decoded(frame, parameters)
            except Refusal as refusal:
                account.refused[refusal.reason] += 1
                continue
            if not selection.is_new(picture.array):
                account.alike += 1
                continue
            yield name, picture
            if account.images == choice.max_frames:
                break


def to_bgr(picture: Picture) -> np.ndarray:
    """Return ``(H, W, 3) uint8 BGR`` or ``(H, W) uint8`` grey, as OpenCV writes it."""
    if picture.encoding == "rgb8":
        return cv2.cvtColor(picture.array, cv2.COLOR_RGB2BGR)
    return np.ascontiguousarray(picture.array)


class _Names:
    """Names that sort by time and differ, within a recording and from those of another one.

    A camera's stamp is a name by itself. The frames of a video only have a number, so the
    recording's name goes before it.
    """

    def __init__(self, recording: Path, has_stamps: bool) -> None:
        recording = recording.resolve()
        self._prefix = recording.name if recording.is_dir() else recording.stem
        self._has_stamps = has_stamps
        self._given: Counter[str] = Counter()

    def of(self, index: int, frame: Frame) -> str:
        """Name a frame; every frame once, in order."""
        if not self._has_stamps:
            return f"{self._prefix}_{index:06d}"
        name = f"{_time_ns(frame):019d}"
        self._given[name] += 1
        earlier = self._given[name] - 1
        return f"{name}_{earlier}" if earlier else name


def _time_ns(frame: Frame) -> int:
    """Return the stamp, or the time of reception where a driver left the stamp empty."""
    return frame.stamp_ns if frame.stamp_ns > 0 else frame.time_ns


def _decoded(frame: Frame, parameters: Parameters) -> Picture:
    """Decode a frame as the node does, so that it trains on what it will see."""
    check(frame.image, parameters)
    return decode(frame.image, parameters)
