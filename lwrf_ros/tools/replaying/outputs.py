# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A replay's output folder: the bag, the record of the run and the table of its frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rclpy.serialization import serialize_message

from lwrf_ros.classes import ClassTable
from lwrf_ros.node.alerts import WHOLE_IMAGE
from lwrf_ros.node.messages import (
    Part,
    coverage_message,
    image_message,
    jpeg_message,
    vector_message,
)
from lwrf_ros.segmentation import Segmentation, draw_overlay
from lwrf_ros.tools.replaying.bag_writer import BagWriter
from lwrf_ros.tools.replaying.cameras import output_topic
from lwrf_ros.tools.replaying.definitions import definition_of
from lwrf_ros.tools.replaying.items import FrameWork, Item
from lwrf_ros.tools.replaying.run_record import (
    PROCESSED,
    FrameRow,
    FrameTable,
    RunRecord,
    TopicAccount,
)

OUTPUTS = {
    "labels": "sensor_msgs/msg/Image",
    "overlay/compressed": "sensor_msgs/msg/CompressedImage",
    "coverage": "diagnostic_msgs/msg/DiagnosticArray",
    "coverage/vector": "std_msgs/msg/Float32MultiArray",
}


class Outputs:
    """Writes what comes out of the engine; used by one thread.

    Args:
        folder: The output folder, empty.
        record: About the run; its account is kept here.
        classes: The class table.
        alpha: Weight of the colours in the overlay, 0..1.
    """

    def __init__(self, folder: Path, record: RunRecord, classes: ClassTable, alpha: float) -> None:
        self._folder = folder
        self._record = record
        self._classes = classes
        self._alpha = alpha
        record.write(folder)
        self._table = FrameTable(folder)
        self._bag = BagWriter(folder)
        for camera in record.cameras:
            record.account[camera.topic] = TopicAccount()
            for output, message_type in OUTPUTS.items():
                topic = output_topic(camera, output)
                self._bag.add_topic(topic, message_type, definition_of(message_type))

    def add(self, item: Item) -> None:
        """Write what belongs to an item of the recording."""
        if isinstance(item, FrameWork):
            self._add_frame(item)
        if self._bag.checkpoint_is_due:
            self.checkpoint()

    def _add_frame(self, work: FrameWork) -> None:
        camera = self._record.cameras[work.camera]
        account = self._record.account[camera.topic]
        account.read += 1
        engine_ms = None
        if work.result is not None:
            account.processed += 1
            engine_ms = work.result.timings.total_ms
            for output, message in self._messages(work, work.result, camera.name or camera.topic):
                topic = output_topic(camera, output)
                self._bag.write(topic, work.log_ns, serialize_message(message))
        else:
            account.refused[work.refusal] += 1
        outcome = work.refusal or PROCESSED
        row = FrameRow(camera.topic, work.index, work.stamp_ns, work.log_ns, outcome, engine_ms)
        self._table.add(row)

    def checkpoint(self) -> None:
        """Bring everything on the disk to the present state."""
        self._bag.checkpoint()
        self._table.flush()
        self._record.write(self._folder)

    def close(self) -> None:
        """Finish the bag and the files beside it."""
        self._bag.close()
        self._table.close()
        self._record.write(self._folder)

    def _messages(self, work: FrameWork, result: Segmentation, label: str) -> list[tuple[str, Any]]:
        """Build the messages that the node would publish."""
        assert work.picture is not None  # it went through the engine
        assert result.labels is not None  # asked for
        header, names = work.header, self._classes.names
        drawn = draw_overlay(
            work.picture.array, work.picture.encoding, result.labels, self._classes, self._alpha
        )
        whole = Part(WHOLE_IMAGE, result.coverage, result.unlabelled)
        coverage = coverage_message(header, label, names, [whole])
        return [
            ("labels", image_message(header, result.labels)),
            ("overlay/compressed", jpeg_message(header, drawn)),
            ("coverage", coverage),
            ("coverage/vector", vector_message(names, result.coverage, result.unlabelled)),
        ]
