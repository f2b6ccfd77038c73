# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The network on a CPU, by kernels of our own.

graph → plan → memory → program: a network in torch becomes a list of steps, these get their places
in memory, and the program goes through them in every thread (docs/architecture.md).
"""

from lwrf_ros.segmentation.cpu_network.graph import UnknownOperationError
from lwrf_ros.segmentation.cpu_network.network import CpuNetwork

__all__ = ["CpuNetwork", "UnknownOperationError"]
