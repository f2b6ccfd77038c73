# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How the node and its cameras are doing, and what becomes of failures."""
