# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The input of a replay: the cameras' frames and the other messages that it needs, in order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rclpy.serialization import serialize_message

from lwrf_ros.processes.player import COMPRESSED_SUFFIX, to_message
from lwrf_ros.recordings import DamagedImage, FrameError, FrameSource, open_frames
from lwrf_ros.recordings.bags.bag_messages import BagMessages
from lwrf_ros.recordings.bags.definitions import Definition, Ros1Converter, definition_of
from lwrf_ros.recordings.bags.image_topics import COMPRESSED_TYPE, ImageReader, choose_image_topics
from lwrf_ros.recordings.faults import UNREADABLE_MESSAGE, Faults
from lwrf_ros.recordings.opening import is_bag
from lwrf_ros.replay.items import OtherMessage, RecordedFrame

if TYPE_CHECKING:
    from typing_extensions import Self

# Where a video or a folder would have been a camera.
MADE_UP_TOPIC = "/camera/image_raw"


class Recording(ABC):
    """A recording that is read once, one message in memory at a time.

    Attributes:
        description: The recording in a few words.
        topics: Image topics that are replayed.
        all_topics: Every topic that there is.
        count: Number of frames, None where the recording does not tell.
        faults: What was wrong with it so far.
    """

    description: str
    topics: tuple[str, ...]
    all_topics: tuple[str, ...]
    count: int | None
    faults: Faults

    def also_read(self, topics: Iterable[str]) -> Mapping[str, Definition]:
        """Declare that more topics are to be read as they are.

        Args:
            topics: Their names; a replayed camera's own messages are given beside its frames.

        Returns:
            Those that are there and can be given as ROS 2 messages, with what their type is.
        """
        return {}

    @abstractmethod
    def __iter__(self) -> Iterator[RecordedFrame | OtherMessage]:
        """Read everything in the order of its reception."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the recording."""

    def __enter__(self) -> Self:
        """Return the open recording."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the recording."""
        self.close()


class BagRecording(Recording):
    """A ROS bag.

    Args:
        path: The bag.
        topics: Image topics; none takes the only one that there is or that is meant.

    Raises:
        FrameError: If the bag cannot be opened or has no such topics.
    """

    def __init__(self, path: Path, topics: Sequence[str]) -> None:
        self.faults = Faults()
        self._bag = BagMessages(path, self.faults)
        try:
            self.topics = tuple(choose_image_topics(self._bag, topics))
        except FrameError:
            self._bag.close()
            raise
        self.all_topics = tuple(self._bag.topics)
        self._others: set[str] = set()
        self._converter = Ros1Converter() if self._bag.ros1 else None
        self._readers = {
            topic: (camera, ImageReader(self._bag.topics[topic].message_type, self._bag))
            for camera, topic in enumerate(self.topics)
        }
        self.count = sum(self._bag.topics[topic].count for topic in self.topics)
        self.description = f"{path.name}:{', '.join(self.topics)}"

    def also_read(self, topics: Iterable[str]) -> Mapping[str, Definition]:
        """Declare that more topics are to be read as they are."""
        found = {}
        for name in topics:
            if name in self._bag.topics:
                definition = self._definition(name)
                if definition is not None:
                    found[name] = definition
        self._others |= set(found)
        return found

    def __iter__(self) -> Iterator[RecordedFrame | OtherMessage]:
        """Read everything in the order of its reception."""
        indices = [0] * len(self.topics)
        for message in self._bag.messages({*self.topics, *self._others}):
            if message.topic in self._readers:
                camera, reader = self._readers[message.topic]
                frame = reader.read(message)
                if frame is not None:
                    yield RecordedFrame(camera, indices[camera], frame)
                    indices[camera] += 1
            if message.topic in self._others:
                data = bytes(message.data)
                if self._converter is not None:
                    kind = self._bag.topics[message.topic].message_type
                    converted = self._converter.convert(data, kind)
                    if converted is None:
                        self.faults.add(
                            UNREADABLE_MESSAGE, f"a message of {message.topic} is no {kind}"
                        )
                        continue
                    data = converted
                yield OtherMessage(message.topic, message.time_ns, data)

    def close(self) -> None:
        """Close the bag."""
        self._bag.close()

    def _definition(self, topic: str) -> Definition | None:
        about = self._bag.topics[topic]
        known = definition_of(about.message_type)
        if self._converter is not None:
            return known if self._converter.knows(about.message_type) else None
        if about.definition:
            return Definition(
                about.message_type,
                about.encoding,
                about.definition,
                about.digest or known.digest,
                about.qos,
            )
        return known._replace(qos=about.qos)


class ImagesRecording(Recording):
    """A video or a folder of images, as one camera.

    Args:
        path: The video or the folder.
        topic: An image topic, if one was asked for, which is an error.

    Raises:
        FrameError: If it cannot be read.
    """

    def __init__(self, path: Path, topic: str | None) -> None:
        self.faults = Faults()
        self._source: FrameSource = open_frames(path, topic, self.faults)
        self.topics = self.all_topics = (MADE_UP_TOPIC,)
        self.count = self._source.count
        self.description = self._source.description
        self._with_images = False

    def also_read(self, topics: Iterable[str]) -> Mapping[str, Definition]:
        """Give the images as JPEG, if the made up topic is asked for."""
        if MADE_UP_TOPIC not in topics:
            return {}
        self._with_images = True
        return {MADE_UP_TOPIC + COMPRESSED_SUFFIX: definition_of(COMPRESSED_TYPE)}

    def __iter__(self) -> Iterator[RecordedFrame | OtherMessage]:
        """Read the frames in their order."""
        for index, frame in enumerate(self._source):
            yield RecordedFrame(0, index, frame)
            if self._with_images and not isinstance(frame.image, DamagedImage):
                message = to_message(frame, frame.stamp_ns, compressed=True)
                topic = MADE_UP_TOPIC + COMPRESSED_SUFFIX
                yield OtherMessage(topic, frame.time_ns, serialize_message(message))

    def close(self) -> None:
        """Close it."""
        self._source.close()


def open_recording(path: Path, topics: Sequence[str]) -> Recording:
    """Open a recording of any kind; its faults are noted and survived.

    Args:
        path: A bag, a video or a folder of images.
        topics: Image topics of a bag; none takes the only one that there is or that is meant.

    Raises:
        FrameError: If there is nothing to replay.
    """
    if path.exists() and is_bag(path):
        return BagRecording(path, topics)
    return ImagesRecording(path, topics[0] if topics else None)
