# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""This machine and the software on it: for `lwrf info` and beside measurements."""
