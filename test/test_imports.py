# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The walls of the design: which part may import which; and that the checker sees through them."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import Import, cycle, imports_of, modules_of, violations

REPOSITORY = Path(__file__).resolve().parents[1]
ROS = ("rclpy", "*_msgs", "launch", "launch_ros", "cv_bridge", "std_srvs", "lifecycle_msgs")


@pytest.fixture(scope="module")
def modules() -> dict[str, Path]:
    return modules_of(REPOSITORY / "lwrf_ros")


@pytest.fixture(scope="module")
def imports(modules: dict[str, Path]) -> list[Import]:
    return imports_of(modules)


def test_the_tree_is_read(modules: dict[str, Path], imports: list[Import]) -> None:
    assert {"lwrf_ros", "lwrf_ros.network.decoder", "lwrf_ros.segmentation"} <= set(modules)
    pairs = {(one.importer, one.imported) for one in imports}
    assert ("lwrf_ros.classes", "lwrf_ros.data.class_tables") in pairs
    assert ("lwrf_ros.segmentation.segmenter", "torch") in pairs


@pytest.mark.parametrize(
    "part",
    [
        "network",
        "weights",
        "segmentation",
        "labelling",
        "training",
        "classes",
        "class_groups",
        "regions",
        "data",
        "files",
    ],
)
def test_the_engine_knows_no_ros(imports: list[Import], part: str) -> None:
    assert violations(imports, [f"lwrf_ros.{part}"], [*ROS, "lwrf_ros.node"]) == []


def test_the_network_knows_nothing_of_the_engine(imports: list[Import]) -> None:
    engine = ["lwrf_ros.segmentation", "lwrf_ros.training"]
    assert violations(imports, ["lwrf_ros.network", "lwrf_ros.weights"], engine) == []


def test_the_node_knows_no_tensors(imports: list[Import]) -> None:
    assert violations(imports, ["lwrf_ros.node"], ["torch", "safetensors"]) == []


def test_nothing_but_the_tools_imports_the_tools(
    modules: dict[str, Path], imports: list[Import]
) -> None:
    others = [m for m in modules if not m.startswith("lwrf_ros.tools") and m != "lwrf_ros"]
    outside = [one for one in imports if one.importer in (*others, "lwrf_ros")]
    assert violations(outside, ["lwrf_ros"], ["lwrf_ros.tools"]) == []


def test_the_registry_for_launch_files_needs_no_torch(imports: list[Import]) -> None:
    light = ["backbones", "errors", "data", "weights.bundled", "weights.card"]
    heavy = ["torch", "numpy", "cv2", "lwrf_ros.network", "lwrf_ros.segmentation"]
    assert violations(imports, [f"lwrf_ros.{name}" for name in light], heavy) == []
    assert violations(imports, ["lwrf_ros.weights.choice"], ["torch", "lwrf_ros.network"]) == []
    at_start = [one.imported for one in imports if one.importer == "lwrf_ros" and one.at_start]
    assert at_start == ["importlib", "typing.TYPE_CHECKING", "typing.Any"]


def test_the_node_opens_no_connection_but_those_of_ros(imports: list[Import]) -> None:
    network = ["socket", "ssl", "http", "urllib", "ftplib", "smtplib", "requests", "asyncio"]
    own = [one.importer for one in imports if not one.importer.startswith("lwrf_ros.tools")]
    assert violations(imports, own, network) == []


def test_labelling_needs_no_torch(imports: list[Import]) -> None:
    heavy = ["torch", "lwrf_ros.network", "lwrf_ros.segmentation", "lwrf_ros.training"]
    assert violations(imports, ["lwrf_ros.labelling"], heavy) == []


def test_no_import_cycles(modules: dict[str, Path], imports: list[Import]) -> None:
    assert cycle(modules, imports) == []


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
    "network/deep/relative.py": "from ...tools import cli\nfrom .. import light\nfrom . import *\n",
    "tools/__init__.py": "",
    "tools/cli.py": "from pkg import network\nimport pkg.ring.a\n",
    "ring/__init__.py": "",
    "ring/a.py": "from pkg.ring import b\n",
    "ring/b.py": "try:\n    import pkg.ring.c\nexcept ImportError:\n    pass\n",
    "ring/c.py": "class C:\n    from pkg.ring.a import value\n",
    "loose/__init__.py": "",
    "loose/a.py": "import pkg.loose.b\n",
    "loose/b.py": "def late():\n    import pkg.loose.a\n",
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
        ("pkg.network.light", "os.path", 1, True),
        ("pkg.network.hidden", "rclpy.node", 2, False),
        ("pkg.network.typed", "typing.TYPE_CHECKING", 1, True),
        ("pkg.network.typed", "sensor_msgs.msg.Image", 3, False),
        ("pkg.network.typed", "rclpy", 5, True),
        ("pkg.network.alike", "rclpyx", 1, True),
        ("pkg.network.alike", "my_msgs_tool", 2, True),
        ("pkg.network.deep.relative", "pkg.tools.cli", 1, True),
        ("pkg.network.deep.relative", "pkg.network.light", 2, True),
        ("pkg.network.deep.relative", "pkg.network.deep.*", 3, True),
    }


def test_forbidden_imports_are_found_even_late_or_for_types(tree: dict[str, Path]) -> None:
    assert violations(imports_of(tree), ["pkg.network"], ["rclpy", "*_msgs", "pkg.tools"]) == [
        "pkg.network.deep.relative:1 imports pkg.tools.cli",
        "pkg.network.hidden:2 imports rclpy.node",
        "pkg.network.typed:3 imports sensor_msgs.msg.Image",
        "pkg.network.typed:5 imports rclpy",
    ]
    assert violations(imports_of(tree), ["pkg.net"], ["rclpy"]) == []


def test_a_cycle_is_found_and_late_imports_make_none(tree: dict[str, Path]) -> None:
    imports = imports_of(tree)
    assert cycle(tree, imports) == ["pkg.ring.a", "pkg.ring.b", "pkg.ring.c", "pkg.ring.a"]
    whole = {name: path for name, path in tree.items() if not name.startswith("pkg.ring")}
    assert cycle(whole, [one for one in imports if one.importer in whole]) == []


def test_a_package_that_hands_on_names_is_no_cycle_by_itself(tree: dict[str, Path]) -> None:
    parts = {name: tree[name] for name in ("pkg.network", "pkg.network.light")}
    assert cycle(parts, imports_of(parts)) == []
    back = [*imports_of(parts), Import("pkg.network.light", "pkg.network.thing", 1, True)]
    assert cycle(parts, back) == ["pkg.network", "pkg.network.light", "pkg.network"]
