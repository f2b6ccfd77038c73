# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A replay gives what the engine gives, for every frame, in a bag that other libraries read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mcap.reader import make_reader
from quick import QUICK
from rosbags.highlevel import AnyReader
from small_bags import DELAY_NS, frames, jpeg_image, pixels, raw_image, stamp_ns, write_bag

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.replay.run_record import PROCESSED, RunRecord, read_frames
from lwrf_ros.replay.settings import open_engine
from lwrf_ros.segmentation import Segmenter

TYPES_OF_OUTPUTS = {
    "/segmenter/labels": "sensor_msgs/msg/Image",
    "/segmenter/overlay/compressed": "sensor_msgs/msg/CompressedImage",
    "/segmenter/coverage": "diagnostic_msgs/msg/DiagnosticArray",
    "/segmenter/coverage/vector": "std_msgs/msg/Float32MultiArray",
}


def read_bag(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    """Read a bag by its own definitions: by topic, times of reception and messages."""
    found: dict[str, list[tuple[int, Any]]] = {}
    with AnyReader([folder]) as reader:
        for connection, time_ns, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            found.setdefault(connection.topic, []).append((time_ns, message))
    return found


def labels_of(message: Any) -> np.ndarray:
    assert (message.encoding, message.step) == ("mono8", message.width)
    return message.data.reshape(message.height, message.width)


def stamp_of(message: Any) -> int:
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


@pytest.mark.parametrize("make", [raw_image, jpeg_image])
def test_every_frame_with_its_labels_in_order(tmp_path: Path, quick_replay: Any, make: Any) -> None:
    bag = write_bag(tmp_path / "bag", {"/camera/image": frames(make, 5)})
    record = quick_replay(bag)
    account = record.account["/camera/image"]
    assert (account.read, account.processed, account.refused) == (5, 5, {})
    assert record.complete
    assert not record.faults
    found = read_bag(tmp_path / "out")
    assert set(found) == set(TYPES_OF_OUTPUTS)
    segmenter = quick_segmenter()
    for number in range(5):
        image = pixels(number)
        if make is jpeg_image:
            image = cv2.imdecode(cv2.imencode(".jpg", image)[1], cv2.IMREAD_COLOR)
        (expected,) = segmenter.segment([image], "bgr8")
        for topic in TYPES_OF_OUTPUTS:
            time_ns, message = found[topic][number]
            assert time_ns == stamp_ns(number) + DELAY_NS
            if topic != "/segmenter/coverage/vector":
                assert stamp_of(message) == stamp_ns(number)
                assert message.header.frame_id == "front"
        np.testing.assert_array_equal(
            labels_of(found["/segmenter/labels"][number][1]), expected.labels
        )
        (status,) = found["/segmenter/coverage"][number][1].status
        fractions = [float(value.value) for value in status.values]
        np.testing.assert_allclose(fractions, [*expected.coverage, 0.0], atol=1e-8)
        vector = found["/segmenter/coverage/vector"][number][1].data
        np.testing.assert_allclose(vector, [*expected.coverage, 0.0], atol=1e-6)
        overlay = found["/segmenter/overlay/compressed"][number][1]
        assert overlay.format == "jpeg"
        assert cv2.imdecode(overlay.data, cv2.IMREAD_COLOR).shape == image.shape


def quick_segmenter() -> Segmenter:
    return open_engine(QUICK).segmenter


def test_the_bag_has_definitions_and_an_index(tmp_path: Path, quick_replay: Any) -> None:
    quick_replay(write_bag(tmp_path / "bag", {"/image": frames(raw_image, 3)}))
    with (tmp_path / "out" / "out.mcap").open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert reader.get_header().profile == "ros2"
        assert summary is not None
        assert summary.statistics.message_count == 3 * len(TYPES_OF_OUTPUTS)
        for channel in summary.channels.values():
            schema = summary.schemas[channel.schema_id]
            assert schema.name == TYPES_OF_OUTPUTS[channel.topic]
            assert schema.encoding == "ros2msg"
            assert b"std_msgs/" in schema.data
        assert len(list(reader.iter_messages(topics=["/segmenter/labels"]))) == 3


def test_record_and_table_say_what_happened(tmp_path: Path, quick_replay: Any) -> None:
    given = quick_replay(write_bag(tmp_path / "bag", {"/image": frames(raw_image, 3)}))
    record = RunRecord.read(tmp_path / "out")
    assert record == given
    assert record.settings["backbone"] == "mobilenet_v2"
    assert record.settings["input_size"] == [64, 64]
    assert record.class_names == list(ClassTable.load("camvid").names)
    assert record.colours == ClassTable.load("camvid").colours.tolist()
    assert {"lwrf_ros", "python", "torch", "numpy", "opencv", "numba"} <= set(record.versions)
    (camera,) = record.cameras
    assert (camera.topic, camera.name, camera.labels) == ("/image", "", "/segmenter/labels")
    rows = list(read_frames(tmp_path / "out"))
    assert [row[:5] for row in rows] == [
        ("/image", number, stamp_ns(number), stamp_ns(number) + DELAY_NS, PROCESSED)
        for number in range(3)
    ]
    assert all(row.engine_ms > 0 for row in rows)


def test_two_runs_are_equal(tmp_path: Path, quick_replay: Any) -> None:
    bag = write_bag(tmp_path / "bag", {"/image": frames(jpeg_image, 4)})
    for name in ("one", "two"):
        quick_replay(bag, tmp_path / name)
    one, two = read_bag(tmp_path / "one"), read_bag(tmp_path / "two")
    for topic in ("/segmenter/labels", "/segmenter/overlay/compressed"):
        data = [[message.data.tobytes() for _, message in bag[topic]] for bag in (one, two)]
        assert data[0] == data[1]
        assert len(data[0]) == 4
