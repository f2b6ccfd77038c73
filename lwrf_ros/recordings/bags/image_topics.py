# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Image messages of a ROS bag, as recorded."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, get_typestore

from lwrf_ros.recordings.bags.bag_messages import BagMessages
from lwrf_ros.recordings.bags.storage import RawMessage
from lwrf_ros.recordings.faults import TIME_BACKWARDS, TRAILING_BYTES, UNREADABLE_MESSAGE, Faults
from lwrf_ros.recordings.frame import CompressedImage, Frame, FrameError, FrameSource, RawImage
from lwrf_ros.stamps import stamp_to_ns

RAW_TYPE = "sensor_msgs/msg/Image"
COMPRESSED_TYPE = "sensor_msgs/msg/CompressedImage"
_USUAL_NAME = re.compile(r"/image(_\w+)?(/compressed)?$")


class BagFrames(FrameSource):
    """The messages of one image topic of a bag.

    Attributes:
        topic: Name of the topic.
    """

    has_stamps = True

    def __init__(self, path: Path, topic: str | None = None, faults: Faults | None = None) -> None:
        """Open a bag and choose the topic.

        Args:
            path: Folder of a rosbag2, a ``.db3`` or ``.mcap`` file of one, or a ROS 1 ``.bag``.
            topic: Name of the topic; None takes the only image topic that there is, or the only one
                that is called as cameras call theirs (image, image_raw, ...).
            faults: As of `BagMessages`.

        Raises:
            FrameError: No such bag, no image topic, or several and none was named.
        """
        self._bag = BagMessages(path, faults)
        try:
            (self.topic,) = choose_image_topics(self._bag, [topic] if topic is not None else [])
        except FrameError:
            self.close()
            raise
        about = self._bag.topics[self.topic]
        self._reader = ImageReader(about.message_type, self._bag)
        self.description = f"{path.name}:{self.topic}"
        self.compressed = about.message_type == COMPRESSED_TYPE
        self.count = about.count
        # A bag's duration covers all its topics: good enough for a display.
        seconds = self._bag.duration_s
        self.rate_hz = (self.count - 1) / seconds if self.count > 1 and seconds > 0 else None

    def __iter__(self) -> Iterator[Frame]:
        """Read the messages in the order of their reception."""
        for message in self._bag.messages([self.topic]):
            frame = self._reader.read(message)
            if frame is not None:
                yield frame

    def close(self) -> None:
        """Close the bag."""
        self._bag.close()


class ImageReader:
    """Reads the messages of an image topic.

    The two image types are the same in every ROS release, so the types that the bag itself may
    define are not looked at: a bag with a damaged or strange definition of some other type plays.

    Args:
        message_type: sensor_msgs/msg/Image or CompressedImage.
        bag: The bag that they are of; their faults are noted there.
    """

    def __init__(self, message_type: str, bag: BagMessages) -> None:
        types = get_typestore(Stores.ROS1_NOETIC if bag.ros1 else Stores.LATEST)
        self._deserialize = types.deserialize_ros1 if bag.ros1 else types.deserialize_cdr
        self._type = message_type
        self._bag = bag
        self._last_ns: tuple[int, int] | None = None

    def read(self, message: RawMessage) -> Frame | None:
        """Read a message.

        Returns:
            The frame; None if its bytes are no message of the type, which is noted as a fault.

        Raises:
            FrameError: If the bag's faults are not only noted.
        """
        try:
            read: Any = self._deserialize(message.data, self._type)
        except SerdeError as error:
            read = self._without_what_is_behind(message, error)
            if read is None:
                return None
        frame = self._frame(message.time_ns, read)
        times = (frame.stamp_ns, frame.time_ns)
        if self._last_ns is not None and any(map(operator.lt, times, self._last_ns)):
            self._bag.faults.add(
                TIME_BACKWARDS, f"the time of {message.topic} goes back, to stamp {times[0]} ns"
            )
        self._last_ns = times
        return frame

    def _without_what_is_behind(self, message: RawMessage, error: SerdeError) -> Any | None:
        """Read a message with bytes behind its end, which ROS' own reader does not mind."""
        if not self._bag.ros1:
            from rclpy.serialization import deserialize_message
            from sensor_msgs.msg import CompressedImage as CompressedMessage
            from sensor_msgs.msg import Image as ImageMessage

            kind = CompressedMessage if self._type == COMPRESSED_TYPE else ImageMessage
            try:
                read = deserialize_message(bytes(message.data), kind)
            except Exception:
                read = None  # it says no more than the error that is there
            if read is not None:
                self._bag.faults.add(
                    TRAILING_BYTES, f"a message of {message.topic} is followed by other bytes"
                )
                return read
        self._bag.faults.add(
            UNREADABLE_MESSAGE,
            f"the bag {self._bag.path} cannot be read further on {message.topic}: {error}",
        )
        return None

    def _frame(self, time_ns: int, read: Any) -> Frame:
        stamp = read.header.stamp
        image: RawImage | CompressedImage
        if self._type == COMPRESSED_TYPE:
            image = CompressedImage(read.format, np.asarray(read.data))
        else:
            image = RawImage(
                encoding=read.encoding,
                width=read.width,
                height=read.height,
                step=read.step,
                is_bigendian=bool(read.is_bigendian),
                data=np.asarray(read.data),
            )
        stamp_ns = stamp_to_ns(stamp)
        return Frame(time_ns, stamp_ns, read.header.frame_id, image)


def choose_image_topics(bag: BagMessages, wanted: Sequence[str]) -> list[str]:
    """Choose the topics of a bag to read images from.

    Args:
        bag: The bag.
        wanted: Their names; none takes the only image topic that there is, or the only one that is
            called as cameras call theirs.

    Raises:
        FrameError: No image topic of such a name, or several and none was named.
    """
    images = {
        name: topic
        for name, topic in bag.topics.items()
        if topic.message_type in (RAW_TYPE, COMPRESSED_TYPE)
    }
    listing = "".join(
        f"\n  {name}  ({topic.message_type}, {topic.count} messages)"
        for name, topic in sorted(images.items())
    )
    if not images:
        others = ", ".join(sorted(bag.topics)) or "nothing"
        raise FrameError(
            f"the bag {bag.path} has no topic of sensor_msgs/Image or CompressedImage, only: "
            f"{others}; give a bag with camera images"
        )
    for name in wanted:
        if name not in images:
            raise FrameError(f"the bag {bag.path} has no image topic {name!r}; it has:{listing}")
    if wanted:
        return list(dict.fromkeys(wanted))
    # ROS calls a camera's picture image_raw, image_rect, ...; where just one topic is called so,
    # it is the one that is meant.
    usual = [name for name in images if _USUAL_NAME.search(name)]
    candidates = usual if len(usual) == 1 else list(images)
    if len(candidates) > 1:
        raise FrameError(
            f"the bag {bag.path} has {len(images)} image topics; name one with "
            f"--bag-topic (make demo: TOPIC=...):{listing}"
        )
    return candidates
