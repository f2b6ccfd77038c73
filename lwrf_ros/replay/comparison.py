# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Two replays of a recording compared, frame by frame and class by class."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED, UNLABELLED_NAME
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix
from lwrf_ros.replay.label_bag import FrameKey, LabelBag

KEPT = 10
_Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Limits:
    """Tolerances of a comparison; the default allows no change.

    Attributes:
        min_equal: Least share of equal pixels in each frame, 0..1.
        min_iou: Least IoU of each class between the two, 0..1, over all frames.
        max_coverage_change: Greatest change of a class's share of all pixels, 0..1, over all
            frames.
    """

    min_equal: float = 1.0
    min_iou: float = 0.0
    max_coverage_change: float = 1.0


class FrameChange(NamedTuple):
    """How much a frame changed.

    Attributes:
        equal: Share of its pixels with the same label, 0..1.
        key: The frame.
    """

    equal: float
    key: FrameKey


@dataclass(frozen=True, eq=False)
class ChangedFrame:
    """One of the frames that changed most.

    Attributes:
        change: How much.
        golden: ``(H, W) uint8`` class indices in the earlier output.
        labels: ``(H, W) uint8`` class indices in the later one; other sides where it has others.
    """

    change: FrameChange
    golden: _Labels
    labels: _Labels


@dataclass(eq=False)
class Comparison:
    """The result of a comparison.

    Attributes:
        golden: The earlier output.
        current: The later one.
        names: Names of the C classes, and last of the unlabelled pixels.
        matrix: Pixels by class in the earlier output (row) and the later one (column), unlabelled
            being the last of both.
        frames: How much each frame changed, in the order of the recording.
        missing: Frames that only the earlier output has labels of.
        extra: Frames that only the later one has labels of.
        resized: Frames whose labels have another size.
        worst: The frames that changed most, most first; none that is equal.
    """

    golden: LabelBag
    current: LabelBag
    names: tuple[str, ...]
    matrix: ConfusionMatrix
    frames: list[FrameChange] = field(default_factory=list)
    missing: list[FrameKey] = field(default_factory=list)
    extra: list[FrameKey] = field(default_factory=list)
    resized: int = 0
    worst: list[ChangedFrame] = field(default_factory=list)

    def coverage(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return each class's share of all pixels in the earlier output and in the later one.

        Returns:
            Two ``(C + 1,)`` arrays of fractions; the last entry is unlabelled.
        """
        counts = self.matrix.counts
        total = max(1, int(counts.sum()))
        return counts.sum(axis=1) / total, counts[:, : len(self.names)].sum(axis=0) / total

    def exceeded(self, limits: Limits) -> list[str]:
        """Say what changed more than it may, in words; nothing if the two are the same."""
        found = []
        for frames, what in ((self.missing, "missing"), (self.extra, "extra")):
            if frames:
                found.append(
                    f"{len(frames)} frames are {what}, the first at {frames[0].stamp_ns} ns"
                )
        if self.resized:
            found.append(f"{self.resized} frames have labels of another size")
        below = [frame for frame in self.frames if frame.equal < limits.min_equal]
        if below:
            least = min(below)
            found.append(
                f"{len(below)} of {len(self.frames)} frames have less than "
                f"{limits.min_equal:.4%} equal pixels, the least {least.equal:.4%} at "
                f"{least.key.stamp_ns} ns"
            )
        before, after = self.coverage()
        for index, (name, iou) in enumerate(zip(self.names, self.matrix.iou(), strict=True)):
            if iou < limits.min_iou:
                found.append(f"{name} has an IoU of {iou:.4f}, less than {limits.min_iou:g}")
            change = after[index] - before[index]
            if abs(change) > limits.max_coverage_change:
                found.append(
                    f"{name} covers {before[index]:.2%} → {after[index]:.2%}, more than "
                    f"{limits.max_coverage_change:.2%} of change"
                )
        return found


def compare(
    golden: LabelBag, current: LabelBag, on_done: Callable[[], object] = lambda: None
) -> Comparison:
    """Compare two outputs; frames are matched by topic and stamp.

    Args:
        golden: The earlier output.
        current: The later one.
        on_done: Called after each frame, for a progress bar.

    Raises:
        LwrfError: If they cannot be compared.
    """
    names = tuple(current.record.class_names)
    if tuple(golden.record.class_names) != names:
        raise LwrfError(
            f"{golden.folder} has the classes {', '.join(golden.record.class_names)} and "
            f"{current.folder} has {', '.join(names)}; compare replays with the same classes"
        )
    keys, other_keys = golden.keys(), current.keys()
    common = keys & other_keys
    if not common:
        raise LwrfError(
            f"no frame of {golden.folder} has the topic and stamp of one of {current.folder} "
            f"({len(keys)} and {len(other_keys)} frames with labels); compare replays of the same "
            "recording"
        )
    comparison = Comparison(
        golden, current, (*names, UNLABELLED_NAME), ConfusionMatrix(len(names) + 1)
    )
    worst: list[tuple[float, int, ChangedFrame]] = []
    matched = set()
    for key, before, after in _pairs(golden.labels(common), current.labels(common)):
        matched.add(key)
        if before.shape != after.shape:
            comparison.resized += 1
            equal = 0.0
        else:
            equal = float(np.mean(before == after))
            comparison.matrix.add(_indexed(after, len(names)), _indexed(before, len(names)))
        change = FrameChange(equal, key)
        comparison.frames.append(change)
        if equal < 1.0:
            entry = (-equal, len(comparison.frames), ChangedFrame(change, before, after))
            (heapq.heappush if len(worst) < KEPT else heapq.heappushpop)(worst, entry)
        on_done()
    comparison.worst = [entry[2] for entry in sorted(worst, reverse=True)]
    comparison.missing = sorted(keys - matched, key=_by_time)
    comparison.extra = sorted(other_keys - matched, key=_by_time)
    return comparison


def _by_time(key: FrameKey) -> tuple[int, str]:
    return key.stamp_ns, key.topic


def _indexed(labels: _Labels, unlabelled: int) -> _Labels:
    """Give unlabelled pixels an index like a class's."""
    return np.where(labels == UNLABELLED, np.uint8(unlabelled), labels)


def _pairs(
    ones: Iterator[tuple[FrameKey, _Labels]], others: Iterator[tuple[FrameKey, _Labels]]
) -> Iterator[tuple[FrameKey, _Labels, _Labels]]:
    """Bring two streams of the same frames together, in whatever order each of them has."""
    waiting: dict[FrameKey, _Labels] = {}
    others_waiting: dict[FrameKey, _Labels] = {}
    for one, other in zip_longest(ones, others):
        if one is not None:
            key, labels = one
            if other is not None and other[0] == key:
                yield key, labels, other[1]
                continue
            if key in others_waiting:
                yield key, labels, others_waiting.pop(key)
            else:
                waiting[key] = labels
        if other is not None:
            key, labels = other
            if key in waiting:
                yield key, waiting.pop(key), labels
            else:
                others_waiting[key] = labels
