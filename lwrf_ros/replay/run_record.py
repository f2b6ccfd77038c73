# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Record of a replay beside its bag: ``replay.json`` about the run, ``frames.csv`` by frame."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from lwrf_ros.errors import LwrfError
from lwrf_ros.files import replace_file
from lwrf_ros.input_file import refuse_special

FORMAT = 1
RECORD_FILE = "replay.json"
FRAMES_FILE = "frames.csv"
PROCESSED = "processed"


class RunRecordError(LwrfError):
    """A folder is not the output of a replay, or its files are damaged."""


@dataclass(frozen=True)
class CameraTopics:
    """One replayed camera.

    Attributes:
        topic: The input's image topic; for a video or a folder one that was made up.
        name: The camera's name among several, empty for the only one.
        labels: Topic of its labels in the output.
        overlay: Topic of its overlay, JPEG.
        coverage: Topic of its coverage.
    """

    topic: str
    name: str
    labels: str
    overlay: str
    coverage: str


@dataclass
class TopicAccount:
    """Counts of the frames of a topic by outcome: ``read = processed + refused``.

    Attributes:
        read: Frames that were read.
        processed: Frames with labels.
        refused: Frames without, by the reasons of the node's decoding.
    """

    read: int = 0
    processed: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class RunRecord:
    """Record of a replay: its input, its settings, its outcome.

    Attributes:
        input: Path of the recording as it was given.
        settings: Everything that the labels depend on: backbone, weights_sha256, precision, ...
        versions: Of this package and of those that compute, by name.
        class_names: By class index.
        colours: ``[red, green, blue]``, 0 to 255, by class index.
        cameras: The replayed cameras.
        account: By input topic.
        faults: What was wrong with the recording, by kind; see docs/replay.md.
        fault_details: Of each kind the first one, in words.
        complete: False until the recording was read to its end.
        wall_s: Seconds from the first frame's reading to the last message's writing.
    """

    input: str
    settings: dict[str, Any]
    versions: dict[str, str]
    class_names: list[str]
    colours: list[list[int]]
    cameras: list[CameraTopics]
    account: dict[str, TopicAccount] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    fault_details: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    wall_s: float = 0.0

    def write(self, folder: Path) -> None:
        """Write ``replay.json``; whoever reads meanwhile sees the old one or the new one, whole."""
        # Piece by piece: asdict would make a Counter anew from pairs, and count those.
        content = {
            "format": FORMAT,
            **vars(self),
            "cameras": [asdict(camera) for camera in self.cameras],
            "account": {topic: vars(account) for topic, account in self.account.items()},
        }
        text = json.dumps(content, indent=2, ensure_ascii=False)
        replace_file(folder / RECORD_FILE, f"{text}\n".encode(), sync=False)

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Read ``replay.json`` of an output folder.

        Raises:
            RunRecordError: If there is none, or it is not one that this version can read.
        """
        path = folder / RECORD_FILE
        refuse_special(path, "the record", RunRecordError)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunRecordError(
                f"{folder} has no {RECORD_FILE}; give the output folder of a lwrf replay"
            ) from None
        except (OSError, ValueError) as error:
            raise RunRecordError(f"cannot read {path}: {error}; replay again") from error
        found = content.pop("format", None) if isinstance(content, dict) else None
        if found != FORMAT:
            raise RunRecordError(
                f"{path} has the format {found!r}, wanted {FORMAT}; replay again with this version"
            )
        try:
            content["cameras"] = [CameraTopics(**camera) for camera in content["cameras"]]
            content["account"] = {
                topic: TopicAccount(one["read"], one["processed"], Counter(one["refused"]))
                for topic, one in content["account"].items()
            }
            content["faults"] = Counter(content["faults"])
            return cls(**content)
        except (KeyError, TypeError, AttributeError) as error:
            raise RunRecordError(
                f"{path} is not as lwrf replay writes it ({error}); replay again"
            ) from error


class FrameRow(NamedTuple):
    """One frame that was read, in the order of reading.

    Attributes:
        topic: Its input topic.
        index: Its place among the frames of its topic, from 0.
        stamp_ns: Stamp of its header, nanoseconds.
        log_ns: When it was recorded, nanoseconds.
        outcome: `PROCESSED`, or the reason of its refusal.
        engine_ms: Time in the engine, milliseconds; None for a refused frame.
    """

    topic: str
    # Hides the method of tuples, which nobody calls on a row.
    index: int  # type: ignore[assignment]
    stamp_ns: int
    log_ns: int
    outcome: str
    engine_ms: float | None


class FrameTable:
    """Writes ``frames.csv`` row by row.

    Args:
        folder: The output folder.
    """

    def __init__(self, folder: Path) -> None:
        self._file: TextIO = (folder / FRAMES_FILE).open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(FrameRow._fields)
        # Whoever is killed before the first checkpoint leaves a table without rows, not half one.
        self._file.flush()

    def add(self, row: FrameRow) -> None:
        """Append a row."""
        engine = "" if row.engine_ms is None else f"{row.engine_ms:.3f}"
        self._writer.writerow([*row[:-1], engine])

    def flush(self) -> None:
        """Hand what was added to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_frames(folder: Path) -> Iterator[FrameRow]:
    """Read ``frames.csv`` of an output folder row by row.

    Raises:
        RunRecordError: If there is none or a row is not whole; the last row of a run that was
            killed may be cut and is left out.
    """
    path = folder / FRAMES_FILE
    refuse_special(path, "the table", RunRecordError)
    try:
        file = path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise RunRecordError(
            f"cannot read {path}: {error.strerror}; give the output folder of a lwrf replay"
        ) from error
    with file:
        if file.readline().rstrip("\n") != ",".join(FrameRow._fields):
            raise RunRecordError(f"{path} has other columns than this version's; replay again")
        for number, line in enumerate(file, start=2):
            if not line.endswith("\n"):
                return
            try:
                topic, index, stamp_ns, log_ns, outcome, engine = next(csv.reader([line]))
                engine_ms = float(engine) if engine else None
                yield FrameRow(topic, int(index), int(stamp_ns), int(log_ns), outcome, engine_ms)
            except (ValueError, StopIteration) as error:
                raise RunRecordError(f"{path}, line {number}: {error}; replay again") from error
