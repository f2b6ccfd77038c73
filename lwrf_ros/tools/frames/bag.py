# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Image messages of a ROS bag, as recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rosbags.rosbag1 import Reader as Rosbag1Reader
from rosbags.rosbag1 import ReaderError as Rosbag1Error
from rosbags.rosbag2 import Reader as Rosbag2Reader
from rosbags.rosbag2 import ReaderError as Rosbag2Error
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, get_typestore

from lwrf_ros.tools.frames.frame import CompressedImage, Frame, FrameError, FrameSource, RawImage

BAG_SUFFIXES = (".db3", ".mcap", ".bag")
RAW_TYPE = "sensor_msgs/msg/Image"
COMPRESSED_TYPE = "sensor_msgs/msg/CompressedImage"
_USUAL_NAME = re.compile(r"/image(_\w+)?(/compressed)?$")
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class BagFrames(FrameSource):
    """The messages of one image topic of a bag.

    The two image types are the same in every ROS release, so the types that the bag itself may
    define are not looked at: a bag with a damaged or strange definition of some other type plays.
    """

    has_stamps = True

    def __init__(self, path: Path, topic: str | None = None) -> None:
        """Open a bag and choose the topic.

        Args:
            path: Folder of a rosbag2, a ``.db3`` or ``.mcap`` file of one, or a ROS 1 ``.bag``.
            topic: Name of the topic; None takes the only image topic that there is, or the only one
                that is called as cameras call theirs (image, image_raw, ...).

        Raises:
            FrameError: No such bag, no image topic, or several and none was named.
        """
        self._path = path
        self._ros1 = path.suffix == ".bag"
        try:
            self._reader: Any = Rosbag1Reader(path) if self._ros1 else Rosbag2Reader(path)
            self._reader.open()
        except Exception as error:
            # The readers let struct, sqlite3, zlib and Unicode errors of a damaged file through.
            raise FrameError(
                f"cannot read the bag {path}: {error}; give the folder of a rosbag2 (with its "
                "metadata.yaml), one .db3 or .mcap file, or a ROS 1 .bag"
            ) from error
        try:
            self._connections = self._choose(topic)
        except FrameError:
            self.close()
            raise
        self._type = _full_type(self._connections[0].msgtype)
        self._types = get_typestore(Stores.ROS1_NOETIC if self._ros1 else Stores.LATEST)
        self.topic: str = self._connections[0].topic
        self.description = f"{path.name}:{self.topic}"
        self.compressed = self._type == COMPRESSED_TYPE
        self.count = _count(self._connections)
        # A bag's duration covers all its topics: good enough for a display.
        seconds = self._reader.duration * 1e-9
        self.rate_hz = (self.count - 1) / seconds if self.count > 1 and seconds > 0 else None

    def __iter__(self) -> Iterator[Frame]:
        """Read the messages in the order of their reception."""
        deserialize = self._types.deserialize_ros1 if self._ros1 else self._types.deserialize_cdr
        try:
            for _, time_ns, raw in self._reader.messages(connections=self._connections):
                if bytes(raw[:4]) == ZSTD_MAGIC:
                    raise FrameError(
                        f"the messages of {self._path} are compressed one by one, which only the "
                        "bag's metadata.yaml says; give the bag's folder instead of the file"
                    )
                yield _frame(time_ns, deserialize(raw, self._type), self.compressed)
        except (Rosbag1Error, Rosbag2Error, SerdeError, OSError) as error:
            raise FrameError(
                f"the bag {self._path} cannot be read further on {self.topic}: {error}; check the "
                "bag (ros2 bag info) or play fewer frames (--max-frames)"
            ) from error

    def close(self) -> None:
        """Close the bag."""
        self._reader.close()

    def _choose(self, topic: str | None) -> list[Any]:
        connections = list(self._reader.connections)
        images: dict[str, list[Any]] = {}
        for connection in connections:
            if _full_type(connection.msgtype) in (RAW_TYPE, COMPRESSED_TYPE):
                images.setdefault(connection.topic, []).append(connection)
        listing = "".join(
            f"\n  {name}  ({_full_type(found[0].msgtype)}, {_count(found)} messages)"
            for name, found in sorted(images.items())
        )
        if not images:
            others = (
                ", ".join(sorted({connection.topic for connection in connections})) or "nothing"
            )
            raise FrameError(
                f"the bag {self._path} has no topic of sensor_msgs/Image or CompressedImage, only: "
                f"{others}; give a bag with camera images"
            )
        if topic is not None and topic not in images:
            raise FrameError(f"the bag {self._path} has no image topic {topic!r}; it has:{listing}")
        if topic is None:
            # ROS calls a camera's picture image_raw, image_rect, ...; where just one topic is
            # called so, it is the one that is meant.
            usual = [name for name in images if _USUAL_NAME.search(name)]
            candidates = usual if len(usual) == 1 else list(images)
            if len(candidates) > 1:
                raise FrameError(
                    f"the bag {self._path} has {len(images)} image topics; name one with "
                    f"--bag-topic (make demo: TOPIC=...):{listing}"
                )
            topic = candidates[0]
        return images[topic]


def _count(connections: list[Any]) -> int:
    return sum(connection.msgcount for connection in connections)


def _full_type(name: str) -> str:
    """Return a message type with its ``/msg/``, which some recorders leave out."""
    package, _, message = name.rpartition("/")
    return f"{package.removesuffix('/msg')}/msg/{message}"


def _frame(time_ns: int, message: Any, compressed: bool) -> Frame:
    stamp = message.header.stamp
    image: RawImage | CompressedImage
    if compressed:
        image = CompressedImage(message.format, message.data)
    else:
        image = RawImage(
            encoding=message.encoding,
            width=message.width,
            height=message.height,
            step=message.step,
            is_bigendian=bool(message.is_bigendian),
            data=message.data,
        )
    stamp_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
    return Frame(time_ns, stamp_ns, message.header.frame_id, image)
