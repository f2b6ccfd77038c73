# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A camera or a listener as a process of its own, to be stopped and killed by tests.

Arguments: ``camera TOPIC HERTZ`` publishes small images; ``listener TOPIC`` receives images
reliably. Both print a line when they have begun and one for every twenty images.
"""

from __future__ import annotations

import sys

import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image


def main() -> None:
    role, topic = sys.argv[1:3]
    rclpy.init(args=[])
    node = rclpy.create_node(f"{role}_of_a_test")
    qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
    count = 0

    def tell() -> None:
        nonlocal count
        count += 1
        if count % 20 == 0:
            print(count, flush=True)

    if role == "camera":
        publisher = node.create_publisher(Image, topic, qos)
        message = Image(height=32, width=40, step=120, encoding="rgb8", data=bytes(32 * 120))

        def send() -> None:
            message.header.stamp.sec = count % 2**31
            publisher.publish(message)
            tell()

        node.create_timer(1 / float(sys.argv[3]), send)
    else:
        node.create_subscription(Image, topic, lambda message: tell(), qos)
    print("ready", flush=True)
    rclpy.spin(node)


if __name__ == "__main__":
    main()
