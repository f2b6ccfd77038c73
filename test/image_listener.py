# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Receives images of one topic and prints them as JSON; run as a process of its own.

Arguments: topic, number of messages, reliable or best_effort. Prints `ready` on stderr, and at the
end one JSON list on stdout: fields, data as hexadecimal, system time of reception in nanoseconds.
"""

from __future__ import annotations

import json
import os
import sys
import time

import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

LIMIT_S = 60.0


def main() -> None:
    topic, wanted = sys.argv[1], int(sys.argv[2])
    reliability = ReliabilityPolicy[sys.argv[3].upper()]
    compressed = topic.endswith("/compressed")
    received: list[dict[str, object]] = []

    def on_image(message: Image | CompressedImage) -> None:
        fields = ["format"] if compressed else ["encoding", "width", "height", "step"]
        if not compressed:
            fields.append("is_bigendian")
        received.append(
            {
                **{name: getattr(message, name) for name in fields},
                "frame_id": message.header.frame_id,
                "stamp_ns": message.header.stamp.sec * 10**9 + message.header.stamp.nanosec,
                "data": bytes(message.data).hex(),
                "time_ns": time.time_ns(),
            }
        )

    rclpy.init()
    node = rclpy.create_node("image_listener")
    kind = CompressedImage if compressed else Image
    node.create_subscription(kind, topic, on_image, QoSProfile(depth=50, reliability=reliability))
    print("ready", file=sys.stderr)
    deadline_s = time.monotonic() + LIMIT_S
    while len(received) < wanted and time.monotonic() < deadline_s:
        rclpy.spin_once(node, timeout_sec=0.1)
    print(json.dumps(received), flush=True)
    # At once: now and then Fast DDS does not come back from its own end, which is not tested here.
    os._exit(0)


if __name__ == "__main__":
    main()
