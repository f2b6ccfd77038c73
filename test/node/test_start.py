# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The begin with rclpy where rcl's log files cannot be written, and with what rcl does not take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lwrf_ros.node.start import log_folder_problem

BEGIN = """
import rclpy
from lwrf_ros.node.start import StartError, start_rclpy
try:
    start_rclpy()
    rclpy.create_node("anybody").get_logger().info("it runs")
except StartError as error:
    print(error)
"""


def test_the_folder_is_found_as_rcl_does(tmp_path: Path) -> None:
    home, given = str(tmp_path / "home"), str(tmp_path / "given")
    assert log_folder_problem({"HOME": home}) == ""
    assert (tmp_path / "home/.ros/log").is_dir()
    assert log_folder_problem({"HOME": home, "ROS_HOME": given}) == ""
    assert (tmp_path / "given/log").is_dir()
    assert log_folder_problem({"HOME": home, "ROS_LOG_DIR": "~/own"}) == ""
    assert (tmp_path / "home/own").is_dir()


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({}, "HOME is not set"),
        ({"HOME": ""}, "HOME is not set"),
        ({"ROS_LOG_DIR": "~/own"}, "HOME is not set"),
        ({"HOME": "/proc"}, "/proc/.ros/log, of HOME, cannot be made (No such file or directory)"),
        ({"ROS_HOME": "/proc/x"}, "/proc/x/log, of ROS_HOME, cannot be made (No such file"),
        ({"HOME": "/", "ROS_LOG_DIR": "/dev/null"}, "/dev/null, of ROS_LOG_DIR, cannot be made ("),
    ],
)
def test_what_is_wrong_with_it(environment: dict[str, str], problem: str) -> None:
    assert log_folder_problem(environment).startswith(problem)


def test_without_a_home_it_runs_and_says_what_to_set(domain_id: int, tmp_path: Path) -> None:
    environment = dict(os.environ, ROS_DOMAIN_ID=str(domain_id))
    for name in ("HOME", "ROS_LOG_DIR", "ROS_HOME"):
        environment.pop(name, None)
    process = subprocess.run(
        [sys.executable, "-c", BEGIN], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    said = process.stderr
    assert process.returncode == 0, said
    assert "no log files, as HOME is not set; set ROS_LOG_DIR to a folder" in said
    assert "it runs" in said
    assert list(tmp_path.iterdir()) == []
