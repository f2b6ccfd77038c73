# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The receiving end of a measurement of transports; run as a process, ended by SIGINT.

Arguments: topic, reliability. Says "listening" once it does, and at its end a line of JSON: the
milliseconds from each image's stamp to the start of the callback.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from lwrf_ros.memory import keep_freed_memory
from lwrf_ros.node.start import start_rclpy
from lwrf_ros.stamps import stamp_to_ns

# As the node's: a second image that comes before the first is read replaces it. Deeper here, so
# that what is counted as lost was lost by the transport.
DEPTH = 10


def main() -> None:
    """Receive until interrupted."""
    keep_freed_memory()
    topic, reliability = sys.argv[1:3]
    ages_ms: list[float] = []

    def take(message: Image) -> None:
        stamp = message.header.stamp
        ages_ms.append((time.time_ns() - stamp_to_ns(stamp)) * 1e-6)

    start_rclpy()
    node = rclpy.create_node("lwrf_transport")
    profile = QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy[reliability.upper()])
    node.create_subscription(Image, topic, take, profile)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    print("listening", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            # Never for long in the middleware, where Python does not see its signals.
            executor.spin_once(timeout_sec=0.2)
    print(json.dumps(ages_ms), flush=True)
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
