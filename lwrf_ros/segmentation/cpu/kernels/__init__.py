# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Kernels that numba compiles, and the records that describe their work."""
