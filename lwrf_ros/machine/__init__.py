# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What this machine is and what is installed on it: for `lwrf info` and beside measurements."""
