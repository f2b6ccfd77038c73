# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What differs between ROS releases: parameters as given."""

from __future__ import annotations

from harness import open_node
from rclpy.parameter import Parameter

from lwrf_ros.node.compat import parameter_overrides


def test_overrides_that_nobody_declares_are_there(domain_id: int) -> None:
    overrides = [Parameter("b", value=[1, 2])]
    arguments = ["--ros-args", "-p", "a:=1e3", "-p", "c:=[]"]
    with open_node(domain_id, parameter_overrides=overrides, cli_args=arguments) as local:
        given = parameter_overrides(local.node)
    assert set(given) - {"use_sim_time"} == {"a", "b", "c"}
    assert given["a"] == 1000.0
    assert list(given["b"]) == [1, 2]
    assert given["c"] is None
