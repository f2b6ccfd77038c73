# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The ROS 2 node: rclpy and messages, no tensor arithmetic."""
