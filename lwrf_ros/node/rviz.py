# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The RViz configuration for a node of any name and any cameras, made from the one in config/."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

# What config/segment.rviz shows: a node of the default name with one camera on the default topic.
_NODE = "/segmenter/"
_OF_THE_NODE = ("legend",)


def rviz_config(
    template: Path, node: str, image_topics: Sequence[str], camera_names: Sequence[str]
) -> str:
    """Fill in the topics of a node.

    Args:
        template: config/segment.rviz.
        node: Full name of the node.
        image_topics: Its image topics, relative to its namespace where they are relative.
        camera_names: A name for each of them, or none.

    Returns:
        The text of an RViz configuration: the legend once, everything else once a camera.
    """
    config: dict[str, Any] = yaml.safe_load(template.read_text(encoding="utf-8"))
    manager = config["Visualization Manager"]
    of_a_camera = [one for one in manager["Displays"] if one["Name"] not in _OF_THE_NODE]
    of_the_node = [one for one in manager["Displays"] if one["Name"] in _OF_THE_NODE]
    shown = []
    for place, image_topic in enumerate(image_topics):
        camera = camera_names[place] if camera_names else ""
        for display in copy.deepcopy(of_a_camera):
            topic = display["Topic"]
            output = topic["Value"].removeprefix(_NODE)
            if output == topic["Value"]:
                topic["Value"] = _resolved(image_topic, node)
            else:
                topic["Value"] = "/".join(part for part in (node, camera, output) if part)
            display["Name"] = f"{camera} {display['Name']}".strip()
            shown.append(display)
    for display in of_the_node:
        display["Topic"]["Value"] = f"{node}/{display['Topic']['Value'].removeprefix(_NODE)}"
    manager["Displays"] = shown + of_the_node
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def _resolved(topic: str, node: str) -> str:
    """Return a topic's full name as ROS resolves it for a node, remapping aside."""
    if topic.startswith("/"):
        return topic
    if topic.startswith("~/"):
        return f"{node}{topic[1:]}"
    return f"{node.rpartition('/')[0]}/{topic}"
