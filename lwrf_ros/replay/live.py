# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A recording played over DDS into the node as users start it, and the labels that come back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.processes.children import Child, Children
from lwrf_ros.processes.commands import (
    CAMERA_TOPIC,
    NODE,
    in_environment,
    node_command,
    play_command,
    run_environment,
)
from lwrf_ros.processes.domain import reserve_domain_id
from lwrf_ros.processes.node_account import Account
from lwrf_ros.processes.node_watch import NodeWatch
from lwrf_ros.processes.player import COMPRESSED_SUFFIX
from lwrf_ros.recordings import open_frames
from lwrf_ros.replay.replayed import Replayed
from lwrf_ros.stamps import stamp_to_ns

ACTIVE_S = 300.0
SETTLE_S = 120.0
ARRIVE_S = 30.0
STOP_S = 10.0
# Faster than anything can be published.
AS_FAST_AS_IT_GOES = 1e9


@dataclass(frozen=True, eq=False)
class Live:
    """The labels that came back from the node.

    Attributes:
        labels: ``(H, W) uint8`` class indices by the stamp of the frame, nanoseconds.
        account: What the node says became of the frames that reached it.
    """

    labels: dict[int, NDArray[np.uint8]]
    account: Account

    def assert_same_as(self, replayed: Replayed, min_equal: float = 1.0) -> None:
        """Fail if labels differ from those of a replay; frames are matched by stamp.

        Frames that the node did not label are not looked at: a node that is played to faster than
        it can work takes the newest frame. `account` tells how many.

        Args:
            replayed: The replay of the same recording with the same settings.
            min_equal: Least share of equal pixels in each frame, 0..1; 1 is equal bytes.

        Raises:
            AssertionError: If they differ, or no frame is in both.
        """
        missing = dict(self.labels)
        below = []
        for key, expected in replayed.labels():
            labels = missing.pop(key.stamp_ns, None)
            if labels is None:
                continue
            same_size = labels.shape == expected.shape
            equal = float(np.mean(labels == expected)) if same_size else 0.0
            if equal < min_equal:
                below.append((equal, key.stamp_ns))
        if not self.labels or missing:
            raise AssertionError(
                f"{len(self.labels)} frames have labels from the node ({self.account}), of which "
                f"{len(missing)} are not in the replay"
            )
        if below:
            share, stamp_ns = min(below)
            raise AssertionError(
                f"{len(below)} of {len(self.labels)} frames have less than {min_equal:.4%} pixels "
                f"equal to the replay's, the least {share:.4%} at {stamp_ns} ns"
            )


def play_over_dds(
    recording: Path,
    folder: Path,
    engine: EngineOptions,
    rates: Sequence[float],
    topic: str | None,
    max_frames: int | None,
) -> list[Live]:
    """Start the node, play a recording to it with its own stamps, and collect the labels.

    Everything runs on a ROS domain of its own and has ended when this returns.

    Args:
        recording: The recording.
        folder: Where the logs go.
        engine: The network; the same options as of a replay.
        rates: For each time that it is played the speed, as a multiple of the recorded one;
            `AS_FAST_AS_IT_GOES` does not wait.
        topic: Image topic of a bag, None for the only one.
        max_frames: Number of frames to stop after, None for all.

    Returns:
        What came back each time.

    Raises:
        LwrfError: If the recording cannot be read or a process failed.
    """
    with open_frames(recording, topic) as source:
        camera_topic = CAMERA_TOPIC + (COMPRESSED_SUFFIX if source.compressed else "")
    labels: dict[int, NDArray[np.uint8]] = {}

    def take(message: Any, _: Any) -> None:
        pixels = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
        labels[stamp_to_ns(message.header.stamp)] = pixels.copy()

    found = []
    with (
        reserve_domain_id() as domain_id,
        in_environment(run_environment(domain_id)) as environment,
        Children(environment) as children,
    ):
        command = node_command(camera_topic, engine.node_parameters)
        node = children.start("the node", command, folder / "node.log")
        with closing(NodeWatch(NODE, domain_id, children.check)) as watch:
            watch.wait_active(ACTIVE_S)
            watch.listen(Image, "labels", take)
            before = Account()
            for number, rate in enumerate(rates):
                log = folder / f"camera_{number}.log"
                play = play_command(recording, camera_topic, "recorded", rate, topic, max_frames)
                camera = children.start("the camera", play, log)
                camera.may_end = True
                watch.wait_for(partial(_has_ended, camera), "the end of the recording")
                camera.check_code()
                account = watch.settled_account(SETTLE_S)
                since = account.since(before)
                arrived = partial(_has_arrived, labels, since.processed)
                watch.wait_for(arrived, "the last labels", ARRIVE_S)
                found.append(Live(labels.copy(), since))
                labels.clear()
                before = account
        node.stop(STOP_S)
    return found


def _has_ended(process: Child) -> bool:
    return process.ended


def _has_arrived(labels: dict[int, NDArray[np.uint8]], count: int) -> bool:
    return len(labels) >= count
