# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a user can set, and the engine that follows from it: no ROS."""
