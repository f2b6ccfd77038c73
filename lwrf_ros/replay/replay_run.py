# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One replay: from a recording to an output folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.errors import LwrfError
from lwrf_ros.node.output.frame_messages import engine_outputs
from lwrf_ros.processes.interruption import interrupted_once
from lwrf_ros.replay.camera_topics import cameras_of
from lwrf_ros.replay.ground_truth import GroundTruth
from lwrf_ros.replay.items import FrameWork, Item
from lwrf_ros.replay.other_topics import OtherTopics
from lwrf_ros.replay.output_folder import check_output_folder, make_output_folder
from lwrf_ros.replay.outputs import OUTPUTS, Outputs
from lwrf_ros.replay.pipeline import Stage, decode_item, drain, first_frames, segmented
from lwrf_ros.replay.replay_input import Recording, open_recording
from lwrf_ros.replay.run_record import RunRecord
from lwrf_ros.replay.settings import open_engine, settings_of, versions
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.terminal.progress import progress_bar

# Decoding and drawing a frame can take longer than a fast GPU does over it.
WORKERS = max(2, min(8, (os.cpu_count() or 1) // 2))


@dataclass(frozen=True)
class ReplayOptions:
    """Options of a replay.

    Attributes:
        input: Path of the recording.
        output: Folder to write into.
        topics: Image topics of a bag; none takes the only one that there is or that is meant.
        camera_names: A name for each topic; none makes them from the topics.
        engine: Which network makes the labels.
        keep: Topics of the recording to copy; None for all.
        ground_truth: For each topic the topic of its true labels; none scores nothing.
        max_frames: Number of frames to stop after, None for all.
        overwrite: Whether an earlier replay's output may be removed.
    """

    input: Path
    output: Path
    topics: Sequence[str] = ()
    camera_names: Sequence[str] = ()
    engine: EngineOptions = field(default_factory=EngineOptions)
    keep: Sequence[str] | None = ()
    ground_truth: Sequence[str] = ()
    max_frames: int | None = None
    overwrite: bool = False


def replay(options: ReplayOptions) -> RunRecord:
    """Replay a recording.

    Args:
        options: What to replay, and how.

    Returns:
        How it went; also in the output folder.

    Raises:
        LwrfError: If the recording, the network or the folder cannot be used.
        KeyboardInterrupt: After Ctrl-C or SIGTERM; the output is whole as far as it goes.
    """
    with interrupted_once(), open_recording(options.input, options.topics) as recording:
        cameras = cameras_of(recording.topics, options.camera_names)
        others = OtherTopics(recording, cameras, options.keep)
        table = options.engine.choice.classes
        named = options.engine.class_groups
        groups = ClassGroups.load(named, table) if named else None
        classes = groups.table if groups else table
        truth = GroundTruth(recording, cameras, options.ground_truth, table, groups)
        check_output_folder(options.output, options.input, options.overwrite)
        engine = open_engine(options.engine)
        record = RunRecord(
            input=str(options.input),
            settings=settings_of(engine, options.engine),
            versions=versions(),
            class_names=list(classes.names),
            colours=classes.colours.tolist(),
            cameras=cameras,
        )
        try:
            make_output_folder(options.output)
            alpha = options.engine.overlay_alpha
            outputs = Outputs(
                options.output, record, classes, alpha, others, truth, recording.faults
            )
            started_s = time.monotonic()
            try:
                _run(recording, engine.segmenter, outputs, options)
                record.complete = True
            finally:
                record.wall_s = time.monotonic() - started_s
                outputs.close()
        except OSError as error:
            raise LwrfError(
                f"cannot write into {options.output}: {error}; free space, or give another folder "
                "(-o)"
            ) from error
        finally:
            engine.segmenter.close()
    if not any(account.read for account in record.account.values()):
        faults = "; ".join(recording.faults.details.values()) or "it is empty"
        raise LwrfError(f"no frame came out of {recording.description}: {faults}")
    return record


def _run(
    recording: Recording, segmenter: Segmenter, outputs: Outputs, options: ReplayOptions
) -> None:
    counts = [count for count in (recording.count, options.max_frames) if count is not None]
    description = f"replaying {recording.description}"
    frames = first_frames(recording, options.max_frames)
    with (
        ThreadPoolExecutor(WORKERS, "decoding") as pool,
        progress_bar(description, min(counts, default=None), in_logs=True) as bar,
    ):
        decode = partial(decode_item, faults=recording.faults, parameters=options.engine.parameters)
        reading = Stage(frames, decode, pool, "reading")

        def counted(items: Iterable[Item]) -> Iterator[Item]:
            for item in items:
                yield item
                bar.update(isinstance(item, FrameWork))

        try:
            wanted = engine_outputs(OUTPUTS)
            results = segmented(reading, segmenter, options.engine.min_confidence, wanted)
            drain(counted(results), outputs.build, outputs.add, pool)
        finally:
            reading.stop()
