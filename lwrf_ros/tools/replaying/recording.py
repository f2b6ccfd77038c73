# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The input of a replay: the cameras' frames and the other messages that it needs, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lwrf_ros.tools.frames import FrameError, FrameSource, open_frames
from lwrf_ros.tools.frames.bag import ImageReader, choose_image_topics
from lwrf_ros.tools.frames.bag_messages import BagMessages
from lwrf_ros.tools.frames.opening import is_bag
from lwrf_ros.tools.replaying.items import OtherMessage, RecordedFrame

if TYPE_CHECKING:
    from typing_extensions import Self

# Where a video or a folder would have been a camera.
MADE_UP_TOPIC = "/camera/image_raw"


class Recording:
    """A recording that is read once, one message in memory at a time.

    Attributes:
        description: The recording in a few words.
        topics: Image topics that are replayed.
        others: Message types by topic of what else is read, as far as it is there.
        count: Number of frames, None where the recording does not tell.
        faults: What was wrong with it so far, by kind.
    """

    description: str
    topics: tuple[str, ...]
    others: dict[str, str]
    count: int | None
    faults: Counter[str]

    def __iter__(self) -> Iterator[RecordedFrame | OtherMessage]:
        """Read everything in the order of its reception."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the recording."""
        raise NotImplementedError

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
        self.faults = Counter()
        self._bag = BagMessages(path)
        try:
            self.topics = tuple(choose_image_topics(self._bag, topics))
        except FrameError:
            self._bag.close()
            raise
        self.others = {}
        self._readers = {
            topic: (camera, ImageReader(self._bag.topics[topic].message_type, self._bag.ros1))
            for camera, topic in enumerate(self.topics)
        }
        self.count = sum(self._bag.topics[topic].count for topic in self.topics)
        self.description = f"{path.name}:{', '.join(self.topics)}"

    def __iter__(self) -> Iterator[RecordedFrame | OtherMessage]:
        """Read everything in the order of its reception."""
        for message in self._bag.messages([*self.topics, *self.others]):
            if message.topic in self._readers:
                camera, reader = self._readers[message.topic]
                yield RecordedFrame(camera, reader.read(message))
            else:
                yield OtherMessage(message.topic, message.time_ns, message.data)

    def close(self) -> None:
        """Close the bag."""
        self._bag.close()


class ImagesRecording(Recording):
    """A video or a folder of images, as one camera.

    Args:
        source: Its frames.
    """

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self.faults = Counter()
        self.topics = (MADE_UP_TOPIC,)
        self.others = {}
        self.count = source.count
        self.description = source.description

    def __iter__(self) -> Iterator[RecordedFrame | OtherMessage]:
        """Read the frames in their order."""
        for frame in self._source:
            yield RecordedFrame(0, frame)

    def close(self) -> None:
        """Close it."""
        self._source.close()


def open_recording(path: Path, topics: Sequence[str]) -> Recording:
    """Open a recording of any kind.

    Args:
        path: A bag, a video or a folder of images.
        topics: Image topics of a bag; none takes the only one that there is or that is meant.

    Raises:
        FrameError: If there is nothing to replay.
    """
    if is_bag(path):
        return BagRecording(path, topics)
    return ImagesRecording(open_frames(path, topics[0] if topics else None))
