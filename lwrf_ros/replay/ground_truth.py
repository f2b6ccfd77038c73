# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Labels scored against true ones that lie in the recording beside the images."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.datasets.stored_mask import MaskError
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix, ScoreError
from lwrf_ros.evaluation.score_values import as_number, as_text
from lwrf_ros.files import replace_file
from lwrf_ros.replay.items import FrameWork, OtherMessage
from lwrf_ros.replay.replay_input import Recording
from lwrf_ros.replay.run_record import CameraTopics
from lwrf_ros.replay.stamps import StampPairs, stamp_of_cdr
from lwrf_ros.replay.true_labels import TYPES, WANTED, TrueLabels
from lwrf_ros.segmentation.grouping import group_labels
from lwrf_ros.terminal.table import aligned

FORMAT = 1
SCORES_FILE = "scores.json"
# Why frames with empty stamps are not scored.
NO_STAMPS = "without stamps"
_Labels = NDArray[np.uint8]


@dataclass(eq=False)
class CameraScores:
    """How a camera's labels agree with the truth.

    Attributes:
        camera: Its image topic.
        truth: Topic of the true labels.
        num_classes: Number of classes C of the labels.
        frames: Number of frames that were scored.
        unscored: Truths that could not be used, by reason.
        without_partner: Frames with labels without a truth of their stamp, and truths without such
            a frame.
        empty_stamps: Frames and truths with the stamp 0.
    """

    camera: str
    truth: str
    num_classes: int
    frames: int = 0
    unscored: Counter[str] = field(default_factory=Counter)
    without_partner: tuple[int, int] = (0, 0)
    empty_stamps: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        # Of frames whose stamp is a stamp, and of those where a driver left it empty: these are
        # paired by their order, which is wrong as soon as one is missing.
        self._by_stamp = ConfusionMatrix(self.num_classes)
        self._by_order = ConfusionMatrix(self.num_classes)
        self._frames_by_order = 0

    def add(self, stamp_ns: int, labels: _Labels, truth: _Labels) -> None:
        """Count a frame.

        Raises:
            ScoreError: As of `ConfusionMatrix`.
        """
        (self._by_stamp if stamp_ns else self._by_order).add(labels, truth)
        self.frames += 1
        self._frames_by_order += not stamp_ns

    def settle(self, pairs: StampPairs[Any, Any]) -> None:
        """Say what had no partner, and take back what was paired by an order that cannot be."""
        self.without_partner = pairs.waiting()
        self.empty_stamps = pairs.counts(0)

    @property
    def order_is_lost(self) -> bool:
        """Whether frames with empty stamps are not as many as truths, so that none is certain."""
        frames, truths = self.empty_stamps
        return frames != truths and self._frames_by_order > 0

    def matrix(self) -> ConfusionMatrix:
        """Return the confusion matrix of the frames whose truth is certain."""
        total = ConfusionMatrix(self.num_classes)
        total.counts += self._by_stamp.counts
        if not self.order_is_lost:
            total.counts += self._by_order.counts
        return total

    def certain_frames(self) -> int:
        """Return the number of frames that are in the matrix."""
        return self.frames - (self._frames_by_order if self.order_is_lost else 0)


