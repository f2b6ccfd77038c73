# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""An MCAP file of a bag: by its index, or from front to back where there is none."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.reader import SeekingReader
from mcap.records import Channel, Chunk, Message, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

from lwrf_ros.recordings.bags.storage import BagTopic, Progress, RawMessage
from lwrf_ros.recordings.faults import DAMAGED_PART, TRUNCATED_FILE, Faults

# A length beyond this is no length but damage.
RECORD_LIMIT_BYTES = 2**31
_RECORD_HEAD = struct.Struct("<BQ")


class McapFile:
    """An MCAP file; see `BagFile`.

    Args:
        path: The file.
        faults: Where to note what is wrong with it.

    Raises:
        Exception: If it is no MCAP at all.
    """

    def __init__(self, path: Path, faults: Faults) -> None:
        self._path = path
        self._faults = faults
        self._channels: dict[int, Channel] = {}
        self._schemas: dict[int, Schema] = {}
        self.start_ns: int | None = None
        self.end_ns: int | None = None
        self._file = path.open("rb")
        try:
            self._reader = SeekingReader(self._file, True, record_size_limit=RECORD_LIMIT_BYTES)
            counts = self._read_index()
            # Without an index everything is read once to know what there is, and a second time
            # for the messages; only then is what is wrong noted.
            self._indexed = counts is not None
            if counts is None:
                counts = self._scan_contents()
        except Exception:
            self._file.close()
            raise
        self.topics = self._topics(counts)
        # A ROS 1 bag that was converted to MCAP.
        self.ros1 = any(one.message_encoding == "ros1" for one in self._channels.values())

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Read the messages of some topics in the order of their reception."""
        progress = Progress()
        if self._indexed:
            missing = sum(self.topics[topic].count for topic in topics if topic in self.topics)
            try:
                for _, channel, message in self._reader.iter_messages(topics):
                    progress.note(channel.topic, message.log_time)
                    yield RawMessage(channel.topic, message.log_time, message.data)
                    missing -= 1
                if missing > 0:
                    # A chunk without a checksum can lose its messages without a word.
                    detail = f"{self._path} lacks {missing} messages that its index counts"
                    self._faults.add(DAMAGED_PART, detail)
                return
            except Exception as error:
                self._faults.add(DAMAGED_PART, f"{self._path} is damaged: {error}")
        # What was noted already is not noted again.
        for message in self._scan(Faults() if self._indexed else self._faults):
            topic = self._channels[message.channel_id].topic
            if topic in topics and not progress.was_given(topic, message.log_time):
                yield RawMessage(topic, message.log_time, message.data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_index(self) -> Counter[int] | None:
        """Read the summary; return the number of messages by channel, None without an index."""
        try:
            summary = self._reader.get_summary()
        except Exception:
            return None
        if summary is None or summary.statistics is None:
            return None
        counts = Counter(summary.statistics.channel_message_counts)
        named = {channel for one in summary.chunk_indexes for channel in one.message_index_offsets}
        if (counts.total() and not summary.chunk_indexes) or not named <= set(summary.channels):
            return None
        self._channels, self._schemas = summary.channels, summary.schemas
        if counts.total():
            self.start_ns = summary.statistics.message_start_time
            self.end_ns = summary.statistics.message_end_time
        return counts

    def _scan_contents(self) -> Counter[int]:
        counts: Counter[int] = Counter()
        for message in self._scan(Faults()):
            counts[message.channel_id] += 1
            time_ns = message.log_time
            self.start_ns = time_ns if self.start_ns is None else min(self.start_ns, time_ns)
            self.end_ns = time_ns if self.end_ns is None else max(self.end_ns, time_ns)
        return counts

    def _topics(self, counts: Counter[int]) -> dict[str, BagTopic]:
        topics: dict[str, BagTopic] = {}
        for number, channel in self._channels.items():
            schema = self._schemas.get(channel.schema_id)
            earlier = topics.get(channel.topic)
            topics[channel.topic] = BagTopic(
                schema.name if schema else "",
                counts[number] + (earlier.count if earlier else 0),
                schema.data.decode(errors="replace") if schema else "",
                schema.encoding if schema else "",
                qos=channel.metadata.get("offered_qos_profiles", ""),
            )
        return topics

    def _scan(self, faults: Faults) -> Iterator[Message]:
        """Read every message that there is, in the file's order, and learn the channels."""
        for record in self._records(faults):
            if isinstance(record, Schema):
                self._schemas[record.id] = record
            elif isinstance(record, Channel):
                self._channels[record.id] = record
            elif isinstance(record, Message) and record.channel_id in self._channels:
                yield record

    def _records(self, faults: Faults) -> Iterator[Any]:
        self._file.seek(0)
        stream = StreamReader(
            self._file, emit_chunks=True, record_size_limit=RECORD_LIMIT_BYTES
        ).records
        while True:
            position = self._file.tell()
            try:
                record = next(stream)
            except StopIteration:
                return
            except Exception as error:
                reason = f"{type(error).__name__} {error}".strip()
                faults.add(
                    TRUNCATED_FILE,
                    f"{self._path} ends before its end, at byte {position} ({reason})",
                )
                yield from self._last_records(position)
                return
            if not isinstance(record, Chunk):
                yield record
                continue
            try:
                records = breakup_chunk(record, validate_crc=True)
            except Exception as error:
                faults.add(DAMAGED_PART, f"{self._path} is damaged at byte {position}: {error}")
                continue
            yield from records

    def _last_records(self, position: int) -> Iterator[Any]:
        """Read what there is of a chunk that is cut."""
        try:
            self._file.seek(position)
            opcode, _ = _RECORD_HEAD.unpack(self._file.read(_RECORD_HEAD.size))
            if opcode != Opcode.CHUNK:
                return
            chunk = Chunk.read(ReadDataStream(self._file))
            data = _partly_decompressed(chunk.compression, chunk.data)
            records = []
            offset = 0
            while offset + _RECORD_HEAD.size <= len(data):
                opcode, length = _RECORD_HEAD.unpack_from(data, offset)
                offset += _RECORD_HEAD.size + length
                if offset > len(data):
                    break
                records.append(data[offset - length - _RECORD_HEAD.size : offset])
        except Exception:
            return
        for content in records:
            yield from breakup_chunk(Chunk("", content, 0, 0, 0, len(content)))


def _partly_decompressed(compression: str, data: bytes) -> bytes:
    if compression == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    if compression == "lz4":
        return lz4.frame.LZ4FrameDecompressor().decompress(data)
    return data
