# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The engine: images in, labels, confidence and coverage out. torch and NumPy, no ROS."""

from lwrf_ros.segmentation.arguments import ENCODINGS, ImageError
from lwrf_ros.segmentation.device import PRECISIONS, DeviceError
from lwrf_ros.segmentation.faults import DeviceLostError, OutOfMemoryError
from lwrf_ros.segmentation.region_coverage import RegionCoverage, RegionShares
from lwrf_ros.segmentation.result import Segmentation, Timings
from lwrf_ros.segmentation.segmenter import BEST_BATCH, Segmenter, Ticket

__all__ = [
    "BEST_BATCH",
    "ENCODINGS",
    "PRECISIONS",
    "DeviceError",
    "DeviceLostError",
    "ImageError",
    "OutOfMemoryError",
    "RegionCoverage",
    "RegionShares",
    "Segmentation",
    "Segmenter",
    "Ticket",
    "Timings",
]