class GroundTruth:
    """Collects the true labels of a recording and scores against them; used by one thread.

    Args:
        recording: The recording, of which nothing was read yet.
        cameras: The replayed cameras.
        topics: For each of them the topic of its true labels; none scores nothing.
        classes: The class table of the truth.
        groups: Groups that the labels are in; None where they are in the classes.

    Attributes:
        scores: One for each camera.

    Raises:
        LwrfError: If the topics are not as many as the cameras, or not there, or no images.
    """

    def __init__(
        self,
        recording: Recording,
        cameras: Sequence[CameraTopics],
        topics: Sequence[str],
        classes: ClassTable,
        groups: ClassGroups | None = None,
    ) -> None:
        self._groups = groups
        self._true_labels = TrueLabels(classes)
        num_classes = len(groups.table if groups else classes)
        self.scores: list[CameraScores] = []
        self._kinds: dict[str, str] = {}
        self._pairs: list[StampPairs[_Labels, bytes]] = []
        if not topics:
            return
        if len(topics) != len(cameras):
            raise LwrfError(
                f"there are {len(topics)} topics of true labels for {len(cameras)} cameras; give "
                "one --ground-truth for each --bag-topic, in the same order"
            )
        found = recording.also_read(topics)
        for camera, topic in zip(cameras, topics, strict=True):
            if topic not in found:
                raise LwrfError(
                    f"{recording.description} has no topic {topic} for --ground-truth; it has "
                    f"{', '.join(sorted(recording.all_topics))}"
                )
            kind = found[topic].message_type
            if kind not in TYPES:
                raise LwrfError(f"--ground-truth {topic} is {kind}; wanted {WANTED}")
            self._kinds[topic] = kind
            self._pairs.append(StampPairs())
            self.scores.append(CameraScores(camera.topic, topic, num_classes))

    def add(self, message: OtherMessage) -> None:
        """Take a message of the recording."""
        stamp_ns = stamp_of_cdr(message.data)
        if message.topic not in self._kinds or stamp_ns is None:
            return
        for number, scores in enumerate(self.scores):
            if scores.truth == message.topic:
                pair = self._pairs[number].add_other(stamp_ns, message.data)
                if pair is not None:
                    self._score(scores, stamp_ns, *pair)

    def add_frame(self, work: FrameWork) -> None:
        """Take a frame, with labels or refused: it has its place in the stream in any case."""
        if not self.scores:
            return
        labels = None if work.result is None else work.result.labels
        pair = self._pairs[work.camera].add_one(work.stamp_ns, labels)
        if pair is not None:
            self._score(self.scores[work.camera], work.stamp_ns, *pair)

    def write(self, folder: Path) -> None:
        """Write ``scores.json``, if there is anything to score."""
        for scores, pairs in zip(self.scores, self._pairs, strict=True):
            scores.settle(pairs)
        if self.scores:
            content = json.dumps(self.as_json(), indent=2, allow_nan=False)
            replace_file(folder / SCORES_FILE, f"{content}\n".encode(), sync=False)

    def as_json(self) -> dict[str, Any]:
        """Return the scores by camera as a tree for JSON; what is not defined is None."""
        return {"format": FORMAT, "cameras": {one.camera: _as_json(one) for one in self.scores}}

    def _score(self, scores: CameraScores, stamp_ns: int, labels: _Labels, truth: bytes) -> None:
        try:
            true = self._true_labels.read(truth, self._kinds[scores.truth])
            scores.add(stamp_ns, labels, group_labels(true, self._groups))
        except MaskError as error:
            scores.unscored[error.reason] += 1
        except ScoreError:
            scores.unscored["other size"] += 1


def scores_as_text(scores: dict[str, Any], names: Sequence[str]) -> str:
    """Lay out the content of ``scores.json`` as tables, one a camera."""
    lines: list[str] = []
    for camera, one in scores["cameras"].items():
        unscored = "".join(f", {count} {why}" for why, count in sorted(one["unscored"].items()))
        lines.append(f"{camera} against {one['ground_truth']}: {one['frames']} frames{unscored}")
        alone = (one.get("frames_without_truth", 0), one.get("truths_without_frame", 0))
        if any(alone):
            lines.append(
                f"  of no partner with their stamp: {alone[0]} frames, {alone[1]} true labels"
            )
        if NO_STAMPS in one["unscored"]:
            lines.append(
                "  their stamps are all 0 and the true labels are more or fewer, so nobody knows "
                "which belongs to which; record again with a driver that sets the stamps"
            )
        pixels = [sum(row) for row in one["confusion_matrix"]]
        rows = [["IoU of", "share", ""]]
        for name, count, iou in zip(names, pixels, one["iou"], strict=True):
            rows.append([f"  {name}", f"{count / max(1, sum(pixels)):.2%}", as_text(iou)])
        rows.append(["mean IoU", "", as_text(one["mean_iou"])])
        rows.append(["pixel accuracy", "", as_text(one["pixel_accuracy"])])
        lines += aligned(rows)
    return "\n".join(lines)


def read_scores(folder: Path) -> dict[str, Any] | None:
    """Return the content of ``scores.json`` of an output folder; None where nothing was scored."""
    path = folder / SCORES_FILE
    if not path.is_file():
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LwrfError(f"cannot read {path}: {error}; replay again") from error
    return content


def _as_json(one: CameraScores) -> dict[str, Any]:
    matrix = one.matrix()
    frames = one.certain_frames()
    unscored = dict(one.unscored)
    if frames < one.frames:
        unscored[NO_STAMPS] = one.frames - frames
    return {
        "ground_truth": one.truth,
        "frames": frames,
        "unscored": unscored,
        "frames_without_truth": one.without_partner[0],
        "truths_without_frame": one.without_partner[1],
        "mean_iou": as_number(matrix.mean_iou()),
        "pixel_accuracy": as_number(matrix.pixel_accuracy()),
        "mean_accuracy": as_number(matrix.mean_accuracy()),
        "iou": [as_number(float(value)) for value in matrix.iou()],
        "accuracy": [as_number(float(value)) for value in matrix.class_accuracy()],
        "confusion_matrix": matrix.counts.tolist(),
    }
