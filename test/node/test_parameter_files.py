# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Parameter files for other nodes are found as rcl itself applies them."""

from __future__ import annotations

from pathlib import Path

import pytest
import rclpy
from rclpy.context import Context

from lwrf_ros.node.compat import parameter_overrides
from lwrf_ros.node.parameter_files import applies, node_names, unheeded

NAMES = ("/**", "**", "/*", "/**/eyes", "/*/eyes", "eyes", "/eyes", "/robot/eyes", "robot/eyes")
NAMES += ("/robot/**", "/robot/*", "*/eyes", "/robots/eyes", "/robot/eyes2", "/robot")


@pytest.mark.parametrize("namespace", ["/robot", "/"])
def test_names_apply_as_in_rcl(tmp_path: Path, namespace: str) -> None:
    path = tmp_path / "all.yaml"
    lines = [f"{name!r}: {{ros__parameters: {{p{i}: 1}}}}\n" for i, name in enumerate(NAMES)]
    path.write_text("".join(lines))
    context = Context()
    rclpy.init(args=["--ros-args", "--params-file", str(path)], context=context)
    node = rclpy.create_node("eyes", namespace=namespace, context=context)
    full = node.get_fully_qualified_name()
    given = {NAMES[int(name[1:])] for name in parameter_overrides(node)}
    node.destroy_node()
    rclpy.shutdown(context=context)
    assert given == {name for name in NAMES if applies("/" + name.strip("/"), full)}


def test_names_in_every_form(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(
        "&a eyes:\n  ros__parameters: {x: {y: 1}, z: [1, 2]}\n"
        "robot:\n  /nose:\n    ros__parameters: {list: [[1], {a: 1}]}\n  ears: {}\n"
        "/left/hand: {ros__parameters: {<<: [*a], z: 1}}\n"
        "no_parameters: 3\n"
    )
    assert node_names(path) == ["/eyes", "/robot/nose", "/left/hand"]


def test_only_files_without_anything_for_the_node_are_told(tmp_path: Path) -> None:
    mine, others, empty = (tmp_path / name for name in ("mine.yaml", "others.yaml", "empty.yaml"))
    mine.write_text("a: {ros__parameters: {x: 1}}\n/**: {ros__parameters: {x: 1}}\n")
    others.write_text("".join(f"n{i}: {{ros__parameters: {{x: 1}}}}\n" for i in range(6)))
    empty.write_text("")
    texts = unheeded([str(mine), str(others), str(empty)], "/robot/eyes")
    assert texts == [
        f"nothing in the parameter file {others} is for this node: it is for /n0, /n1, /n2, /n3, "
        "/n4, ..., and this one is /robot/eyes; write /robot/eyes or /** in the file, or start the "
        "node with the file's name (name:= and namespace:= of the launch file)"
    ]


def test_aliases_upon_aliases_are_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 40)]
    path.write_text("\n".join(lines))
    assert node_names(path) == []
