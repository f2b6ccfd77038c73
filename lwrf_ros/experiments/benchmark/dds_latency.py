# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Latency that ROS adds to the engine: from a camera's stamp to its labels' receipt, over DDS.

Three processes, each with rclpy: the camera (`dds_camera.py`), the node as users start it, and
this one, which receives the labels. The node takes the engine's own time off frame by frame and
tells the rest on /diagnostics, so the network may be small and its time may vary.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sensor_msgs.msg import Image

from lwrf_ros.errors import LwrfError
from lwrf_ros.processes.children import Children
from lwrf_ros.processes.commands import (
    CAMERA_TOPIC,
    NODE,
    in_environment,
    node_command,
    run_environment,
)
from lwrf_ros.processes.domain import reserve_domain_id
from lwrf_ros.processes.interruption import terminated_like_interrupted
from lwrf_ros.processes.node_watch import NodeWatch
from lwrf_ros.stamps import stamp_to_ns

ACTIVE_S = 300.0
SETTLE_S = 30.0
STOP_S = 10.0
CAMERA = (sys.executable, "-m", "lwrf_ros.experiments.benchmark.dds_camera")
SMALL_NETWORK: Mapping[str, object] = {"weights": "random", "input_width": 64, "input_height": 64}


class DdsLatencyError(LwrfError):
    """The measurement came to no result."""


@dataclass(frozen=True)
class DdsOptions:
    """Options of the measurement: the images to send and the node to send them to.

    Attributes:
        width: Pixels in a row of the rgb8 images.
        height: Rows.
        frames: Number of frames that are measured.
        warm_up_frames: Frames before them, for the middleware's and all memory's sake.
        rate_hz: Frames a second; slow enough for the engine, or frames are superseded.
        parameters: The node's parameters by name.
    """

    width: int
    height: int
    frames: int = 180
    warm_up_frames: int = 20
    rate_hz: float = 10.0
    parameters: Mapping[str, object] = field(default_factory=lambda: SMALL_NETWORK)


@dataclass(frozen=True)
class DdsLatency:
    """The measured latency; times in milliseconds.

    Attributes:
        published: Frames that the camera sent, warm-up included.
        received: Frames that reached the node.
        labels: Label images that came back.
        lost: What became of those that reached the node and gave no labels, in words.
        p50_ms: Camera's stamp to the start of the label subscriber's callback in rclpy, median.
        p99_ms: The same, 99th percentile.
        engine_p50_ms: Time in the engine, median of the node's last 200 frames.
        engine_p99_ms: The same, 99th percentile.
        in_p50_ms: Camera's stamp to the end of publishing in the node, less the engine's time,
            median of the node's last 200 frames.
        out_p50_ms: Hand-over of the labels to DDS to the start of the subscriber's callback,
            median.
    """

    published: int
    received: int
    labels: int
    lost: str
    p50_ms: float
    p99_ms: float
    engine_p50_ms: float
    engine_p99_ms: float
    in_p50_ms: float
    out_p50_ms: float

    @property
    def ros_p50_ms(self) -> float:
        """The time that ROS adds to the engine; the end of `publish` counts on both sides of it."""
        return self.in_p50_ms + self.out_p50_ms


def measure_dds_latency(options: DdsOptions) -> DdsLatency:
    """Send images through the node and take the times.

    Args:
        options: What to send, and into what.

    Returns:
        The figures.

    Raises:
        LwrfError: A process failed, or no labels came.
    """
    with (
        terminated_like_interrupted(),
        reserve_domain_id() as domain_id,
        in_environment(run_environment(domain_id)) as environment,
        tempfile.TemporaryDirectory(prefix="lwrf_ros_") as folder,
        Children(environment) as children,
    ):
        return _measure(options, domain_id, children, Path(folder))


def _measure(options: DdsOptions, domain_id: int, children: Children, folder: Path) -> DdsLatency:
    ways_ms: list[tuple[float, float]] = []

    def on_labels(message: Any, info: Any) -> None:
        received_ns = time.time_ns()
        stamp = message.header.stamp
        whole_ns = received_ns - stamp_to_ns(stamp)
        ways_ms.append((whole_ns * 1e-6, (received_ns - info["source_timestamp"]) * 1e-6))

    frames = options.warm_up_frames + options.frames
    command = node_command(CAMERA_TOPIC, options.parameters)
    node = children.start("the node", command, folder / "node.log")
    with closing(NodeWatch(NODE, domain_id, children.check)) as watch:
        watch.wait_active(ACTIVE_S)
        watch.listen(Image, "labels", on_labels)
        sent = (options.width, options.height, frames, options.rate_hz)
        camera = children.start(
            "the camera", [*CAMERA, CAMERA_TOPIC, *map(str, sent)], folder / "camera.log"
        )
        camera.may_end = True
        watch.wait_for(lambda: camera.ended, "the end of the camera")
        camera.check_code()
        account = watch.settled_account(SETTLE_S)
        values = watch.values
    node.stop(STOP_S)
    measured = ways_ms[options.warm_up_frames :]
    if not measured:
        raise DdsLatencyError(
            f"{len(ways_ms)} labels came of {frames} frames, wanted more than "
            f"{options.warm_up_frames}; the node received {account.received} and lost "
            f"{account.dropped_because() or 'none'}: lower the rate ({options.rate_hz:g} Hz)"
        )
    (p50_ms, out_p50_ms), (p99_ms, _) = np.percentile(measured, (50, 99), axis=0)
    return DdsLatency(
        published=frames,
        received=account.received,
        labels=len(ways_ms),
        lost=account.dropped_because(),
        p50_ms=float(p50_ms),
        p99_ms=float(p99_ms),
        engine_p50_ms=float(values["engine_p50_ms"]),
        engine_p99_ms=float(values["engine_p99_ms"]),
        in_p50_ms=float(values["stamp_age_less_engine_p50_ms"]),
        out_p50_ms=float(out_p50_ms),
    )
