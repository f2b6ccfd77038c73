# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""CameraInfo beside the labels: where it comes from, how it is scaled, and which one goes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo
from stand_ins import StandInNode, SteadyClock
from std_msgs.msg import Header

from lwrf_ros.node.output import camera_info
from lwrf_ros.node.output.camera_info import CameraInfoRelay, Sizes, scaled, topic_beside

SAME = Sizes((480, 640), (480, 640))
HALF = Sizes((480, 640), (240, 320))
TOPIC = "/front/camera_info"


def info(stamp_s: int = 0, **fields: Any) -> CameraInfo:
    """A calibration of 640x480; by hand, so that halves and thirds are told apart."""
    message = CameraInfo(height=480, width=640, distortion_model="plumb_bob", **fields)
    message.header.stamp.sec = stamp_s
    message.header.frame_id = "optical"
    message.d = [0.1, 0.2, 0.3, 0.4, 0.5]
    message.k = [500.0, 2.0, 320.0, 0.0, 600.0, 240.0, 0.0, 0.0, 1.0]
    message.r = [0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [500.0, 2.0, 320.0, -40.0, 0.0, 600.0, 240.0, 8.0, 0.0, 0.0, 1.0, 0.5]
    return message


def header(stamp_s: int) -> Header:
    message = Header(frame_id="camera")
    message.stamp.sec = stamp_s
    return message


@pytest.mark.parametrize(
    ("image_topic", "wanted"),
    [
        ("/camera/image_raw", "/camera/camera_info"),
        ("/robot/front/image_raw/compressed", "/robot/front/camera_info"),
        ("/image", "/camera_info"),
        ("/image/compressed", "/camera_info"),
    ],
)
def test_it_is_looked_for_where_image_transport_does(image_topic: str, wanted: str) -> None:
    assert topic_beside(image_topic) == wanted


def test_nothing_is_touched_where_nothing_is_stretched() -> None:
    message = info()
    assert scaled(message, SAME) is message


def test_scaled_by_hand() -> None:
    message = info(binning_x=2, binning_y=2)
    message.roi.x_offset, message.roi.y_offset = 100, 30
    message.roi.width, message.roi.height = 400, 300
    before = str(message)
    # The image: 400x300 of the sensor, binned to 200x150; the labels: 100x50.
    result = scaled(message, Sizes((150, 200), (50, 100)))
    assert str(message) == before
    assert (result.width, result.height) == (320, 160)
    assert result.k.tolist() == [250, 1, 160, 0, 200, 80, 0, 0, 1]
    assert result.p.tolist() == [250, 1, 160, -20, 0, 200, 80, pytest.approx(8 / 3), 0, 0, 1, 0.5]
    roi = result.roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (50, 10, 200, 100)
    # image_geometry: the region over the binning is the image's size.
    assert (result.binning_x, result.binning_y) == (2, 2)
    assert result.header == message.header
    assert (result.d.tolist(), result.r.tolist()) == (message.d.tolist(), message.r.tolist())
    assert result.distortion_model == "plumb_bob"


def test_a_camera_without_calibration_stays_without() -> None:
    assert scaled(CameraInfo(), HALF) == CameraInfo()


class Relay:
    """A relay on a stand-in node.

    Attributes:
        sent: What it published.
    """

    def __init__(self) -> None:
        self.node: Any = StandInNode()
        self.sent: list[CameraInfo] = []
        self.relay = CameraInfoRelay(self.node, TOPIC, self.sent.append)

    def receive(self, message: CameraInfo) -> None:
        """Bring in a message of the camera."""
        self.node.subscriptions[TOPIC].callback(message)

    def stamps(self) -> list[int]:
        """Return the stamps of what was published, in seconds."""
        return [message.header.stamp.sec for message in self.sent]


def test_the_message_of_the_same_stamp_goes_out_with_its_own_header() -> None:
    relay = Relay()
    for stamp_s in (1, 2, 3):
        relay.receive(info(stamp_s))
    assert relay.sent == []
    relay.relay.follow(header(2), SAME)
    assert relay.sent == [info(2)]


def test_labels_that_come_first_do_not_wait_and_get_theirs_later() -> None:
    relay = Relay()
    relay.relay.follow(header(5), HALF)
    relay.receive(info(4))
    assert relay.sent == []
    relay.receive(info(5))
    assert (relay.stamps(), relay.sent[0].width) == ([5], 320)
    relay.receive(info(5))
    assert relay.stamps() == [5]  # once


def test_stamps_need_not_grow() -> None:
    relay = Relay()
    for _ in range(3):
        relay.receive(info(0))
        relay.relay.follow(header(0), SAME)
    assert relay.stamps() == [0, 0, 0]


def test_what_is_kept_is_bounded_and_the_newest() -> None:
    relay = Relay()
    for stamp_s in range(1000):
        relay.receive(info(stamp_s))
    for stamp_s in range(2000, 3000):
        relay.relay.follow(header(stamp_s), SAME)
    for stamp_s in (0, 743, 744, 999):
        relay.relay.follow(header(stamp_s), SAME)
    assert relay.stamps() == [744, 999]
    del relay.sent[:]
    for stamp_s in (2000, 2999):
        relay.receive(info(stamp_s))
    assert relay.stamps() == [2999]


@pytest.mark.parametrize("sizes", [SAME, HALF, Sizes((1, 1), (8192, 8192))])
def test_whatever_a_camera_claims_can_be_sent(sizes: Sizes) -> None:
    message = CameraInfo(height=2**32 - 1, width=2**32 - 1)
    roi = message.roi
    roi.x_offset = roi.y_offset = roi.width = roi.height = 2**32 - 1
    message.k = np.array([np.nan, np.inf, -np.inf, *[1e308] * 6])
    message.p = np.full(12, 1e308)
    result = scaled(message, sizes)
    assert deserialize_message(serialize_message(result), CameraInfo).width == result.width > 0


@pytest.mark.parametrize("field", ["frame_id", "distortion_model", "d"])
def test_a_monster_is_not_kept(field: str) -> None:
    relay = Relay()
    message = info(1)
    if field == "frame_id":
        message.header.frame_id = "x" * 2000
    else:
        setattr(message, field, "x" * 2000 if field == "distortion_model" else [0.0] * 2000)
    for _ in range(3):
        relay.receive(message)
    relay.relay.follow(header(1), SAME)
    assert relay.sent == []
    assert relay.node.warnings == [
        f"ignored a CameraInfo on {TOPIC}: its frame_id, distortion_model or d has 2000 elements; "
        "wanted at most 1024"
    ]


def test_one_that_is_too_long_is_told_of_every_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SteadyClock()
    monkeypatch.setattr(camera_info, "time", clock)
    relay = Relay()
    message = info(1)
    message.header.frame_id = "x" * 1025
    told = []
    for seconds in (0.0, 4.9, 0.1, 4.9, 0.1):
        clock.now_s += seconds
        relay.receive(message)
        told.append(len(relay.node.warnings))
    assert told == [1, 1, 2, 2, 3]
