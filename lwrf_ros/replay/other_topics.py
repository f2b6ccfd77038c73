# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Topics that a replay writes besides its results: the cameras' CameraInfo, and kept topics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lwrf_ros.errors import LwrfError
from lwrf_ros.node.output.camera_info import topic_beside
from lwrf_ros.processes.player import COMPRESSED_SUFFIX
from lwrf_ros.recordings.bags.definitions import Definition
from lwrf_ros.replay.camera_topics import output_topic
from lwrf_ros.replay.items import FrameWork, OtherMessage
from lwrf_ros.replay.replay_input import Recording
from lwrf_ros.replay.run_record import CameraTopics
from lwrf_ros.replay.stamps import StampPairs, stamp_of_cdr

CAMERA_INFO_TYPE = "sensor_msgs/msg/CameraInfo"


class OutputMessage(NamedTuple):
    """A message for the output's bag.

    Attributes:
        topic: Its topic there.
        time_ns: Its time of reception, nanoseconds.
        data: The message in CDR.
    """

    topic: str
    time_ns: int
    data: bytes


class OtherTopics:
    """The other messages of a recording on their way to the output.

    Args:
        recording: The recording, of which nothing was read yet.
        cameras: The replayed cameras.
        keep: Topics to copy; None for all.

    Attributes:
        outputs: Topics of the output, with what their messages are.
        left_out: Topics that cannot be copied: of types that ROS 2 does not have, or named as
            the outputs are.

    Raises:
        LwrfError: If a topic to copy is not there or cannot be copied.
    """

    def __init__(
        self,
        recording: Recording,
        cameras: Sequence[CameraTopics],
        keep: Sequence[str] | None,
    ) -> None:
        made = tuple(camera.labels.removesuffix("labels") for camera in cameras)
        names = recording.all_topics if keep is None else keep
        # What a node left in the recording would mix with what is made now.
        kept = recording.also_read([name for name in names if not name.startswith(made)])
        self.left_out = [
            name for name in names if not kept.keys() & {name, name + COMPRESSED_SUFFIX}
        ]
        if keep is not None and self.left_out:
            raise LwrfError(
                f"{recording.description} has no topic {', '.join(self.left_out)} that can be "
                f"copied; it has {', '.join(sorted(recording.all_topics))}"
            )
        self._kept = set(kept)
        self.outputs: dict[str, Definition] = dict(kept)
        self._infos: dict[str, list[int]] = {}
        self._pairs: dict[int, StampPairs[int, bytes]] = {}
        self._info_outputs = [output_topic(camera, "camera_info") for camera in cameras]
        for number, camera in enumerate(cameras):
            topic = topic_beside(camera.topic)
            found = recording.also_read([topic])
            if topic in found and found[topic].message_type == CAMERA_INFO_TYPE:
                self._infos.setdefault(topic, []).append(number)
                self._pairs[number] = StampPairs()
                self.outputs[self._info_outputs[number]] = found[topic]

    def add(self, message: OtherMessage) -> Iterator[OutputMessage]:
        """Take a message of the recording; give what can be written now."""
        if message.topic in self._kept:
            yield OutputMessage(message.topic, message.time_ns, message.data)
        stamp_ns = stamp_of_cdr(message.data)
        if stamp_ns is None:
            return
        for number in self._infos.get(message.topic, ()):
            pair = self._pairs[number].add_other(stamp_ns, message.data)
            if pair is not None:
                yield OutputMessage(self._info_outputs[number], *pair)

    def add_frame(self, work: FrameWork) -> Iterator[OutputMessage]:
        """Take a frame, with labels or refused; give what can be written now."""
        if work.camera in self._pairs:
            log_ns = None if work.result is None else work.log_ns
            pair = self._pairs[work.camera].add_one(work.stamp_ns, log_ns)
            if pair is not None:
                yield OutputMessage(self._info_outputs[work.camera], *pair)
