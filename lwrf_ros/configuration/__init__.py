# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""User settings, and the engine built from them: no ROS."""
