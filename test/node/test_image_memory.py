# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whose memory an image lies in, over real DDS: views of what came in, copies of what goes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from harness import LocalNode, image, open_node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from lwrf_ros.node.input.image_messages import decode
from lwrf_ros.node.output.messages import image_message

SHAPE = (48, 64)


@pytest.fixture
def line(domain_id: int) -> Iterator[tuple[LocalNode, Any, list[Image]]]:
    """A node, its publisher, and what its subscription to the same topic has received."""
    received: list[Image] = []
    with open_node(domain_id, "line") as local:
        qos = QoSProfile(depth=10)
        publisher = local.node.create_publisher(Image, "images", qos)
        local.node.create_subscription(Image, "images", received.append, qos)
        local.spin_until(publisher.get_subscription_count, "the subscription")
        yield local, publisher, received


def test_a_received_image_is_not_changed_by_later_ones(
    line: tuple[LocalNode, Any, list[Image]],
) -> None:
    local, publisher, received = line
    publisher.publish(image(np.full((*SHAPE, 3), 1, np.uint8)))
    local.spin_until(lambda: len(received) == 1, "the first image")
    first = decode(received[0]).array
    # The message's own bytes, not a copy of them.
    assert np.shares_memory(first, np.frombuffer(received[0].data, np.uint8))
    for value in (2, 3):
        publisher.publish(image(np.full((*SHAPE, 3), value, np.uint8)))
    local.spin_until(lambda: len(received) == 3, "the other images")
    assert (first == 1).all()
    assert [int(decode(message).array.max()) for message in received] == [1, 2, 3]


def test_a_result_may_be_overwritten_once_it_is_published(
    line: tuple[LocalNode, Any, list[Image]],
) -> None:
    local, publisher, received = line
    labels = np.empty(SHAPE, np.uint8)
    for value in (1, 2, 3):
        labels[:] = value
        publisher.publish(image_message(Header(frame_id=str(value)), labels))
    labels[:] = 9
    local.spin_until(lambda: len(received) == 3, "the labels")
    for value, message in zip((1, 2, 3), received, strict=True):
        assert message.header.frame_id == str(value)
        assert (np.frombuffer(message.data, np.uint8) == value).all()
