# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The RViz configuration and the Foxglove layout: topics that the node has, QoS that matches it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from sensor_msgs.msg import CompressedImage, Image

from lwrf_ros.classes.class_table import UNLABELLED_NAME, ClassTable
from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.node.camera import OUTPUT_TYPES
from lwrf_ros.node.input.qos import output_qos
from lwrf_ros.node.rviz import rviz_config
from lwrf_ros.package_data import config_path
from lwrf_ros.weights.bundled import DEFAULT_CLASSES

RVIZ = config_path("segment.rviz")
NODE = "/segmenter"
# What RViz calls the policies of rclpy; a stronger wish than the offer does not match.
STRENGTH = {"Best Effort": 0, "Reliable": 1, "Volatile": 0, "Transient Local": 1}


@pytest.fixture(scope="module")
def displays() -> dict[str, dict[str, Any]]:
    """The displays of config/segment.rviz by name."""
    config = yaml.safe_load(RVIZ.read_text(encoding="utf-8"))
    return {one["Name"]: one for one in config["Visualization Manager"]["Displays"]}


def test_rviz_shows_what_the_node_has(displays: dict[str, dict[str, Any]]) -> None:
    topics = {name: display["Topic"]["Value"] for name, display in displays.items()}
    (image_topic,) = Parameters().image_topics
    assert topics.pop("camera") == f"/{image_topic}"
    assert topics.pop("legend") == f"{NODE}/legend"
    assert set(topics) == {"overlay", "labels"}
    for name, topic in topics.items():
        assert topic == f"{NODE}/{name}"
        assert OUTPUT_TYPES[name] is Image
    assert {one["Class"] for one in displays.values()} == {"rviz_default_plugins/Image"}


def test_the_quality_of_service_matches(displays: dict[str, dict[str, Any]]) -> None:
    offered = output_qos()
    assert offered.reliability.name == "RELIABLE"
    assert offered.durability.name == "VOLATILE"
    for name, display in displays.items():
        topic = display["Topic"]
        reliability, durability = topic["Reliability Policy"], topic["Durability Policy"]
        assert topic["History Policy"] == "Keep Last"
        # A camera may be best effort. The legend alone is latched: see test_legend_topic.py.
        assert STRENGTH[reliability] <= (name != "camera")
        assert STRENGTH[durability] == (name == "legend")


def filled(node: str, topics: tuple[str, ...], names: tuple[str, ...] = ()) -> list[str]:
    config = yaml.safe_load(rviz_config(RVIZ, node, topics, names))
    displays = config["Visualization Manager"]["Displays"]
    return [f"{display['Name']}: {display['Topic']['Value']}" for display in displays]


def test_the_defaults_fill_in_what_is_there() -> None:
    config = rviz_config(RVIZ, NODE, Parameters().image_topics, Parameters().camera_names)
    assert yaml.safe_load(config) == yaml.safe_load(RVIZ.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("given", "resolved"),
    [
        ("image", "/robot/image"),
        ("/a/b", "/a/b"),
        ("~/a", "/robot/eyes/a"),
        ("x/compressed", "/robot/x/compressed"),
    ],
)
def test_a_topic_is_resolved_as_the_node_does(given: str, resolved: str) -> None:
    assert filled("/robot/eyes", (given,)) == [
        f"camera: {resolved}",
        "overlay: /robot/eyes/overlay",
        "labels: /robot/eyes/labels",
        "legend: /robot/eyes/legend",
    ]


def test_several_cameras_have_displays_of_their_own() -> None:
    assert filled(NODE, ("/l", "/r"), ("left", "right")) == [
        "left camera: /l",
        "left overlay: /segmenter/left/overlay",
        "left labels: /segmenter/left/labels",
        "right camera: /r",
        "right overlay: /segmenter/right/overlay",
        "right labels: /segmenter/right/labels",
        "legend: /segmenter/legend",
    ]


def test_panels_are_docked_as_qt_writes_it_down() -> None:
    # That of the file is one that Qt has made; see test_the_defaults_fill_in_what_is_there.
    config = yaml.safe_load(rviz_config(RVIZ, NODE, ("/l", "/r"), ("left", "right")))
    state = bytes.fromhex(config["Window Geometry"]["QMainWindow State"])
    displays = config["Visualization Manager"]["Displays"]
    for name in ["Displays", *(display["Name"] for display in displays)]:
        text = name.encode("utf-16-be")
        assert state.count(b"\xfb" + len(text).to_bytes(4, "big") + text) == 1
    # As many panels as follow stand before the panels of each side.
    assert b"\xfc\x02" + (5).to_bytes(4, "big") + b"\xfb" in state
    assert b"\xfc\x02" + (3).to_bytes(4, "big") + b"\xfb" in state


@pytest.fixture(scope="module")
def layout() -> dict[str, Any]:
    """config/foxglove_layout.json."""
    return json.loads(config_path("foxglove_layout.json").read_text(encoding="utf-8"))


def panels(tree: Any) -> list[str]:
    """The panels of a layout's tree from left to right and from top to bottom."""
    if isinstance(tree, str):
        return [tree]
    assert tree["direction"] in ("row", "column")
    return panels(tree["first"]) + panels(tree["second"])


def test_every_panel_of_the_foxglove_layout_has_its_place(layout: dict[str, Any]) -> None:
    assert sorted(panels(layout["layout"])) == sorted(layout["configById"])


def test_foxglove_shows_what_the_node_has(layout: dict[str, Any]) -> None:
    configs = layout["configById"]
    images = {
        name.split("!")[1]: config["imageMode"]["imageTopic"]
        for name, config in configs.items()
        if name.startswith("Image!")
    }
    assert images == {
        "camera": f"/{Parameters().image_topics[0]}",
        "overlay": f"{NODE}/overlay/compressed",
        "labels": f"{NODE}/labels",
        "legend": f"{NODE}/legend",
    }
    assert OUTPUT_TYPES["overlay/compressed"] is CompressedImage
    assert configs["DiagnosticSummary!alerts"]["topicToRender"] == f"{NODE}/coverage"
    assert configs["DiagnosticStatusPanel!node"]["topicToRender"] == "/diagnostics"


def test_foxglove_plots_every_class_in_its_colour(layout: dict[str, Any]) -> None:
    table = ClassTable.load(DEFAULT_CLASSES)
    paths = layout["configById"]["Plot!coverage"]["paths"]
    assert [path["label"] for path in paths] == [*table.names, UNLABELLED_NAME]
    for path, colour in zip(paths, table.colours, strict=False):
        match = re.fullmatch(
            r'/segmenter/coverage\.status\[0\]\.values\[:\]\{key=="(.+)"\}\.value', path["value"]
        )
        assert match is not None and match[1] == path["label"]
        assert bytes.fromhex(path["color"][1:]) == colour.tobytes()
