# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The engine on an NVIDIA GPU: Triton kernels around a network in CUDA graphs."""
