# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Experiments that no robot needs: the benchmark, the paper's tables, and trials of the node."""
