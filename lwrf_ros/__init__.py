# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Light-Weight RefineNet for ROS 2: camera images in, label images and per-class coverage out."""

import os

# ONNX Runtime's wheels (1.32, for one) report use to their maker over the network unless this is
# set before they are imported. A robot's software speaks to nobody unasked: docs/security.md.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
