# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A recording through the node's engine, offline; comparison, report, and bags as tests."""
