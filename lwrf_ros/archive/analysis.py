# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One task: a recording through the engine, into its rows. What a worker does."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.frame_table import FrameTableWriter, frame_schema
from lwrf_ros.archive.options import ArchiveOptions
from lwrf_ros.archive.recording_files import FoundRecording, file_system
from lwrf_ros.archive.store import Outcome, table_path
from lwrf_ros.classes.regions import Region, load_regions
from lwrf_ros.configuration.alerts import WHOLE_IMAGE, AlertWatch
from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.processes.player import COMPRESSED_SUFFIX
from lwrf_ros.recordings.bags.bag_files import METADATA
from lwrf_ros.recordings.bags.bag_messages import BagMessages
from lwrf_ros.recordings.bags.image_topics import COMPRESSED_TYPE, RAW_TYPE
from lwrf_ros.recordings.faults import Faults
from lwrf_ros.recordings.opening import is_bag
from lwrf_ros.replay.items import FrameWork
from lwrf_ros.replay.pipeline import decode_item, segmented
from lwrf_ros.replay.replay_input import Recording, open_recording
from lwrf_ros.replay.replay_run import ReplayOptions, replay
from lwrf_ros.replay.run_record import PROCESSED
from lwrf_ros.replay.settings import open_engine
from lwrf_ros.segmentation import RegionCoverage, Segmentation, Segmenter

UNKNOWN = "unknown"
# What robots and their operators write into a bag's own metadata.
_ROBOT_KEYS = ("robot", "robot_name", "robot_id", "vehicle", "vehicle_id")
_NAME = re.compile(r"[^\w.-]+")
_OUTPUTS = ("labels", "coverage", "confidence")


@dataclass(frozen=True)
class Task:
    """A recording that is to be analysed.

    Attributes:
        key: Of recording and options.
        identity: Of the recording.
        recording: Where it is.
    """

    key: str
    identity: str
    recording: FoundRecording


def analyse(task: Task, options: ArchiveOptions, folder: Path) -> Outcome:
    """Take a recording through the engine and write its rows.

    Args:
        task: Which recording.
        options: What is done with it.
        folder: The archive's folder.

    Returns:
        How it went; the rows are in place.

    Raises:
        LwrfError: If the recording cannot be read, or changed meanwhile.
        OSError: If there is no space, or the file systems fail.
    """
    started_s = time.monotonic()
    segmenter, regions = _engine(options)
    partial_path = folder / ".partial" / f"{task.key}-{os.getpid()}.parquet"
    try:
        with on_this_machine(task.recording) as path:
            rows = _Rows(task, options, segmenter, regions, partial_path)
            with closing(rows):
                _read_through(path, options, segmenter, rows)
            if options.labels:
                _write_labels(path, task, options, folder)
            robot = _robot(path, task.recording.url, options.robot)
        _check_unchanged(task.recording)
        table = table_path(rows.day, robot, task.key)
        (folder / table).parent.mkdir(parents=True, exist_ok=True)
        partial_path.replace(folder / table)
    finally:
        partial_path.unlink(missing_ok=True)
    return Outcome(
        key=task.key,
        recording=task.recording.url,
        identity=task.identity,
        table=table,
        day=rows.day,
        robot=robot,
        frames=rows.frames,
        refused=dict(rows.refused),
        faults=dict(rows.faults),
        wall_s=round(time.monotonic() - started_s, 3),
    )


@lru_cache(maxsize=1)
def _engine(options: ArchiveOptions) -> tuple[Segmenter, tuple[Region, ...]]:
    """Return this process' engine and the regions; they are made once."""
    import cv2
    import torch

    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    regions = load_regions(options.regions) if options.regions else ()
    return open_engine(options.engine).segmenter, regions


@contextmanager
def on_this_machine(recording: FoundRecording) -> Iterator[Path]:
    """Give the path of a recording; one in a bucket is copied for as long as it is needed."""
    if recording.local:
        yield Path(recording.url)
        return
    system, _ = file_system(recording.url)
    with tempfile.TemporaryDirectory(prefix="lwrf_archive_") as folder:
        for file in recording.files:
            system.get_file(file.path, str(Path(folder) / file.path.rpartition("/")[2]))
        names = [file.path.rpartition("/")[2] for file in recording.files]
        yield Path(folder) if METADATA in names else Path(folder) / names[0]


def _check_unchanged(recording: FoundRecording) -> None:
    """Refuse what was written to while it was read.

    Raises:
        ArchiveError: If a file has another size than when it was found.
    """
    for file in recording.files:
        if recording.local and Path(file.path).stat().st_size != file.size:
            raise ArchiveError(
                f"{file.path} changed while it was read; it will be read when it is whole"
            )


def _read_through(path: Path, options: ArchiveOptions, segmenter: Segmenter, rows: _Rows) -> None:
    topics = options.topics or _all_topics(path)
    with open_recording(path, topics) as recording, ThreadPoolExecutor(1) as pool:
        rows.begin(recording)
        decode = partial(decode_item, faults=recording.faults)
        items = _ahead(recording, decode, pool)
        minimum = options.engine.min_confidence
        for item in segmented(items, segmenter, minimum, _OUTPUTS):
            if isinstance(item, FrameWork):
                rows.add(item)
    if not rows.frames:
        reasons = "; ".join(recording.faults.details.values()) or "it is empty"
        raise ArchiveError(f"no frame came out of {recording.description}: {reasons}")


