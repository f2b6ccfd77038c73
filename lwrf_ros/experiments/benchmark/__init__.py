# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf benchmark``: this engine and its peers, measured in turns."""
