# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Images as cameras send and recordings hold them, to pixels; without ROS."""
