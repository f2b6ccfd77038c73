# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One camera and one listener, two processes, and a count of what came through."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lwrf_ros.errors import LwrfError
from lwrf_ros.machine.dds_profile import PROFILE_VARIABLES, our_profile, profile_variable
from lwrf_ros.processes.children import Children
from lwrf_ros.processes.commands import CAMERA_TOPIC
from lwrf_ros.processes.domain import reserve_domain_id
from lwrf_ros.processes.interruption import terminated_like_interrupted

CAMERA = (sys.executable, "-m", "lwrf_ros.experiments.benchmark.dds_camera")
LISTENER = (sys.executable, "-m", "lwrf_ros.experiments.transport.image_listener")
BUILT_IN = "FASTDDS_BUILTIN_TRANSPORTS"
START_S = 60.0
STOP_S = 20.0
POLL_S = 0.05
# What is still on its way when the camera has said its last word.
LINGER_S = 0.5


class TransportError(LwrfError):
    """A measurement came to no result."""


@dataclass(frozen=True)
class Case:
    """A transport to measure: the message and the way it is sent.

    Attributes:
        transport: One of `lwrf_ros.experiments.transport.TRANSPORTS`.
        width: Pixels in a row of the rgb8 images.
        height: Rows.
        frames: Number of images.
        rate_hz: Images a second.
        reliability: best_effort or reliable, on both sides.
    """

    transport: str
    width: int
    height: int
    frames: int
    rate_hz: float
    reliability: str


@dataclass(frozen=True)
class Outcome:
    """The outcome of a measurement: the messages that arrived.

    Attributes:
        received: Number of images.
        p50_ms: Stamp to callback, median; None if nothing came.
        p99_ms: The same, 99th percentile.
    """

    received: int
    p50_ms: float | None
    p99_ms: float | None


def transport_environment(transport: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which both processes use a transport.

    Args:
        transport: One of TRANSPORTS; active leaves the environment as it is.
        environment: The present one.
    """
    chosen = dict(environment)
    if transport == "active":
        return chosen
    for variable in (BUILT_IN, *PROFILE_VARIABLES):
        chosen.pop(variable, None)
    if transport == "large_data":
        chosen[BUILT_IN] = "LARGE_DATA"
    elif transport == "profile":
        chosen[profile_variable()] = str(our_profile())
    return chosen


def measure(case: Case) -> Outcome:
    """Send images from one process to another and count them.

    Args:
        case: What to send, and how.

    Returns:
        What came through.

    Raises:
        LwrfError: One of the processes failed.
    """
    environment = transport_environment(case.transport, os.environ)
    with (
        terminated_like_interrupted(),
        reserve_domain_id() as domain_id,
        tempfile.TemporaryDirectory(prefix="lwrf_ros_") as folder,
    ):
        environment.update(ROS_DOMAIN_ID=str(domain_id), PYTHONUNBUFFERED="1")
        with Children(environment) as children:
            return _measure(case, children, Path(folder))


def _measure(case: Case, children: Children, folder: Path) -> Outcome:
    log = folder / "listener.log"
    listener = children.start("the listener", [*LISTENER, CAMERA_TOPIC, case.reliability], log)
    _wait(children, lambda: listener.log_has("listening"), START_S)
    sent = (case.width, case.height, case.frames, case.rate_hz, case.reliability)
    camera = children.start(
        "the camera", [*CAMERA, CAMERA_TOPIC, *map(str, sent)], folder / "camera.log"
    )
    camera.may_end = True
    _wait(children, lambda: camera.ended, START_S + case.frames / case.rate_hz * 10)
    camera.check_code()
    time.sleep(LINGER_S)
    if code := listener.stop(STOP_S):
        raise TransportError(f"the listener ended with code {code}: {log.read_text()}")
    ages_ms = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    if not ages_ms:
        return Outcome(0, None, None)
    p50_ms, p99_ms = np.percentile(ages_ms, (50, 99))
    return Outcome(len(ages_ms), float(p50_ms), float(p99_ms))


def _wait(children: Children, done: Callable[[], bool], limit_s: float) -> None:
    deadline_s = time.monotonic() + limit_s
    while not done():
        children.check()
        if time.monotonic() > deadline_s:
            raise TransportError(f"the listener and its camera took longer than {limit_s:g} s")
        time.sleep(POLL_S)
