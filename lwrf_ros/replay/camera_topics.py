# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Names of the topics of a replay: those that the node would have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lwrf_ros.errors import LwrfError
from lwrf_ros.replay.run_record import CameraTopics

NODE = "/segmenter"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def cameras_of(topics: Sequence[str], names: Sequence[str] = ()) -> list[CameraTopics]:
    """Name the topics of the cameras' outputs.

    Args:
        topics: Image topics of the input.
        names: A name for each; without, several are named after what differs in their topics.

    Raises:
        LwrfError: If the names are not as many as the topics, not different, or not usable.
    """
    if names and len(names) != len(topics):
        raise LwrfError(
            f"there are {len(names)} camera names for {len(topics)} image topics "
            f"({', '.join(topics)}); give one --camera-name for each, in this order, or none"
        )
    for name in names:
        if not _NAME.fullmatch(name):
            raise LwrfError(
                f"the camera name {name!r} is none of ROS'; wanted letters, digits and "
                "underscores, beginning with a letter"
            )
    if len(set(names)) < len(names):
        raise LwrfError(f"the camera names {', '.join(names)} are not all different")
    if not names:
        names = _names_from(topics) if len(topics) > 1 else ("",)
    return [_camera(topic, name) for topic, name in zip(topics, names, strict=True)]


def output_topic(camera: CameraTopics, output: str) -> str:
    """Return the topic of one of a camera's outputs, ``coverage/vector`` for example."""
    return f"{NODE}/{camera.name}/{output}" if camera.name else f"{NODE}/{output}"


def _camera(topic: str, name: str) -> CameraTopics:
    prefix = f"{NODE}/{name}" if name else NODE
    return CameraTopics(
        topic=topic,
        name=name,
        labels=f"{prefix}/labels",
        overlay=f"{prefix}/overlay/compressed",
        coverage=f"{prefix}/coverage",
    )


def _names_from(topics: Sequence[str]) -> list[str]:
    """Take the first part of the topics in which all of them differ, or else the whole topics."""
    parts = [topic.strip("/").split("/") for topic in topics]
    for column in zip(*parts, strict=False):
        names = [_usable(part) for part in column]
        if len(set(names)) == len(names):
            return names
    return [f"{_usable('_'.join(part))}_{number}" for number, part in enumerate(parts)]


def _usable(text: str) -> str:
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    return name if _NAME.fullmatch(name) else f"camera_{name}"
