# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Labels and overlays of a replay's output, read again one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.recordings.bags.bag_messages import BagMessages
from lwrf_ros.recordings.bags.image_topics import ImageReader
from lwrf_ros.recordings.faults import Faults
from lwrf_ros.recordings.frame import DamagedImage, Frame, RawImage
from lwrf_ros.replay.run_record import PROCESSED, RunRecord, RunRecordError, read_frames


class FrameKey(NamedTuple):
    """A key that identifies a frame of a recording.

    Attributes:
        topic: Its input topic.
        stamp_ns: Stamp of its header, nanoseconds.
        repetition: How many frames of the topic before it had that stamp.
    """

    topic: str
    stamp_ns: int
    repetition: int


class LabelBag:
    """A replay's output folder.

    Args:
        folder: The folder.

    Attributes:
        folder: The same.
        record: What stands in its replay.json.

    Raises:
        RunRecordError: If it is none.
        FrameError: If its bag cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = RunRecord.read(folder)

    def keys(self) -> set[FrameKey]:
        """Return the frames that have labels."""
        seen: Counter[tuple[str, int]] = Counter()
        keys = set()
        for row in read_frames(self.folder):
            if row.outcome == PROCESSED:
                keys.add(_key(row.topic, row.stamp_ns, seen))
        return keys

    def labels(self, keys: Collection[FrameKey]) -> Iterator[tuple[FrameKey, NDArray[np.uint8]]]:
        """Read labels, ``(H, W) uint8`` class indices, in the order of the recording.

        Args:
            keys: The frames to read.
        """
        topics = {camera.labels: camera.topic for camera in self.record.cameras}
        for key, frame in self._frames(topics, keys):
            image = frame.image
            if not isinstance(image, RawImage) or image.encoding != "mono8":
                raise RunRecordError(f"the labels in {self.folder} are no mono8; replay again")
            yield key, image.data.reshape(image.height, image.step)[:, : image.width]

    def overlays(self, keys: Collection[FrameKey]) -> Iterator[tuple[FrameKey, NDArray[np.uint8]]]:
        """Read overlays, ``(H, W, 3) uint8`` RGB.

        Args:
            keys: The frames to read.
        """
        topics = {camera.overlay: camera.topic for camera in self.record.cameras}
        for key, frame in self._frames(topics, keys):
            assert not isinstance(frame.image, DamagedImage)  # a bag has none
            bgr = cv2.imdecode(frame.image.data, cv2.IMREAD_COLOR)
            if bgr is not None:
                yield key, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    def _frames(
        self, topics: dict[str, str], keys: Collection[FrameKey]
    ) -> Iterator[tuple[FrameKey, Frame]]:
        seen: Counter[tuple[str, int]] = Counter()
        # The output of a run that was killed in the wrong millisecond has lost its end.
        bag = BagMessages(self.folder, Faults())
        try:
            readers = {
                topic: ImageReader(bag.topics[topic].message_type, bag)
                for topic in topics
                if topic in bag.topics
            }
            for message in bag.messages(readers):
                frame = readers[message.topic].read(message)
                if frame is not None:
                    key = _key(topics[message.topic], frame.stamp_ns, seen)
                    if key in keys:
                        yield key, frame
        finally:
            bag.close()


def _key(topic: str, stamp_ns: int, seen: Counter[tuple[str, int]]) -> FrameKey:
    repetition = seen[topic, stamp_ns]
    seen[topic, stamp_ns] += 1
    return FrameKey(topic, stamp_ns, repetition)
