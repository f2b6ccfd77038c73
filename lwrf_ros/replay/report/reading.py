# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A replay's output as arrays: what a camera saw when, and how long each frame took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, get_typestore

from lwrf_ros.classes.class_table import UNLABELLED_NAME
from lwrf_ros.errors import LwrfError
from lwrf_ros.recordings.bags.bag_messages import BagMessages
from lwrf_ros.replay.run_record import PROCESSED, CameraTopics, FrameRow, RunRecord, read_frames
from lwrf_ros.stamps import stamp_to_ns
from lwrf_ros.terminal.progress import progress_bar

COVERAGE_TYPE = "diagnostic_msgs/msg/DiagnosticArray"
_TYPES = get_typestore(Stores.LATEST)


class ReportError(LwrfError):
    """A report that cannot be made."""


@dataclass(frozen=True, eq=False)
class CameraRun:
    """One camera of a replay.

    Attributes:
        topics: Its topics.
        rows: Every frame that was read, n of them.
        times: ``(n,) float64``: place of each frame on the time axis.
        axis: What the time axis is, for people.
        processed: ``(m,) int64``: which of the rows have labels.
        coverage: ``(m, C + 1) float64``: fraction of the pixels by class, unlabelled last.
    """

    topics: CameraTopics
    rows: list[FrameRow]
    times: NDArray[np.float64]
    axis: str
    processed: NDArray[np.int64]
    coverage: NDArray[np.float64]

    @property
    def label(self) -> str:
        """The name that is shown to people."""
        return self.topics.name or self.topics.topic

    @property
    def engine_ms(self) -> NDArray[np.float64]:
        """``(m,)``: milliseconds in the engine of each frame with labels."""
        return np.array([self.rows[row].engine_ms or 0.0 for row in self.processed])


def read_run(folder: Path) -> tuple[RunRecord, list[CameraRun]]:
    """Read everything but the pictures.

    Args:
        folder: Output of `lwrf replay`, whole or of a run that was killed.

    Raises:
        LwrfError: If it is none, or the bag and the files beside it do not fit together.
    """
    record = RunRecord.read(folder)
    rows: dict[str, list[FrameRow]] = {camera.topic: [] for camera in record.cameras}
    for row in read_frames(folder):
        if row.topic not in rows:
            raise ReportError(
                f"frames.csv of {folder} has the topic {row.topic}, which replay.json does not "
                "name; replay again"
            )
        rows[row.topic].append(row)
    coverage = _read_coverage(folder, record)
    return record, [_camera(camera, rows[camera.topic], coverage) for camera in record.cameras]


def overlays(folder: Path, camera: CameraTopics) -> Iterator[NDArray[np.uint8]]:
    """Read the overlay pictures of a camera in their order, as the JPEG files that they are."""
    bag = BagMessages(folder)
    try:
        for message in bag.messages([camera.overlay]):
            read: Any = _deserialised(folder, message.data, "sensor_msgs/msg/CompressedImage")
            yield np.asarray(read.data, dtype=np.uint8)
    finally:
        bag.close()


def _read_coverage(folder: Path, record: RunRecord) -> dict[str, list[tuple[int, list[float]]]]:
    """Return stamp and fractions of every coverage message by its topic."""
    names = [*record.class_names, UNLABELLED_NAME]
    found: dict[str, list[tuple[int, list[float]]]] = {c.coverage: [] for c in record.cameras}
    total = sum(account.processed for account in record.account.values())
    bag = BagMessages(folder)
    try:
        messages = bag.messages(found)
        for message in progress_bar("reading coverage", total, messages, in_logs=False):
            read: Any = _deserialised(folder, message.data, COVERAGE_TYPE)
            # The first status is the whole image.
            values = {value.key: value.value for value in read.status[0].values}
            try:
                fractions = [float(values[name]) for name in names]
            except (KeyError, ValueError) as error:
                raise ReportError(
                    f"{message.topic} of {folder} lacks the share of a class ({error}); replay "
                    "again"
                ) from None
            stamp = read.header.stamp
            stamp_ns = stamp_to_ns(stamp)
            found[message.topic].append((stamp_ns, fractions))
    finally:
        bag.close()
    return found


def _deserialised(folder: Path, data: bytes, message_type: str) -> Any:
    try:
        return _TYPES.deserialize_cdr(data, message_type)
    except SerdeError as error:
        raise ReportError(f"the bag in {folder} is damaged: {error}; replay again") from error


def _camera(
    topics: CameraTopics,
    rows: list[FrameRow],
    coverage_by_topic: dict[str, list[tuple[int, list[float]]]],
) -> CameraRun:
    coverage = coverage_by_topic[topics.coverage]
    processed = [place for place, row in enumerate(rows) if row.outcome == PROCESSED]
    # A run that was killed may have one of the two written further than the other.
    count = min(len(processed), len(coverage))
    for place, (stamp_ns, _) in zip(processed[:count], coverage[:count], strict=True):
        if rows[place].stamp_ns != stamp_ns:
            raise ReportError(
                f"{topics.coverage} has the stamp {stamp_ns} where frames.csv has "
                f"{rows[place].stamp_ns} (frame {place} of {topics.topic}): they are not of one "
                "run; replay again"
            )
    times, axis = _time_axis(rows)
    classes = len(coverage[0][1]) if coverage else 0
    return CameraRun(
        topics=topics,
        rows=rows,
        times=times,
        axis=axis,
        processed=np.array(processed[:count], dtype=np.int64),
        coverage=np.array([row for _, row in coverage[:count]]).reshape(count, classes),
    )


def _time_axis(rows: list[FrameRow]) -> tuple[NDArray[np.float64], str]:
    """Choose what a frame's place in time is: its stamp, unless stamps do not grow."""
    for name, values in (
        ("seconds since the first frame, by its stamp", [row.stamp_ns for row in rows]),
        ("seconds since the first frame, as recorded", [row.log_ns for row in rows]),
    ):
        since = np.array([value - values[0] for value in values], dtype=np.float64) / 1e9
        if bool(np.all(np.diff(since) > 0.0)):
            return since, name
    return np.arange(len(rows), dtype=np.float64), "frame (neither stamps nor recording times grow)"
