# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A replay's output folder: the bag, the record of the run and the table of its frames."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from rclpy.serialization import serialize_message

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.node.input.qos import type_name
from lwrf_ros.node.output.frame_messages import FRAME_OUTPUTS, LabelledFrame
from lwrf_ros.recordings.bags.bag_writer import BagWriter
from lwrf_ros.recordings.bags.definitions import definition_of
from lwrf_ros.recordings.faults import Faults
from lwrf_ros.replay.camera_topics import output_topic
from lwrf_ros.replay.ground_truth import GroundTruth
from lwrf_ros.replay.items import FrameWork, Item, OtherMessage
from lwrf_ros.replay.other_topics import OtherTopics, OutputMessage
from lwrf_ros.replay.run_record import PROCESSED, FrameRow, FrameTable, RunRecord, TopicAccount

# What of the node's outputs a replay stores.
OUTPUTS = ("labels", "overlay/compressed", "coverage", "coverage/vector")


class Built(NamedTuple):
    """An item with the messages that come of it.

    Attributes:
        item: The item.
        messages: Its messages for the bag.
    """

    item: Item
    messages: list[OutputMessage]


class Outputs:
    """Writes what comes out of the engine.

    Args:
        folder: The output folder, empty.
        record: About the run; its account is kept here.
        classes: The class table.
        alpha: Weight of the colours in the overlay, 0..1.
        others: What else of the recording is written, and where.
        truth: What the labels are scored against.
        faults: What is wrong with the recording, as far as it was read.
    """

    def __init__(
        self,
        folder: Path,
        record: RunRecord,
        classes: ClassTable,
        alpha: float,
        others: OtherTopics,
        truth: GroundTruth,
        faults: Faults,
    ) -> None:
        self._folder = folder
        self._record = record
        self._classes = classes
        self._alpha = alpha
        self._others = others
        self._truth = truth
        self._faults = faults
        record.write(folder)
        self._table = FrameTable(folder)
        self._bag = BagWriter(folder)
        for camera in record.cameras:
            record.account[camera.topic] = TopicAccount()
            for output in OUTPUTS:
                topic = output_topic(camera, output)
                self._bag.add_topic(topic, definition_of(type_name(FRAME_OUTPUTS[output])))
        for topic, definition in others.outputs.items():
            self._bag.add_topic(topic, definition)

    def build(self, item: Item) -> Built:
        """Draw and serialise what becomes of an item; several threads may do so at once."""
        if isinstance(item, OtherMessage) or item.result is None:
            return Built(item, [])
        assert item.picture is not None  # it went through the engine
        camera = self._record.cameras[item.camera]
        labelled = LabelledFrame(
            item.header,
            camera.name or camera.topic,
            item.picture,
            item.result,
            self._classes,
            self._alpha,
        )
        return Built(
            item,
            [
                OutputMessage(output_topic(camera, output), item.log_ns, serialize_message(message))
                for output, message in labelled.messages(OUTPUTS)
            ],
        )

    def add(self, built: Built) -> None:
        """Write it, in the recording's order and by one thread, and settle the account."""
        item, messages = built
        if isinstance(item, FrameWork):
            self._account(item)
            self._truth.add_frame(item)
            messages = [*messages, *self._others.add_frame(item)]
        else:
            self._truth.add(item)
            messages = [*messages, *self._others.add(item)]
        for message in messages:
            self._bag.write(*message)
        if self._bag.checkpoint_is_due:
            self.checkpoint()

    def _account(self, work: FrameWork) -> None:
        topic = self._record.cameras[work.camera].topic
        account = self._record.account[topic]
        account.read += 1
        engine_ms = None
        if work.result is not None:
            account.processed += 1
            engine_ms = work.result.timings.total_ms
        else:
            account.refused[work.refusal] += 1
        outcome = work.refusal or PROCESSED
        row = FrameRow(topic, work.index, work.stamp_ns, work.log_ns, outcome, engine_ms)
        self._table.add(row)

    def checkpoint(self) -> None:
        """Bring everything on the disk to the present state."""
        self._bag.checkpoint()
        self._table.flush()
        self._write_record()

    def close(self) -> None:
        """Finish the bag and the files beside it."""
        self._bag.close()
        self._table.close()
        self._write_record()

    def _write_record(self) -> None:
        # Copied at once: another thread reads on and may add to it.
        self._record.faults = Counter(dict(self._faults.counts))
        self._record.fault_details = dict(self._faults.details)
        self._record.write(self._folder)
        self._truth.write(self._folder)
