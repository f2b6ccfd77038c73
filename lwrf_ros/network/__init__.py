# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The networks of the paper: torch, no files, no ROS."""

from lwrf_ros.network.refinenet import RefineNet, build_network, randomise

__all__ = [
    "RefineNet",
    "build_network",
    "randomise",
]
