# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The names behind the labels, latched, as vision_msgs/LabelInfo; where that is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rclpy.node import Node

from lwrf_ros.node.input.qos import latched_qos

try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:
    LabelInfo = VisionClass = None
INSTALLED = LabelInfo is not None

MISSING = "vision_msgs is not installed: there is no topic label_info"


class LabelInfoTopic:
    """The topic `label_info` of one camera; none where vision_msgs is not installed.

    Args:
        node: The node whose topic it is.
        topic: Its name.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node = node
        # A plain publisher: what it has sent stays there for whoever comes while the node is
        # inactive.
        self._publisher: Any = None
        if LabelInfo is not None:
            self._publisher = node.create_publisher(LabelInfo, topic, latched_qos())
        self._names: tuple[str, ...] = ()
        self._threshold: float | None = None

    def send(self, names: Sequence[str], threshold: float) -> None:
        """Say what the labels mean.

        Args:
            names: Names by class index; 255 is vision_msgs' own UNLABELED and not among them.
            threshold: min_confidence, 0..1.
        """
        self._names, self._threshold = tuple(names), threshold
        if self._publisher is None:
            return
        message = LabelInfo(threshold=threshold)
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.class_map = [
            VisionClass(class_id=index, class_name=name) for index, name in enumerate(names)
        ]
        self._publisher.publish(message)

    def follow(self, threshold: float) -> None:
        """Say it again if the threshold has changed since."""
        if self._threshold is not None and threshold != self._threshold:
            self.send(self._names, threshold)

    def destroy(self) -> None:
        """Take the topic out of the node."""
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)
