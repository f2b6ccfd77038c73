# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What no robot needs: the benchmark, the paper's tables, and trials of the node."""
