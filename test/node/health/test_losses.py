# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Messages that never came: gaps in the numbers of each publisher, by hand and over DDS."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from harness import account_adds_up, image, open_node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from stand_ins import CARRIES_ALL, StandInNode, settings

from lwrf_ros.node.camera import Camera
from lwrf_ros.node.health.losses import Losses
from lwrf_ros.node.input.qos import ImageSubscription


def info(number: int, publisher: int = 1) -> dict[str, Any]:
    gid = {"implementation_identifier": "any", "data": bytes([publisher] * 16)}
    return {"publication_sequence_number": number, "publisher_gid": gid}


@pytest.mark.parametrize(
    ("numbers", "lost"),
    [
        ([7, 8, 9], 0),
        ([7, 9, 12], 3),
        ([7, 9, 8, 10], 1),
        ([7, 7, 8], 0),
        ([2**40, 2**40 + 2], 1),
        # Sixteen places late is late; seventeen is a publisher that has begun anew.
        ([100, 117, 101, 118], 16),
        ([100, 118, 100, 101], 17),
        ([100, 118, 100, 118], 17 + 17),
    ],
)
def test_gaps(numbers: list[int], lost: int) -> None:
    losses = Losses()
    assert losses.count is None
    for number in numbers:
        losses.note(info(number))
    assert losses.count == lost


def test_each_publisher_counts_for_itself() -> None:
    losses = Losses()
    for number, publisher in [(1, 1), (100, 2), (2, 1), (102, 2), (4, 1), (1, 3), (2, 3)]:
        losses.note(info(number, publisher))
    assert losses.count == 2
    for publisher in range(4, 40):
        losses.note(info(publisher, publisher))
    assert losses.count == 2
    assert len(losses._last) == 16


def test_without_numbers_nobody_can_tell() -> None:
    losses = Losses()
    losses.note({"source_timestamp": 1})
    losses.note({"publication_sequence_number": None, "publisher_gid": info(1)["publisher_gid"]})
    assert losses.count is None


def test_numbers_of_nobody_count_while_there_is_one_publisher() -> None:
    losses = Losses()

    def note(*numbers: int) -> int | None:
        for number in numbers:
            losses.note({"publication_sequence_number": number})
        return losses.count

    assert note(100, 103, 102, 104) == 2
    # Started again.
    assert note(1, 2, 4) == 3
    losses.sole = False
    assert note(100, 5, 101) == 3
    losses.sole = True
    assert note(105, 106) == 3


def test_what_the_middleware_replaces_is_lost(domain_id: int) -> None:
    with open_node(domain_id) as (node, spin_until):
        got: list[Image] = []
        subscription = ImageSubscription(node, Image, "/image", "reliable", got.append)
        publisher = node.create_publisher(Image, "/image", QoSProfile(depth=10))
        spin_until(lambda: publisher.get_subscription_count() == 1, "the subscription")
        publisher.publish(Image())
        spin_until(lambda: got, "a message")
        assert subscription.lost == 0
        for _ in range(5):
            publisher.publish(Image(height=1))
        spin_until(lambda: (subscription.lost or 0) + len(got) == 6, "all to be accounted for")
        assert got[-1].height == 1


def test_the_camera_shows_them_beside_the_account() -> None:
    node: Any = StandInNode()
    camera = Camera(node, "", "image", settings(), threading.Condition(), CARRIES_ALL)
    keys = {entry.key for entry in camera.diagnose("segmenter").values}
    assert "lost" not in keys
    for number in (1, 4, 5):
        message_info = {"source_timestamp": number, **info(number)}
        node.subscriptions["/image"].callback(image(np.zeros((2, 2), np.uint8)), message_info)
    values = {entry.key: entry.value for entry in camera.diagnose("segmenter").values}
    assert (values["received"], values["inactive"], values["lost"]) == ("3", "3", "2")
    assert account_adds_up(values)
