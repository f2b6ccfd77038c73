# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Messages of a ROS bag as recorded: any storage, any topic, in the order of their reception."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rosbags.rosbag1 import Reader as Rosbag1Reader
from rosbags.rosbag1 import ReaderError as Rosbag1Error
from rosbags.rosbag2 import Reader as Rosbag2Reader
from rosbags.rosbag2 import ReaderError as Rosbag2Error

from lwrf_ros.tools.frames.frame import FrameError

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class RawMessage(NamedTuple):
    """A message as it lies in the bag.

    Attributes:
        topic: Its topic.
        time_ns: When the recorder received it, nanoseconds.
        data: Its bytes: CDR, or ROS 1's serialisation in a ROS 1 bag.
    """

    topic: str
    time_ns: int
    data: bytes


class BagTopic(NamedTuple):
    """What a bag says of a topic.

    Attributes:
        message_type: In full, sensor_msgs/msg/Image for example, however the bag writes it.
        count: Number of messages, as far as the bag tells.
        definition: Text of the message's definition, empty where the bag has none.
        is_idl: Whether that is IDL.
        digest: Hash of the type (RIHS01), empty where the bag has none.
    """

    message_type: str
    count: int
    definition: str
    is_idl: bool
    digest: str


class BagMessages:
    """A bag that is open for reading.

    Args:
        path: Folder of a rosbag2, a ``.db3`` or ``.mcap`` file of one, or a ROS 1 ``.bag``.

    Attributes:
        path: The same.
        ros1: Whether it is a ROS 1 bag.
        topics: Its topics by name.
        duration_s: Seconds from the first to the last message of all topics.

    Raises:
        FrameError: If there is no bag or it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ros1 = path.suffix == ".bag"
        try:
            self._reader: Any = Rosbag1Reader(path) if self.ros1 else Rosbag2Reader(path)
            self._reader.open()
        except Exception as error:
            # The readers let struct, sqlite3, zlib and Unicode errors of a damaged file through.
            raise FrameError(
                f"cannot read the bag {path}: {error}; give the folder of a rosbag2 (with its "
                "metadata.yaml), one .db3 or .mcap file, or a ROS 1 .bag"
            ) from error
        self.duration_s = self._reader.duration * 1e-9
        self.topics: dict[str, BagTopic] = {}
        for connection in self._reader.connections:
            earlier = self.topics.get(connection.topic)
            text = connection.msgdef.data
            self.topics[connection.topic] = BagTopic(
                full_type(connection.msgtype),
                connection.msgcount + (earlier.count if earlier else 0),
                text,
                connection.msgdef.format.name == "IDL",
                "" if self.ros1 else connection.digest,
            )

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Read the messages of some topics.

        Raises:
            FrameError: If the bag cannot be read any further.
        """
        connections = [one for one in self._reader.connections if one.topic in topics]
        if not connections:
            return
        try:
            for connection, time_ns, data in self._reader.messages(connections=connections):
                if not self.ros1 and bytes(data[:4]) == ZSTD_MAGIC:
                    raise FrameError(
                        f"the messages of {self.path} are compressed one by one, which only the "
                        "bag's metadata.yaml says; give the bag's folder instead of the file"
                    )
                yield RawMessage(connection.topic, time_ns, data)
        except (Rosbag1Error, Rosbag2Error, OSError) as error:
            raise FrameError(
                f"the bag {self.path} cannot be read further: {error}; check the bag (ros2 bag "
                "info) or play fewer frames (--max-frames)"
            ) from error

    def close(self) -> None:
        """Close the bag."""
        self._reader.close()


def full_type(name: str) -> str:
    """Return a message type with its ``/msg/``, which some recorders leave out."""
    package, _, message = name.rpartition("/")
    return f"{package.removesuffix('/msg')}/msg/{message}"
