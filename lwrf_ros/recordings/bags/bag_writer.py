# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A rosbag2 in MCAP that can be read at any moment while it is written."""

from __future__ import annotations

import copy
import time
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import yaml
from mcap.writer import CompressionType, Writer

from lwrf_ros.bounded_yaml import load_bounded
from lwrf_ros.files import replace_file
from lwrf_ros.recordings.bags.definitions import Definition

METADATA_FILE = "metadata.yaml"
METADATA_VERSION = 9  # of Jazzy and Kilted
# Large chunks, because one index entry a chunk is all that grows with the length of a recording.
CHUNK_BYTES = 8 * 2**20
CHECKPOINT_EVERY_S = 2.0
# At most this fraction of the time goes into checkpoints, however long the index is.
CHECKPOINT_SHARE = 0.02


class _Topic(NamedTuple):
    channel: int
    definition: Definition


class _HeldBack:
    """A stream that keeps what is written until `commit`, and can be taken back to a position.

    The writer's own copy (see `BagWriter.checkpoint`) shares it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = 0
        self._pending = bytearray()

    def write(self, data: bytes) -> int:
        self._pending += data
        return len(data)

    def tell(self) -> int:
        return self._start + len(self._pending)

    def flush(self) -> None:
        """Do nothing: `commit` decides."""

    def commit(self, end: int) -> None:
        """Write everything at once; later writes begin at `end`, over what lies behind it."""
        self._file.seek(self._start)
        self._file.write(self._pending)
        self._file.truncate()
        self._start = end
        self._pending = bytearray()

    def close(self) -> None:
        self._file.close()

    def __deepcopy__(self, memo: dict[int, Any]) -> _HeldBack:
        return self


class BagWriter:
    """Writes messages into a new rosbag2 folder.

    A checkpoint every two seconds leaves a whole bag on the disk: what has been written so far, the
    index behind it and ``metadata.yaml``. The next one goes over the index. A process that is
    killed loses what came after the last checkpoint and no more.

    Args:
        folder: The bag's folder; it is there and holds no bag.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"{folder.resolve().name}.mcap"
        # Unbuffered: what a checkpoint writes shall reach the file in one piece.
        self._stream = _HeldBack((folder / self._name).open("xb", buffering=0))
        stream: Any = self._stream
        self._writer = Writer(stream, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2")
        self._schemas: dict[str, int] = {}
        self._topics: dict[str, _Topic] = {}
        self._counts: Counter[str] = Counter()
        self._first_ns: int | None = None
        self._last_ns = 0
        self._due_s = 0.0
        self.checkpoint()

    def add_topic(self, topic: str, definition: Definition) -> None:
        """Declare a topic; messages of it may follow."""
        message_type = definition.message_type
        if message_type not in self._schemas:
            self._schemas[message_type] = self._writer.register_schema(
                message_type, definition.encoding, definition.text.encode()
            )
        channel = self._writer.register_channel(
            topic,
            "cdr",
            self._schemas[message_type],
            {"offered_qos_profiles": definition.qos},
        )
        self._topics[topic] = _Topic(channel, definition)

    def write(self, topic: str, time_ns: int, data: bytes) -> None:
        """Append a message.

        Args:
            topic: One that was declared.
            time_ns: When it was recorded, nanoseconds.
            data: The message in CDR.
        """
        channel = self._topics[topic].channel
        self._writer.add_message(channel, time_ns, data, time_ns, self._counts[topic])
        self._counts[topic] += 1
        self._first_ns = time_ns if self._first_ns is None else min(self._first_ns, time_ns)
        self._last_ns = max(self._last_ns, time_ns)

    @property
    def checkpoint_is_due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() >= self._due_s

    def checkpoint(self) -> None:
        """Make a whole bag of what has been written."""
        started_s = time.monotonic()
        self._writer.flush()  # type: ignore[no-untyped-call]
        end = self._stream.tell()
        # The copy writes the index and is done for; the original never learns of it.
        copy.deepcopy(self._writer).finish()  # type: ignore[no-untyped-call]
        self._stream.commit(end)
        self._write_metadata()
        now_s = time.monotonic()
        pause_s = max(CHECKPOINT_EVERY_S, (now_s - started_s) / CHECKPOINT_SHARE)
        self._due_s = now_s + pause_s

    def close(self) -> None:
        """Finish the bag."""
        self.checkpoint()
        self._stream.close()

    def _write_metadata(self) -> None:
        start_ns = self._first_ns or 0
        duration_ns = self._last_ns - start_ns if self._counts else 0
        extent = {
            "starting_time": {"nanoseconds_since_epoch": start_ns},
            "duration": {"nanoseconds": duration_ns},
            "message_count": self._counts.total(),
        }
        topics = [
            {
                "topic_metadata": {
                    "name": name,
                    "type": topic.definition.message_type,
                    "serialization_format": "cdr",
                    "offered_qos_profiles": _profiles(topic.definition.qos),
                    "type_description_hash": topic.definition.digest,
                },
                "message_count": self._counts[name],
            }
            for name, topic in self._topics.items()
        ]
        information = {
            "version": METADATA_VERSION,
            "storage_identifier": "mcap",
            "relative_file_paths": [self._name],
            **extent,
            "topics_with_message_count": topics,
            "compression_format": "",
            "compression_mode": "",
            # A copy, or YAML would write references.
            "files": [{"path": self._name, **copy.deepcopy(extent)}],
            "custom_data": None,
            "ros_distro": "",
        }
        text = yaml.safe_dump({"rosbag2_bagfile_information": information}, sort_keys=False)
        replace_file(self._folder / METADATA_FILE, text.encode(), sync=False)


def files_of_bag(folder: Path) -> list[str]:
    """Return the names of the files in a folder that a bag there consists of."""
    try:
        content = load_bounded((folder / METADATA_FILE).read_text(encoding="utf-8"))
        named = content["rosbag2_bagfile_information"]["relative_file_paths"]
    except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError):
        named = []
    simple = [str(name) for name in named if Path(str(name)).name == name]
    own = [f"{folder.resolve().name}.mcap", METADATA_FILE]
    return list(dict.fromkeys([*simple, *own]))


def _profiles(text: str) -> list[Any]:
    """Return QoS profiles as metadata.yaml has them."""
    try:
        profiles = load_bounded(text)
    except yaml.YAMLError:
        return []
    return profiles if isinstance(profiles, list) else []
