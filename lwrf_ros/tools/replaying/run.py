# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One replay: from a recording to an output folder."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lwrf_ros.segmentation import Segmenter
from lwrf_ros.tools.demonstration.children import terminated_like_interrupted
from lwrf_ros.tools.progress import progress_bar
from lwrf_ros.tools.replaying.cameras import cameras_of
from lwrf_ros.tools.replaying.engine import EngineOptions, open_engine, settings_of, versions
from lwrf_ros.tools.replaying.folder import make_output_folder
from lwrf_ros.tools.replaying.items import FrameWork, Item
from lwrf_ros.tools.replaying.outputs import Outputs
from lwrf_ros.tools.replaying.pipeline import Stage, decoded, drain, first_frames, segmented
from lwrf_ros.tools.replaying.recording import Recording, open_recording
from lwrf_ros.tools.replaying.run_record import RunRecord


@dataclass(frozen=True)
class ReplayOptions:
    """What to replay, and how.

    Attributes:
        input: Path of the recording.
        output: Folder to write into.
        topics: Image topics of a bag; none takes the only one that there is or that is meant.
        camera_names: A name for each topic; none makes them from the topics.
        engine: Which network makes the labels.
        max_frames: Number of frames to stop after, None for all.
        overwrite: Whether an earlier replay's output may be removed.
    """

    input: Path
    output: Path
    topics: Sequence[str] = ()
    camera_names: Sequence[str] = ()
    engine: EngineOptions = field(default_factory=EngineOptions)
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
    with open_recording(options.input, options.topics) as recording:
        cameras = cameras_of(recording.topics, options.camera_names)
        engine = open_engine(options.engine)
        classes = engine.segmenter.classes
        record = RunRecord(
            input=str(options.input),
            settings=settings_of(engine, options.engine),
            versions=versions(),
            class_names=list(classes.names),
            colours=classes.colours.tolist(),
            cameras=cameras,
        )
        make_output_folder(options.output, options.input, options.overwrite)
        outputs = Outputs(options.output, record, classes, options.engine.overlay_alpha)
        started_s = time.monotonic()
        try:
            with terminated_like_interrupted():
                _run(recording, engine.segmenter, outputs, options)
            record.complete = True
        finally:
            record.faults = recording.faults
            record.wall_s = time.monotonic() - started_s
            outputs.close()
            engine.segmenter.close()
    return record


def _run(
    recording: Recording, segmenter: Segmenter, outputs: Outputs, options: ReplayOptions
) -> None:
    counts = [count for count in (recording.count, options.max_frames) if count is not None]
    description = f"replaying {recording.description}"
    reading = Stage(decoded(first_frames(recording, options.max_frames)), "reading")
    with progress_bar(description, min(counts, default=None), in_logs=True) as bar:

        def counted(items: Iterable[Item]) -> Iterator[Item]:
            for item in items:
                yield item
                bar.update(isinstance(item, FrameWork))

        try:
            results = segmented(reading, segmenter, options.engine.min_confidence)
            drain(counted(results), outputs.add)
        finally:
            reading.stop()
