# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The RViz configuration for a node of any name and any cameras, made from the one in config/."""

from __future__ import annotations

import copy
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

# What config/segment.rviz shows: a node of the default name with one camera on the default topic.
_NODE = "/segmenter/"
_OF_THE_NODE = ("legend",)
_ON_THE_RIGHT = ("overlay", "legend")
# Of a window of 1500x900; Qt fits them to what it gets.
_LEFT_WIDTH_PX, _MIDDLE_WIDTH_PX, _RIGHT_WIDTH_PX = 560, 28, 900
_WINDOW_HEIGHT_PX, _LEGEND_PX = 860, 204
_BETWEEN_PX, _LEAST_PX = 6, 44


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
    names = [display["Name"] for display in manager["Displays"]]
    config["Window Geometry"]["QMainWindow State"] = dock_state(names)
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def dock_state(displays: Sequence[str]) -> str:
    """Say where the displays' panels are docked, as Qt 5 and 6 write and read it down.

    RViz lets every panel float over the others that this does not name.

    Args:
        displays: Names of the displays: overlays and the legend go to the right, where there is
            more room, all others to the left, one below the other.

    Returns:
        What QMainWindow.saveState gives, in hexadecimal.
    """
    right = [name for name in displays if name.endswith(_ON_THE_RIGHT)]
    left = [name for name in displays if name not in right]
    height = _WINDOW_HEIGHT_PX
    tall = [height - _LEGEND_PX if name.endswith("overlay") else _LEGEND_PX for name in right]
    areas = (
        # RViz' own panel of settings is there, and hidden.
        (_LEFT_WIDTH_PX, [_panel("Displays", 0, -1, shown=False), *_column(left, [1] * len(left))]),
        (_RIGHT_WIDTH_PX, _column(right, tall)),
    )
    state = struct.pack(">IIBI", 0xFF, 0, 0xFD, len(areas))
    for side, (width_px, panels) in enumerate(areas):
        state += struct.pack(">III", side, width_px, height)
        state += struct.pack(">BBI", 0xFC, 2, len(panels)) + b"".join(panels)
    state += struct.pack(">II4I", _MIDDLE_WIDTH_PX, height, 4, 4, 8, 8)
    state += struct.pack(">BIII", 0xFC, 1, 2, 1) + _named("Tools")
    return (state + struct.pack(">BIiII", 0, 0, -1, 0, 0)).hex()


def _column(names: Sequence[str], weights: Sequence[int]) -> list[bytes]:
    """Put panels below each other, with heights in proportion to their weights."""
    panels, top = [], 0
    room = _WINDOW_HEIGHT_PX - _BETWEEN_PX * (len(names) - 1)
    for name, weight in zip(names, weights, strict=True):
        height = room * weight // sum(weights)
        panels.append(_panel(name, top, height))
        top += height + _BETWEEN_PX
    return panels


def _panel(name: str, top_px: int, height_px: int, shown: bool = True) -> bytes:
    sizes = struct.pack(">BIiII", shown, top_px, height_px, _LEAST_PX, 0xFFFFFF)
    return b"\xfb" + _named(name) + sizes


def _named(name: str) -> bytes:
    text = name.encode("utf-16-be")
    return struct.pack(">I", len(text)) + text


def _resolved(topic: str, node: str) -> str:
    """Return a topic's full name as ROS resolves it for a node, remapping aside."""
    if topic.startswith("/"):
        return topic
    if topic.startswith("~/"):
        return f"{node}{topic[1:]}"
    return f"{node.rpartition('/')[0]}/{topic}"
