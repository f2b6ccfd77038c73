# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Messages of a ROS bag as recorded: any storage, any topic, in the order of their reception."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import replace
from operator import attrgetter, itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory

import zstandard

from lwrf_ros.recordings.bags.bag_files import ZSTD_MAGIC, decompress_file, files_of
from lwrf_ros.recordings.bags.mcap_file import McapFile
from lwrf_ros.recordings.bags.ros1_file import Ros1File
from lwrf_ros.recordings.bags.sqlite_file import SqliteFile
from lwrf_ros.recordings.bags.storage import BagFile, BagTopic, RawMessage
from lwrf_ros.recordings.faults import (
    OVERLAPPING_FILES,
    TRUNCATED_FILE,
    TYPE_NAME,
    UNDECLARED_COMPRESSION,
    UNREADABLE_MESSAGE,
    Faults,
    NoFaults,
)
from lwrf_ros.recordings.frame import FrameError

ROS1_SUFFIX = ".bag"
_OPENERS: dict[str, Callable[[Path, Faults], BagFile]] = {
    ROS1_SUFFIX: Ros1File,
    ".db3": SqliteFile,
    ".mcap": McapFile,
}


class BagMessages:
    """A bag that is open for reading.

    Args:
        path: Folder of a rosbag2, a ``.db3`` or ``.mcap`` file of one (or such a file compressed by
            zstd), or a ROS 1 ``.bag``.
        faults: Where to note what is wrong with it while its reading goes on; None makes every
            fault the end.

    Attributes:
        path: The same.
        faults: The same.
        ros1: Whether its messages are serialised as ROS 1 does.
        topics: Its topics by name, with message types in full.
        duration_s: Seconds from the first to the last message of all topics, as far as known.

    Raises:
        FrameError: If there is no bag or it cannot be opened.
    """

    def __init__(self, path: Path, faults: Faults | None = None) -> None:
        self.path = path
        self.faults = NoFaults() if faults is None else faults
        self._open = ExitStack()
        self._files: list[BagFile] = []
        self.topics: dict[str, BagTopic] = {}
        try:
            files = files_of(path, self.faults)
            self._compressed_messages = files.compressed_messages
            folder = Path(self._open.enter_context(TemporaryDirectory(prefix="lwrf_bag_")))
            for file in files.paths:
                self._open_file(decompress_file(file, folder, self.faults), len(files.paths) > 1)
            if not self._files:
                raise FrameError(f"cannot read the bag {path}: not one of its files can be read")
        except BaseException:
            self.close()
            raise
        self.ros1 = any(file.ros1 for file in self._files)
        starts = [file.start_ns for file in self._files if file.start_ns is not None]
        ends = [file.end_ns for file in self._files if file.end_ns is not None]
        self.duration_s = (max(ends) - min(starts)) * 1e-9 if starts and ends else 0.0

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Read the messages of some topics in the order of their reception.

        Raises:
            FrameError: If the bag cannot be read any further and its faults are not only noted.
        """
        for files in self._of_one_time():
            if len(files) > 1:
                self.faults.add(
                    OVERLAPPING_FILES,
                    f"{len(files)} files of the bag {self.path} hold messages of the same time, "
                    "which are sorted",
                )
            # Files that follow each other are not opened together: each first message would be
            # in memory.
            streams = [file.messages(topics) for file in files]
            for message in heapq.merge(*streams, key=attrgetter("time_ns")):
                whole = self._decompressed(message)
                if whole is not None:
                    yield whole

    def _of_one_time(self) -> Iterator[list[BagFile]]:
        """Give the files in time's order, those together whose times overlap."""
        timed: list[tuple[int, int, BagFile]] = []
        last_ns = 0
        for file in self._files:
            # One that cannot tell, being damaged, has its place behind the one before it.
            start_ns = last_ns if file.start_ns is None else file.start_ns
            last_ns = start_ns if file.end_ns is None else file.end_ns
            timed.append((start_ns, last_ns, file))
        together: list[BagFile] = []
        for start_ns, end_ns, file in sorted(timed, key=itemgetter(0)):
            if together and start_ns >= last_ns:
                yield together
                together = []
            last_ns = max(end_ns, last_ns) if together else end_ns
            together.append(file)
        if together:
            yield together

    def close(self) -> None:
        """Close the bag."""
        self._open.close()

    def _open_file(self, path: Path, others: bool) -> None:
        try:
            file = _OPENERS[path.suffix](path, self.faults)
        except FrameError:
            raise
        except Exception as error:
            detail = f"cannot read the bag {path}: {type(error).__name__} {error}"
            advice = "give the folder of a rosbag2, one .db3 or .mcap file, or a ROS 1 .bag"
            if not others:
                raise FrameError(f"{detail}; {advice}") from error
            # What is left of a bag without one of its files is still worth something.
            self.faults.add(TRUNCATED_FILE, detail, advice)
            return
        self._files.append(file)
        self._open.callback(file.close)
        for name, topic in file.topics.items():
            message_type = full_type(topic.message_type)
            earlier = self.topics.get(name)
            if earlier is None and message_type != topic.message_type and not file.ros1:
                self.faults.add(
                    TYPE_NAME, f"{name} has the type {topic.message_type}, wanted {message_type}"
                )
            count = topic.count + (earlier.count if earlier else 0)
            self.topics[name] = replace(topic, message_type=message_type, count=count)

    def _decompressed(self, message: RawMessage) -> RawMessage | None:
        if self.ros1 or not message.data.startswith(ZSTD_MAGIC):
            return message
        if not self._compressed_messages:
            self.faults.add(
                UNDECLARED_COMPRESSION,
                f"the messages of {self.path} are compressed one by one, which nothing but the "
                "bag's metadata.yaml says",
                "give the bag's folder instead of the file",
            )
        try:
            data = zstandard.ZstdDecompressor().decompressobj().decompress(message.data)
        except zstandard.ZstdError as error:
            self.faults.add(
                UNREADABLE_MESSAGE, f"a message of {message.topic} is not whole: {error}"
            )
            return None
        return message._replace(data=data)


def full_type(name: str) -> str:
    """Return a message type of ROS with its ``/msg/``, which some recorders leave out."""
    package, slash, message = name.rpartition("/")
    return f"{package.removesuffix('/msg')}/msg/{message}" if slash else name
