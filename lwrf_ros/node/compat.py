# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What differs between releases of ROS, or has no public name in any of them."""

from __future__ import annotations

import os
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode
    from rclpy.node import Node

_FAST_DDS_3 = "FASTDDS_DEFAULT_PROFILES_FILE"
_FAST_DDS_2 = "FASTRTPS_DEFAULT_PROFILES_FILE"
PROFILE_VARIABLES = (_FAST_DDS_3, _FAST_DDS_2)
_FIRST_RCLPY_WITH_FAST_DDS_3 = 9  # Kilted


def profile_environment(profile: str) -> dict[str, str]:
    """Return the environment variable that gives a process a Fast DDS profile.

    Args:
        profile: Path of the profile.

    Returns:
        The variable of the installed release and the path; nothing if the user has set one.
    """
    if any(os.environ.get(variable) for variable in PROFILE_VARIABLES):
        return {}
    return {profile_variable(): profile}


def profile_variable() -> str:
    """Return which of `PROFILE_VARIABLES` the installed release reads.

    Raises:
        PackageNotFoundError: If rclpy is not installed.
    """
    release = int(metadata.version("rclpy").split(".")[0])
    return _FAST_DDS_3 if release >= _FIRST_RCLPY_WITH_FAST_DDS_3 else _FAST_DDS_2


def parameter_overrides(node: Node) -> dict[str, Any]:
    """Return the parameter values given to the node by YAML file or command line, by name.

    rclpy drops the ones that are never declared without a word, and has no public way to ask for
    them (Jazzy, Kilted).
    """
    return {name: parameter.value for name, parameter in node._parameter_overrides.items()}


def destroy_lifecycle_node(node: LifecycleNode) -> None:
    """Destroy a node with its state machine, which rclpy leaves to the garbage collector.

    Until that is gone, so are neither the DDS participant nor its shared memory, which outlives a
    process that ends without the interpreter's own clean-up.
    """
    node.destroy_node()
    node._state_machine.destroy_when_not_in_use()
