# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A ROS 1 bag: by its index, or from front to back where the recorder never wrote one."""

from __future__ import annotations

import bz2
import io
import struct
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import lz4.frame
from rosbags.rosbag1 import Reader

from lwrf_ros.recordings.bags.storage import BagTopic, Progress, RawMessage
from lwrf_ros.recordings.faults import DAMAGED_PART, TRUNCATED_FILE, Faults

_MAGIC = b"#ROSBAG V2.0\n"
_MESSAGE, _CHUNK, _CONNECTION = 2, 5, 7
_DECOMPRESS: dict[bytes, Callable[[bytes], bytes]] = {
    b"none": bytes,
    b"bz2": bz2.decompress,
    b"lz4": lz4.frame.decompress,
}


class _Plain:
    def decompress(self, data: bytes) -> bytes:
        return data


_PARTLY: dict[bytes, Callable[[], Any]] = {
    b"none": _Plain,
    b"bz2": bz2.BZ2Decompressor,
    b"lz4": lz4.frame.LZ4FrameDecompressor,
}


class _Record(NamedTuple):
    fields: dict[bytes, bytes]
    data: bytes


class Ros1File:
    """A ROS 1 bag; see `BagFile`.

    Args:
        path: The file.
        faults: Where to note what is wrong with it.

    Raises:
        Exception: If it is no bag at all.
    """

    def __init__(self, path: Path, faults: Faults) -> None:
        self._path = path
        self._faults = faults
        self.ros1 = True
        self.topics: dict[str, BagTopic] = {}
        self.start_ns: int | None = None
        self.end_ns: int | None = None
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ValueError("it does not begin as a ROS 1 bag does")
        self._reader: Reader | None = Reader(path)
        try:
            self._reader.open()
        except Exception:
            self._reader = None
            self._scan_contents()
            return
        for connection in self._reader.connections:
            self._add_topic(
                connection.topic, connection.msgtype, connection.msgdef.data, connection.msgcount
            )
        if self._reader.message_count:
            self.start_ns, self.end_ns = self._reader.start_time, self._reader.end_time - 1

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Read the messages of some topics in the order of their reception."""
        progress = Progress()
        if self._reader is not None:
            connections = [one for one in self._reader.connections if one.topic in topics]
            if not connections:
                return
            try:
                for connection, time_ns, data in self._reader.messages(connections):
                    progress.note(connection.topic, time_ns)
                    yield RawMessage(connection.topic, time_ns, data)
                return
            except Exception as error:
                self._faults.add(DAMAGED_PART, f"{self._path} is damaged: {error}")
        for message in self._scan(Faults() if self._reader else self._faults):
            if message.topic in topics and not progress.was_given(message.topic, message.time_ns):
                yield message

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()

    def _add_topic(self, name: str, message_type: str, definition: str, count: int) -> None:
        earlier = self.topics.get(name)
        count += earlier.count if earlier else 0
        self.topics[name] = BagTopic(message_type, count, definition)

    def _scan_contents(self) -> None:
        counts: Counter[str] = Counter()
        for message in self._scan(Faults()):
            counts[message.topic] += 1
            time_ns = message.time_ns
            self.start_ns = time_ns if self.start_ns is None else min(self.start_ns, time_ns)
            self.end_ns = time_ns if self.end_ns is None else max(self.end_ns, time_ns)
        self.topics = {
            name: replace(topic, count=counts[name]) for name, topic in self.topics.items()
        }

    def _scan(self, faults: Faults) -> Iterator[RawMessage]:
        """Read every message that there is, in the file's order, and learn the topics."""
        names: dict[bytes, str] = {}
        for record in self._records(faults):
            kind = record.fields.get(b"op", b"\0")[0]
            connection = record.fields.get(b"conn", b"")
            if kind == _CONNECTION:
                about = _fields(record.data)
                name = "/" + record.fields[b"topic"].decode().strip("/")
                names[connection] = name
                if name not in self.topics:
                    definition = about.get(b"message_definition", b"").decode(errors="replace")
                    self._add_topic(name, about[b"type"].decode(), definition, 0)
            elif kind == _MESSAGE and connection in names:
                seconds, nanoseconds = struct.unpack("<II", record.fields[b"time"])
                time_ns = seconds * 1_000_000_000 + nanoseconds
                yield RawMessage(names[connection], time_ns, record.data)

    def _records(self, faults: Faults) -> Iterator[_Record]:
        """Read the records of the file, those inside its chunks instead of the chunks."""
        with self._path.open("rb") as file:
            file.seek(len(_MAGIC))
            while True:
                position = file.tell()
                try:
                    record = _read_record(file)
                except (EOFError, struct.error):
                    detail = f"{self._path} ends before its end, at byte {position}"
                    faults.add(TRUNCATED_FILE, detail)
                    file.seek(position)
                    yield from _records_of_cut_chunk(file)
                    return
                if record is None:
                    return
                if record.fields.get(b"op") != bytes([_CHUNK]):
                    yield record
                    continue
                try:
                    decompress = _DECOMPRESS[record.fields[b"compression"]]
                    inside = list(_records_in(decompress(record.data)))
                except Exception as error:
                    detail = f"{self._path} is damaged at byte {position}: {error}"
                    faults.add(DAMAGED_PART, detail)
                    continue
                yield from inside


def _records_of_cut_chunk(file: BinaryIO) -> Iterator[_Record]:
    """Read what there is of the file's last chunk."""
    with suppress(Exception):
        fields = _fields(_exactly(file, struct.unpack("<I", file.read(4))[0]))
        if fields[b"op"] == bytes([_CHUNK]):
            file.seek(4, io.SEEK_CUR)
            yield from _records_in(_PARTLY[fields[b"compression"]]().decompress(file.read()))


def _records_in(data: bytes) -> Iterator[_Record]:
    stream = io.BytesIO(data)
    while (record := _read_record(stream)) is not None:
        yield record


def _read_record(stream: BinaryIO) -> _Record | None:
    """Read a record; None at the end.

    Raises:
        EOFError: If it is cut.
    """
    start = stream.read(4)
    if not start:
        return None
    header = _exactly(stream, struct.unpack("<I", start.ljust(4, b"\xff"))[0])
    return _Record(_fields(header), _exactly(stream, struct.unpack("<I", _exactly(stream, 4))[0]))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _fields(header: bytes) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    offset = 0
    while offset < len(header):
        (length,) = struct.unpack_from("<I", header, offset)
        name, _, value = header[offset + 4 : offset + 4 + length].partition(b"=")
        fields[name] = value
        offset += 4 + length
    return fields
