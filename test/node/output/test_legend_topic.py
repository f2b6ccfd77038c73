# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The legend on its topic: latched, sent on activation, of the classes in force."""

from __future__ import annotations

from typing import Any

import numpy as np
from harness import Peer, StartNode
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.drawing.legend import draw_class_legend
from lwrf_ros.weights.bundled import DEFAULT_CLASSES

LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


def subscribe(peer: Peer) -> list[Any]:
    messages: list[Any] = []
    peer.node.create_subscription(Image, "/segmenter/legend", messages.append, LATCHED)
    return messages


def pixels(message: Any) -> Any:
    assert message.encoding == "rgb8"
    assert message.step == 3 * message.width
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def test_whoever_comes_late_gets_the_legend_of_the_classes_in_force(
    start_node: StartNode, peer: Peer
) -> None:
    start_node(autostart="false")
    peer.wait_for_state("unconfigured")
    early = subscribe(peer)
    assert peer.change_state("configure")
    assert peer.status().values[0].value == "inactive"
    assert early == []
    assert peer.change_state("activate")
    peer.spin_until(lambda: early, "the legend")
    late = subscribe(peer)
    peer.spin_until(lambda: late, "the legend for a late subscriber")
    expected = draw_class_legend(ClassTable.load(DEFAULT_CLASSES))
    for message in (early[0], late[0]):
        np.testing.assert_array_equal(pixels(message), expected)

    assert peer.change_state("deactivate")
    assert peer.change_state("cleanup")
    assert peer.set_parameters(classes="voc") == (True, "")
    assert peer.change_state("configure")
    assert peer.change_state("activate")
    other = draw_class_legend(ClassTable.load("voc"))
    peer.spin_until(lambda: len(late) > 1, "the legend of the other classes")
    np.testing.assert_array_equal(pixels(late[1]), other)
    last = subscribe(peer)
    peer.spin_until(lambda: last, "the legend for the last subscriber")
    np.testing.assert_array_equal(pixels(last[0]), other)
