# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The topic ``~/legend``: the classes' colours and names as an image, for whoever looks."""

from __future__ import annotations

from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.node.input.qos import latched_qos
from lwrf_ros.node.output.messages import image_message


class LegendPublisher:
    """Sends the legend once; whoever subscribes later gets it, too (latched).

    A plain publisher: rclpy's lifecycle publisher drops silently while inactive.

    Args:
        node: The node whose topic it is.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = node.create_publisher(Image, "~/legend", latched_qos())

    def send(self, classes: ClassTable) -> None:
        """Send the legend of a class table, in place of one sent before."""
        header = Header(stamp=self._node.get_clock().now().to_msg())
        try:
            from lwrf_ros.drawing.legend import draw_class_legend

            picture = draw_class_legend(classes)
        except Exception as error:
            # Pillow, matplotlib's font or a class name that cannot be drawn; the labels need none.
            self._node.get_logger().warning(f"there is no legend on ~/legend: {error}")
            return
        self._publisher.publish(image_message(header, picture))
