# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The executable's command line: with and without --ros-args, and mistakes in it."""

from __future__ import annotations

import pytest

from lwrf_ros.configuration.parameters import FIELDS
from lwrf_ros.node.arguments import parameter_files, ros_arguments


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["--params-file", "a.yaml"], ["--ros-args", "--params-file", "a.yaml"]),
        # As launch writes it.
        (
            ["--ros-args", "--ros-args", "-r", "__node:=eyes", "--params-file", "a.yaml"],
            ["--ros-args", "-r", "__node:=eyes", "--params-file", "a.yaml"],
        ),
        # What comes later wins: the single value over the files, the second file over the first.
        (
            ["--params-file=a", "--ros-args", "-p", "x:=1", "--", "--params-file", "b"],
            ["--ros-args", "--params-file", "a", "--params-file", "b", "-p", "x:=1"],
        ),
    ],
)
def test_what_rclpy_gets(given: list[str], expected: list[str]) -> None:
    assert ros_arguments(given) == expected


def test_the_parameter_files_among_them() -> None:
    arguments = ["--ros-args", "--params-file", "a", "-p", "x:=1", "--params-file", "b"]
    assert parameter_files(arguments) == ["a", "b"]


@pytest.mark.parametrize("given", [["-p", "x:=1"], ["max_rate:=3"], ["--params"], ["--", "x"]])
def test_what_rcl_would_drop_is_refused(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        ros_arguments(given)
    assert caught.value.code == 2
    assert "ROS arguments stand behind --ros-args: segmenter --ros-args -p image_topics:=[" in (
        capsys.readouterr().err
    )


def test_help_names_every_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        ros_arguments(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in FIELDS)
    assert "--params-file FILE" in shown and "-p NAME:=VALUE" in shown
