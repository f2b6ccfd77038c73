# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Stamps of messages, as numbers."""

from __future__ import annotations

from typing import Any

SECOND_NS = 1_000_000_000


def stamp_to_ns(stamp: Any) -> int:
    """Return a builtin_interfaces/Time, of ROS or of rosbags, in nanoseconds."""
    return int(stamp.sec) * SECOND_NS + int(stamp.nanosec)
