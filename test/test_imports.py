# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The walls of the design: which part may import which; and that the checker sees through them."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import Import, circles, imports_of, modules_of, violations

REPOSITORY = Path(__file__).resolve().parents[1]
ROS = ("rclpy", "*_msgs", "launch", "launch_ros", "cv_bridge", "std_srvs")
# Those that talk to the node or make its messages; everything else knows no ROS.
ROS_KNOWN = ("archive", "node", "processes", "replay", "cli", "experiments")


@pytest.fixture(scope="module")
def modules() -> dict[str, Path]:
    return modules_of(REPOSITORY / "lwrf_ros")


@pytest.fixture(scope="module")
def imports(modules: dict[str, Path]) -> list[Import]:
    return imports_of(modules)


def outside(modules: dict[str, Path], rooms: tuple[str, ...]) -> list[str]:
    """Return the modules that lie in none of some folders of the package."""
    return [name for name in modules if name.split(".")[1:2] not in [[room] for room in rooms]]


def test_the_tree_is_read(modules: dict[str, Path], imports: list[Import]) -> None:
    assert {"lwrf_ros", "lwrf_ros.network.decoder", "lwrf_ros.segmentation"} <= set(modules)
    pairs = {(one.importer, one.imported) for one in imports}
    assert ("lwrf_ros.classes.class_table", "lwrf_ros.package_data.class_tables") in pairs
    assert ("lwrf_ros.segmentation.segmenter", "torch") in pairs
    others = outside(modules, ROS_KNOWN)
    assert {"lwrf_ros", "lwrf_ros.errors", "lwrf_ros.classes.regions"} <= set(others)
    assert "lwrf_ros.node.input.qos" not in others


def test_only_who_talks_to_the_node_knows_ros(
    modules: dict[str, Path], imports: list[Import]
) -> None:
    allowed = "lwrf_ros.recordings.bags.image_topics"
    own = [one for one in imports if one.importer in outside(modules, ROS_KNOWN)]
    found = violations(own, ["lwrf_ros"], ROS)
    # A message with bytes behind its end is read by ROS' own reader, where that is there.
    assert [one for one in found if not one.startswith(allowed + ":")] == []


def test_only_who_talks_to_the_node_imports_it(
    modules: dict[str, Path], imports: list[Import]
) -> None:
    own = [one for one in imports if one.importer in outside(modules, ROS_KNOWN)]
    rooms = ["lwrf_ros.node", "lwrf_ros.processes", "lwrf_ros.replay"]
    assert violations(own, ["lwrf_ros"], rooms) == []


def test_the_network_knows_no_files_and_no_engine(imports: list[Import]) -> None:
    forbidden = ["pathlib", "safetensors", "lwrf_ros.segmentation", "lwrf_ros.weights"]
    assert violations(imports, ["lwrf_ros.network"], forbidden) == []
    engine = ["lwrf_ros.segmentation", "lwrf_ros.training"]
    assert violations(imports, ["lwrf_ros.weights"], engine) == []


def test_the_node_knows_no_tensors(imports: list[Import]) -> None:
    assert violations(imports, ["lwrf_ros.node"], ["torch", "safetensors"]) == []


def test_classes_know_no_tensors(imports: list[Import]) -> None:
    assert violations(imports, ["lwrf_ros.classes"], ["torch", "safetensors"]) == []


def test_nothing_imports_the_command_line_or_the_experiments(
    modules: dict[str, Path], imports: list[Import]
) -> None:
    own = [one for one in imports if one.importer in outside(modules, ("cli",))]
    assert violations(own, ["lwrf_ros"], ["lwrf_ros.cli"]) == []
    own = [one for one in own if one.importer in outside(modules, ("experiments",))]
    assert violations(own, ["lwrf_ros"], ["lwrf_ros.experiments"]) == []


def test_what_launch_files_read_needs_no_torch(imports: list[Import]) -> None:
    light = ["backbones", "errors", "package_data", "weights.bundled", "weights.card"]
    heavy = ["torch", "numpy", "cv2", "lwrf_ros.network", "lwrf_ros.segmentation"]
    assert violations(imports, [f"lwrf_ros.{name}" for name in light], heavy) == []
    torch = ["torch", "lwrf_ros.network", "lwrf_ros.segmentation"]
    also = ["configuration.parameters", "configuration.alerts", "weights.choice", "labelling"]
    assert violations(imports, [f"lwrf_ros.{name}" for name in also], torch) == []
    own = [one for one in imports if one.importer == "lwrf_ros" and one.at_start]
    assert violations(own, ["lwrf_ros"], [*heavy, *ROS]) == []


def test_the_node_opens_no_connection_but_those_of_ros(
    modules: dict[str, Path], imports: list[Import]
) -> None:
    network = ["socket", "ssl", "http", "urllib", "ftplib", "smtplib", "requests", "asyncio"]
    tools = ("cli", "experiments", "processes", "recordings", "replay", "machine", "extraction")
    assert violations(imports, outside(modules, tools), network) == []


def test_no_circles_between_files_or_folders(
    modules: dict[str, Path], imports: list[Import]
) -> None:
    assert circles(modules, imports) == []


# ---- the checker itself, on a small tree that breaks every rule

