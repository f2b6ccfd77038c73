# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Latency that ROS adds to the engine, measured by `dds_latency` for each size of image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

from lwrf_ros.errors import LwrfError

_MODULE = "lwrf_ros.experiments.benchmark.dds_latency"


def import_ros() -> None:
    """Import what talks to ROS 2; do this first, since rclpy's wheels start the process anew.

    Raises:
        LwrfError: If ROS is not there.
    """
    try:
        import_module(_MODULE)
    except ImportError as error:
        raise LwrfError(
            f"--dds needs ROS 2, and here is {error}: source its setup.bash, or use the ros extra "
            "of a pip install"
        ) from error


def measure(sizes: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """Send images of each ``(height, width)`` through the node, and return the figures.

    Raises:
        LwrfError: If a process failed, or no labels came.
    """
    # Only here, like `import_ros`: nothing else of a benchmark needs ROS.
    from lwrf_ros.experiments.benchmark.dds_latency import DdsOptions, measure_dds_latency

    rows = []
    for height, width in sizes:
        latency = measure_dds_latency(DdsOptions(width=width, height=height))
        size = {"image_width": width, "image_height": height}
        rows.append({**size, **asdict(latency), "ros_p50_ms": latency.ros_p50_ms})
    return rows


def as_text(row: Mapping[str, Any]) -> str:
    """Say what was measured for one size."""
    lost = f"; lost: {row['lost']}" if row["lost"] else ""
    return (
        f"over DDS  {row['image_width']}x{row['image_height']}: camera's stamp to labels p50 "
        f"{row['p50_ms']:.1f} ms, p99 {row['p99_ms']:.1f} ms, of which the engine p50 "
        f"{row['engine_p50_ms']:.1f} ms; ROS adds {row['ros_p50_ms']:.1f} ms (in "
        f"{row['in_p50_ms']:.1f}, out {row['out_p50_ms']:.1f}); {row['labels']} labels of "
        f"{row['published']} frames{lost}"
    )