def _ahead(items: Iterable[Any], work: Any, pool: ThreadPoolExecutor) -> Iterator[Any]:
    """Do the work on an item while the one before it is used."""
    waiting = None
    for item in items:
        before, waiting = waiting, pool.submit(work, item)
        if before is not None:
            yield before.result()
    if waiting is not None:
        yield waiting.result()


def _all_topics(path: Path) -> tuple[str, ...]:
    """Return all image topics of a bag: an archive is asked about every camera.

    Of a camera that was recorded twice, raw and compressed, the raw one.
    """
    if not is_bag(path):
        return ()
    bag = BagMessages(path, Faults())
    try:
        kinds = {name: topic.message_type for name, topic in bag.topics.items()}
    finally:
        bag.close()
    raw = [name for name, kind in kinds.items() if kind == RAW_TYPE]
    compressed = [name for name, kind in kinds.items() if kind == COMPRESSED_TYPE]
    twice = {name + COMPRESSED_SUFFIX for name in raw}
    return (*raw, *(name for name in compressed if name not in twice))


def _write_labels(path: Path, task: Task, options: ArchiveOptions, folder: Path) -> None:
    target = folder / "labels" / task.key
    shutil.rmtree(target, ignore_errors=True)
    topics = options.topics or _all_topics(path)
    replay(ReplayOptions(path, target, topics, engine=options.engine))


def _robot(path: Path, url: str, pattern: str) -> str:
    """Find whose recording it is: by a pattern in its path, or by what a bag says of itself."""
    found = re.search(pattern, url) if pattern else None
    if found is not None:
        return _NAME.sub("_", found["robot"]) or UNKNOWN
    said = {} if pattern else _custom_data(path)
    return next((_NAME.sub("_", said[key]) for key in _ROBOT_KEYS if said.get(key)), UNKNOWN)


def _custom_data(path: Path) -> dict[str, str]:
    """Return what was written into a bag's metadata.yaml by who recorded it; it may be nothing."""
    try:
        content = yaml.safe_load((path / METADATA).read_text(encoding="utf-8"))
        said = content["rosbag2_bagfile_information"]["custom_data"]
        return {str(key).lower(): str(value) for key, value in said.items() if value}
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        return {}


class _Rows:
    """Makes rows of frames.

    Attributes:
        day: Of the first frame (UTC).
        frames: That were read.
        refused: Those without labels, by reason.
    """

    def __init__(
        self,
        task: Task,
        options: ArchiveOptions,
        segmenter: Segmenter,
        regions: Sequence[Region],
        path: Path,
    ) -> None:
        self.day = UNKNOWN
        self.frames = 0
        self.refused: Counter[str] = Counter()
        self._task = task
        self._names = segmenter.classes.names
        self._regions = RegionCoverage(regions, len(self._names))
        self._alerts = Parameters(coverage_alerts=options.alerts).alerts
        self._watches: dict[int, AlertWatch] = {}
        schema = frame_schema(self._names, [region.name for region in regions])
        self._writer = FrameTableWriter(path, schema)
        self._recording: Recording | None = None

    @property
    def faults(self) -> Counter[str]:
        """Faults of the recording, counted by kind."""
        assert self._recording is not None  # `begin` came first
        return Counter(self._recording.faults.counts)

    def begin(self, recording: Recording) -> None:
        """Take the recording that the frames are of."""
        self._recording = recording

    def add(self, work: FrameWork) -> None:
        """Write the row of a frame."""
        assert self._recording is not None  # `begin` came first
        time_of = datetime.fromtimestamp(work.log_ns / 1e9, timezone.utc)
        if not self.frames:
            self.day = time_of.date().isoformat()
        self.frames += 1
        row: dict[str, Any] = {
            "recording": self._task.recording.url,
            "identity": self._task.identity,
            "topic": self._recording.topics[work.camera],
            "frame": work.index,
            "stamp_ns": work.stamp_ns,
            "log_ns": work.log_ns,
            "time": time_of,
            "outcome": work.refusal or PROCESSED,
            "alerts": [],
        }
        if work.result is None:
            self.refused[work.refusal] += 1
        else:
            row.update(self._measured(work, work.result))
        self._writer.add(row)

    def close(self) -> None:
        """End the file."""
        self._writer.close()

    def _measured(self, work: FrameWork, result: Segmentation) -> dict[str, Any]:
        assert result.labels is not None  # asked for
        assert result.confidence is not None
        regions = {one.name: one for one in self._regions.of(result.labels)}
        shares = {name: self._shares(one.coverage) for name, one in regions.items()}
        whole = self._shares(result.coverage)
        watch = self._watches.setdefault(work.camera, AlertWatch())
        raised = watch.update(self._alerts, {WHOLE_IMAGE: whole, **shares}, work.log_ns / 1e9)
        measured: dict[str, Any] = {
            "coverage": {**whole, "unlabelled": result.unlabelled},
            "confidence": float(np.mean(result.confidence)) / 255,
            "alerts": [words for region in raised.values() for words in region],
            "engine_ms": result.timings.total_ms,
        }
        if regions:
            measured["regions"] = {
                name: {**share, "unlabelled": regions[name].unlabelled}
                for name, share in shares.items()
            }
        return measured

    def _shares(self, coverage: Any) -> dict[str, float]:
        return dict(zip(self._names, map(float, coverage), strict=True))
