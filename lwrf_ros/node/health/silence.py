# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Why no image comes, as far as the ROS graph and shared memory tell."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rclpy.node import Node

from lwrf_ros.node.shared_memory import other_users

_IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_SHOWN = 8


def why_silent(node: Node, publishers: Sequence[str]) -> str:
    """Say what may keep images away where nothing is wrong with types and QoS.

    Args:
        node: The node, to ask for the graph.
        publishers: Names of those that publish the camera's topic.
    """
    if publishers:
        return f"{', '.join(publishers)} publishes it and nothing arrives{_other_users()}"
    topics = published_images(node)
    if topics:
        shown = ", ".join(topics[:_SHOWN]) + (", ..." if len(topics) > _SHOWN else "")
        return f"nobody publishes it; image topics that are published: {shown}"
    domain = os.environ.get("ROS_DOMAIN_ID") or "0"
    return (
        "nobody publishes it, nor any other image topic; does the camera's node run, with "
        f"ROS_DOMAIN_ID {domain} as this one?"
    )


def published_images(node: Node) -> list[str]:
    """Return the image topics that somebody publishes, without the node's own, by name."""
    own = node.get_fully_qualified_name() + "/"
    return sorted(
        topic
        for topic, types in node.get_topic_names_and_types()
        if any(kind in _IMAGE_TYPES for kind in types)
        and not topic.startswith(own)
        and node.count_publishers(topic)
    )


def _other_users() -> str:
    users = other_users()
    if not users:
        return ""
    return (
        f": shared memory of the user {', '.join(map(str, users))} is there, and this process runs "
        f"as {os.getuid()}; Fast DDS hands nothing from one user to another: run both as one user, "
        "or set FASTDDS_BUILTIN_TRANSPORTS=LARGE_DATA for both (docs/containers.md)"
    )
