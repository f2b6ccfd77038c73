# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What ROS adds to the engine's time, measured for real: three processes over DDS."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: nothing goes over DDS")

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.benchmark.dds_camera import StillImages
from lwrf_ros.experiments.benchmark.dds_latency import (
    SMALL_NETWORK,
    DdsLatency,
    DdsOptions,
    measure_dds_latency,
)


def test_every_frame_is_accounted_for_and_the_times_fit_together() -> None:
    before = dict(os.environ)
    figures = measure_dds_latency(DdsOptions(64, 48, frames=10, warm_up_frames=2, rate_hz=10.0))
    assert figures.published == 12
    # A machine that is too busy supersedes frames, in the middleware or in the node, and says so.
    assert 2 < figures.labels <= figures.received <= figures.published
    assert bool(figures.lost) is (figures.labels < figures.received)
    assert 0 < figures.engine_p50_ms <= figures.engine_p99_ms
    assert 0 < figures.p50_ms <= figures.p99_ms < 60_000
    assert figures.in_p50_ms > 0
    # The way out is a part of every frame's whole way.
    assert 0 < figures.out_p50_ms < figures.p50_ms
    assert dict(os.environ) == before


def test_what_ros_adds_lies_on_both_sides_of_the_engine() -> None:
    # 2 ms from the camera to the node and through it, 1.5 ms from there to the subscriber.
    times = {"p50_ms": 9.0, "p99_ms": 12.0, "engine_p50_ms": 5.0, "engine_p99_ms": 6.0}
    figures = DdsLatency(10, 10, 10, "", **times, in_p50_ms=2.0, out_p50_ms=1.5)
    assert figures.ros_p50_ms == 3.5


def test_a_node_that_cannot_start_is_named() -> None:
    parameters = {**SMALL_NETWORK, "weights": "/no/weights.pth"}
    with pytest.raises(LwrfError, match=r"could not be configured: .*/no/weights\.pth"):
        measure_dds_latency(DdsOptions(64, 48, frames=10, parameters=parameters))


def test_the_camera_repeats_its_images_at_its_rate() -> None:
    frames = list(StillImages(width=8, height=6, count=6, rate_hz=4.0))
    assert [frame.time_ns for frame in frames] == [k * 250_000_000 for k in range(6)]
    image = frames[0].image
    assert (image.width, image.height, image.step, image.encoding) == (8, 6, 24, "rgb8")
    # Red is x, green y, blue their sum: the pixel at (2, 3).
    assert image.data[3 * 24 + 2 * 3 :][:3].tolist() == [2, 3, 5]
    assert frames[1].image.data[0] == 60
    assert frames[4].image.data is frames[0].image.data
