# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Light-Weight RefineNet for ROS 2: camera images in, label images and per-class coverage out."""

__version__ = "0.1.0"
