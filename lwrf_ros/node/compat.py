# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What differs between releases of ROS, or has no public name in any of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rclpy.node import Node

_FAST_DDS_3 = "FASTDDS_DEFAULT_PROFILES_FILE"
_FAST_DDS_2 = "FASTRTPS_DEFAULT_PROFILES_FILE"
_WITH_FAST_DDS_2 = ("humble", "iron", "jazzy")
PROFILE_VARIABLES = (_FAST_DDS_3, _FAST_DDS_2)


def profile_environment(profile: str) -> dict[str, str]:
    """Return the environment variables that give a process a Fast DDS profile.

    Args:
        profile: Path of the profile.

    Returns:
        Variables by name; none if the user has set one. Where ROS_DISTRO does not tell the release
        (ROS from wheels), both are set, and Fast DDS 3 warns that one of them is deprecated.
    """
    if any(os.environ.get(variable) for variable in PROFILE_VARIABLES):
        return {}
    distro = os.environ.get("ROS_DISTRO", "")
    if not distro:
        return dict.fromkeys(PROFILE_VARIABLES, profile)
    return {_FAST_DDS_2 if distro in _WITH_FAST_DDS_2 else _FAST_DDS_3: profile}


def parameter_overrides(node: Node) -> dict[str, Any]:
    """Return the parameter values given to the node by YAML file or command line, by name.

    rclpy drops the ones that are never declared without a word, and has no public way to ask for
    them (Jazzy, Kilted).
    """
    return {name: parameter.value for name, parameter in node._parameter_overrides.items()}
