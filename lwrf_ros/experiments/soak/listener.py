# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A subscriber of label images, reliable, to be stalled and killed. Arguments: topics."""

from __future__ import annotations

import sys

import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from lwrf_ros.node.start import start_rclpy


def main() -> None:
    """Receive until SIGINT."""
    start_rclpy()
    node = rclpy.create_node("soak_listener")
    qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
    for topic in sys.argv[1:]:
        node.create_subscription(Image, topic, lambda message: None, qos)
    try:
        rclpy.spin(node)
    except KeyboardInterrupt:
        rclpy.shutdown()


if __name__ == "__main__":
    main()
