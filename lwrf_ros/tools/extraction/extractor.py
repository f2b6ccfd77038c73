# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From a recording to a data set: frames to images, and images to first masks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lwrf_ros.node.decoding import Picture, Refusal, check, decode
from lwrf_ros.tools.extraction.account import Account
from lwrf_ros.tools.extraction.labelling import Labeller, LabelOptions
from lwrf_ros.tools.extraction.selection import Selection
from lwrf_ros.tools.extraction.target import ExtractError, Target
from lwrf_ros.tools.frames import CompressedImage, Frame, FrameSource, open_frames
from lwrf_ros.tools.player import to_message
from lwrf_ros.tools.progress import progress_bar
from lwrf_ros.training.dataset import read_image


@dataclass(frozen=True)
class ExtractOptions:
    """What to extract, and where to.

    Attributes:
        input: Path of the recording.
        output: Folder of the data set.
        bag_topic: Image topic of a bag, None for the only one.
        every: Take each Nth frame.
        every_s: Take a frame every so many seconds instead, None for `every`.
        different: Least difference to the last image, as of `Selection`; None for any.
        max_frames: Number of images to end after, None for all.
        jpeg_quality: 1 to 100 for JPEG images, None for PNG.
        labels: How masks are made, None for images alone.
    """

    input: Path
    output: Path
    bag_topic: str | None = None
    every: int = 1
    every_s: float | None = None
    different: float | None = None
    max_frames: int | None = None
    jpeg_quality: int | None = None
    labels: LabelOptions | None = None


def extract(options: ExtractOptions, account: Account) -> None:
    """Write the selected frames of a recording; files that are there stay untouched.

    Args:
        options: What to extract, and where to.
        account: Filled while it goes on, so that it holds what was done if this is cut short.

    Raises:
        ExtractError: If the folder cannot be written to, or no image came out.
        FrameError: If the recording cannot be opened or read to its end.
        LwrfError: If the network cannot be had.
    """
    with open_frames(options.input, options.bag_topic) as source:
        if options.every_s is not None and options.input.is_dir() and not source.has_stamps:
            raise ExtractError(
                f"{options.input} is a folder of images, which have no times for --every-s; take "
                "each Nth one with --every N"
            )
        target = Target(options.output, options.jpeg_quality)
        target.check_input(options.input)
        labeller = None
        if options.labels is not None:
            labeller = Labeller(options.labels, target)
            account.weights = labeller.weights
        _extract(source, options, target, labeller, account)
    if not account.images:
        refused = f" ({account.refusals()})" if account.refused else ""
        raise ExtractError(
            f"no image came out of {source.description}: of {account.read} frames "
            f"{account.refused.total()} cannot be decoded{refused}; give a recording, or a "
            "--bag-topic, with sound pictures"
        )


def _extract(
    source: FrameSource,
    options: ExtractOptions,
    target: Target,
    labeller: Labeller | None,
    account: Account,
) -> None:
    selection = Selection(options.every, options.every_s, options.different)
    names = _Names(options.input, source.has_stamps)
    description = f"extracting {source.description}"
    with progress_bar(description, source.count, in_logs=True) as bar:
        for index, frame in enumerate(source):
            account.read += 1
            bar.update()
            if not selection.is_due(index, _time_ns(frame)):
                account.skipped += 1
                continue
            name = names.of(index, frame)
            try:
                picture = _decoded(frame)
            except Refusal as refusal:
                account.refused[refusal.reason] += 1
                continue
            if not selection.is_new(picture.array):
                account.alike += 1
                continue
            if there := target.image_of(name):
                account.images_kept += 1
            else:
                target.write_image(name, _bgr(picture))
                account.images_written += 1
            if labeller is not None and target.has_mask(name):
                account.masks_kept += 1
            elif labeller is not None:
                # Of the file that is there, if one was: it may be of another recording, or have
                # been worked on.
                seen = Picture(read_image(there), "rgb8") if there else picture
                labels = labeller.label(seen.array, seen.encoding)
                target.write_mask(name, labels, labeller.class_table)
                account.masks_written += 1
            if account.images == options.max_frames:
                break


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


def _decoded(frame: Frame) -> Picture:
    """Decode a frame as the node does, so that it trains on what it will see."""
    message = to_message(frame, frame.stamp_ns, isinstance(frame.image, CompressedImage))
    check(message)
    return decode(message)


def _bgr(picture: Picture) -> np.ndarray:
    """Return ``(H, W, 3) uint8 BGR`` or ``(H, W) uint8`` grey, as OpenCV writes it."""
    if picture.encoding == "rgb8":
        return cv2.cvtColor(picture.array, cv2.COLOR_RGB2BGR)
    return np.ascontiguousarray(picture.array)