TREE = {
    "__init__.py": "",
    "network/__init__.py": "from pkg.network.light import thing\n",
    "network/light.py": "import os.path\nthing = 1\n",
    "network/hidden.py": "def late():\n    import rclpy.node\n",
    "network/typed.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from sensor_msgs.msg import Image\n"
        "else:\n    import rclpy\n"
    ),
    "network/alike.py": "import rclpyx\nimport my_msgs_tool\n",
    "network/deep/__init__.py": "",
    "network/deep/relative.py": "from ...top import verb\nfrom .. import light\nfrom . import *\n",
    "top/__init__.py": "",
    "top/verb.py": "from pkg import network\nimport pkg.ring.a\n",
    "ring/__init__.py": "",
    "ring/a.py": "from pkg.ring import b\n",
    "ring/b.py": "try:\n    import pkg.ring.c\nexcept ImportError:\n    pass\n",
    "ring/c.py": "class C:\n    from pkg.ring.a import value\n",
    "loose/__init__.py": "",
    "loose/a.py": "import pkg.loose.b\n",
    "loose/b.py": "def late():\n    import pkg.loose.a\n",
    "hints/__init__.py": "",
    "hints/a.py": "import pkg.hints.b\n",
    "hints/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pkg.hints.a\n",
    "east/__init__.py": "",
    "east/one.py": "import pkg.west.one\n",
    "east/two.py": "",
    "west/__init__.py": "",
    "west/one.py": "",
    "west/two.py": "def late():\n    import pkg.east.two\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> dict[str, Path]:
    for name, text in TREE.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return modules_of(tmp_path / "pkg")


def test_modules_have_dotted_names(tree: dict[str, Path]) -> None:
    assert {"pkg", "pkg.network", "pkg.network.light", "pkg.network.deep.relative"} <= set(tree)
    assert len(tree) == len(TREE)


def test_imports_are_seen_wherever_they_stand(tree: dict[str, Path]) -> None:
    got = {tuple(one) for one in imports_of(tree) if one.importer.startswith("pkg.network.")}
    assert got == {
        ("pkg.network.light", "os.path", 1, True, False),
        ("pkg.network.hidden", "rclpy.node", 2, False, False),
        ("pkg.network.typed", "typing.TYPE_CHECKING", 1, True, False),
        ("pkg.network.typed", "sensor_msgs.msg.Image", 3, False, True),
        ("pkg.network.typed", "rclpy", 5, True, False),
        ("pkg.network.alike", "rclpyx", 1, True, False),
        ("pkg.network.alike", "my_msgs_tool", 2, True, False),
        ("pkg.network.deep.relative", "pkg.top.verb", 1, True, False),
        ("pkg.network.deep.relative", "pkg.network.light", 2, True, False),
        ("pkg.network.deep.relative", "pkg.network.deep.*", 3, True, False),
    }


def test_forbidden_imports_are_found_even_late_or_for_types(tree: dict[str, Path]) -> None:
    assert violations(imports_of(tree), ["pkg.network"], ["rclpy", "*_msgs", "pkg.top"]) == [
        "pkg.network.deep.relative:1 imports pkg.top.verb",
        "pkg.network.hidden:2 imports rclpy.node",
        "pkg.network.typed:3 imports sensor_msgs.msg.Image",
        "pkg.network.typed:5 imports rclpy",
    ]
    assert violations(imports_of(tree), ["pkg.net"], ["rclpy"]) == []


def circles_through(tree: dict[str, Path], *folders: str) -> list[list[str]]:
    """Return the circles of a few folders by themselves."""
    names = {f"pkg.{folder}" for folder in folders}
    chosen = {name: path for name, path in tree.items() if ".".join(name.split(".")[:2]) in names}
    return circles(chosen, imports_of(chosen))


def test_circles_between_files_are_found(tree: dict[str, Path]) -> None:
    ring = ["pkg.ring.a", "pkg.ring.b", "pkg.ring.c", "pkg.ring.a"]
    assert circles_through(tree, "ring") == [ring]


def test_late_imports_make_circles_and_hints_for_types_none(tree: dict[str, Path]) -> None:
    assert circles_through(tree, "loose") == [["pkg.loose.a", "pkg.loose.b", "pkg.loose.a"]]
    assert circles_through(tree, "hints") == []


def test_circles_between_folders_are_found_where_no_file_is_on_one(tree: dict[str, Path]) -> None:
    assert circles_through(tree, "east", "west") == [["pkg.east", "pkg.west", "pkg.east"]]
    assert circles_through(tree, "east") == circles_through(tree, "west") == []


def test_all_circles_are_found_at_once(tree: dict[str, Path]) -> None:
    found = circles(tree, imports_of(tree))
    # Through pkg.network.deep.relative, which climbs.
    assert ["pkg.network", "pkg.top", "pkg.network"] in found
    assert len(found) == 4


def test_a_package_that_hands_on_names_is_no_circle_by_itself(tree: dict[str, Path]) -> None:
    parts = {name: tree[name] for name in ("pkg.network", "pkg.network.light")}
    assert circles(parts, imports_of(parts)) == []
    back = [*imports_of(parts), Import("pkg.network.light", "pkg.network.thing", 1, True)]
    assert circles(parts, back) == [["pkg.network", "pkg.network.light", "pkg.network"]]
