# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Cameras that change their mind: a process that publishes on topics at random, until interrupted.

Arguments: a seed, the longest side of an image in pixels, topics. Every few seconds each camera
draws another rate, size and encoding, sends rubbish, or falls silent.
"""

from __future__ import annotations

import heapq
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from lwrf_ros.experiments.soak.random_messages import (
    hostile_image,
    hostile_picture,
    sound_image,
    sound_picture,
)
from lwrf_ros.node.start import start_rclpy

_RATES_HZ = (0.0, 2.0, 10.0, 10.0, 30.0, 60.0, 200.0)
_PHASE_S = (1.0, 6.0)
_HOSTILE = 0.3
_SILENT_LOOK_S = 0.5


class RandomCamera:
    """One camera.

    Args:
        node: The node that publishes.
        topic: Its topic; compressed if the name says so.
        draw: Where its whims come from.
        most_side_px: Longest side of its images in pixels.
    """

    def __init__(self, node: Any, topic: str, draw: random.Random, most_side_px: int) -> None:
        self._node = node
        self._draw = draw
        self._most_side_px = most_side_px
        self._compressed = topic.endswith("/compressed")
        reliability = draw.choice((ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT))
        self._publisher = node.create_publisher(
            CompressedImage if self._compressed else Image,
            topic,
            QoSProfile(depth=2, reliability=reliability),
        )
        self._until_s = 0.0
        self._rate_hz = 0.0
        self._next: Callable[[], Any] = lambda: None

    def send(self, now_s: float) -> float:
        """Publish what is due, and return the steady time of the next call."""
        if now_s > self._until_s:
            self._change(now_s)
        if not self._rate_hz:
            return now_s + _SILENT_LOOK_S
        self._publisher.publish(self._next())
        return now_s + 1 / self._rate_hz

    def _change(self, now_s: float) -> None:
        draw = self._draw
        self._until_s = now_s + draw.uniform(*_PHASE_S)
        self._rate_hz = draw.choice(_RATES_HZ)
        if draw.random() < _HOSTILE:
            make = hostile_picture if self._compressed else hostile_image
            self._next = lambda: make(draw)
            return
        sound = sound_picture if self._compressed else sound_image
        message = sound(draw, self._most_side_px)

        def stamped() -> Any:
            message.header.stamp = self._node.get_clock().now().to_msg()
            return message

        self._next = stamped


def main() -> None:
    """Publish until SIGINT."""
    seed, most_side_px, topics = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    start_rclpy()
    node = rclpy.create_node("soak_cameras")
    draw = random.Random(seed)
    cameras = [
        RandomCamera(node, topic, random.Random(draw.random()), most_side_px) for topic in topics
    ]
    due = [(0.0, number) for number in range(len(cameras))]
    try:
        while True:
            due_s, number = heapq.heappop(due)
            time.sleep(max(0.0, due_s - time.monotonic()))
            heapq.heappush(due, (cameras[number].send(time.monotonic()), number))
    except KeyboardInterrupt:
        rclpy.shutdown()


if __name__ == "__main__":
    main()
