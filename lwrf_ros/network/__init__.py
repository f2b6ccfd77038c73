# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The networks of the paper and their weights: torch, no ROS."""

from lwrf_ros.network.checkpoint import WeightsInfo, load_weights, save_weights
from lwrf_ros.network.pretrained import load_encoder
from lwrf_ros.network.refinenet import RefineNet, build_network, randomise
from lwrf_ros.network.weights_file import CheckpointError

__all__ = [
    "CheckpointError",
    "RefineNet",
    "WeightsInfo",
    "build_network",
    "load_encoder",
    "load_weights",
    "randomise",
    "save_weights",
]
