# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How the processes of a run over DDS are started: the node's command, everybody's environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lwrf_ros.machine.dds_profile import our_profile, profile_environment
from lwrf_ros.processes.player import QUEUE_DEPTH

LWRF = (sys.executable, "-m", "lwrf_ros.cli.main")
NODE = "segmenter"
CAMERA_TOPIC = "/camera/image_raw"
# How long one process of a run waits for another to be found.
CONNECT_S = 60.0


def run_environment(domain_id: int) -> dict[str, str]:
    """Make the environment of all processes of a run.

    Args:
        domain_id: The ROS domain to be alone in.

    Returns:
        The present environment with the domain, and with the profile for large images unless the
        user has one.
    """
    environment = dict(os.environ)
    environment["ROS_DOMAIN_ID"] = str(domain_id)
    # Another machine in the room may run a demo on the same domain.
    environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    environment["PYTHONUNBUFFERED"] = "1"
    environment.update(profile_environment(our_profile()))
    return environment


@contextmanager
def in_environment(variables: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Give this process, which takes part in the graph, the environment of the run."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield variables
    finally:
        os.environ.clear()
        os.environ.update(before)


def node_command(topic: str, parameters: Mapping[str, object]) -> list[str]:
    """Make the command of the node.

    Args:
        topic: The camera's topic.
        parameters: Further parameters of the node by name; texts and whole numbers.
    """
    command = [sys.executable, "-m", "lwrf_ros.node.main", "--ros-args"]
    command += ["-r", f"__node:={NODE}", "-p", f"image_topics:=[{_quoted(topic)}]"]
    # As the camera of a run is: best effort, which auto begins with, can lose the first frames, and
    # a queue of one loses those that come while a busy machine keeps the node from reading.
    command += ["-p", "image_qos:=reliable"]
    command += ["-p", f"qos_overrides.{topic}.subscription.depth:={QUEUE_DEPTH}"]
    for name, value in parameters.items():
        text = _quoted(value) if isinstance(value, str) else value
        command += ["-p", f"{name}:={text}"]
    return command


def play_command(
    recording: Path,
    topic: str,
    stamp: str,
    speed: float,
    bag_topic: str | None = None,
    max_frames: int | None = None,
) -> list[str]:
    """Make the command of the camera: ``lwrf play``, which waits for the node.

    Args:
        recording: What is played.
        topic: The camera's topic.
        stamp: now or recorded.
        speed: As a multiple of the recorded one.
        bag_topic: Image topic of a bag, None for the only one.
        max_frames: Number of frames to stop after, None for all.
    """
    command = [*LWRF, "play", str(recording), "--topic", topic, "--rate", str(speed)]
    command += ["--stamp", stamp, "--wait-for-subscribers", str(CONNECT_S)]
    command += ["--bag-topic", bag_topic] if bag_topic else []
    return command + (["--max-frames", str(max_frames)] if max_frames else [])


def _quoted(text: str) -> str:
    """Quote a text for YAML, so that no path or name is taken for a number or a boolean."""
    return "'" + text.replace("'", "''") + "'"
