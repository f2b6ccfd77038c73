# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Package data and nothing else: class tables and groups, weights with their cards."""
