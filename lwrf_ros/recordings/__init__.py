# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Recorded images of any kind as one lazily read stream of frames."""

from lwrf_ros.recordings.frame import (
    CompressedImage,
    DamagedImage,
    Frame,
    FrameError,
    FrameSource,
    RawImage,
)
from lwrf_ros.recordings.opening import open_frames

__all__ = [
    "CompressedImage",
    "DamagedImage",
    "Frame",
    "FrameError",
    "FrameSource",
    "RawImage",
    "open_frames",
]
