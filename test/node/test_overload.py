# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""More frames than the device can take: what is published stays young, and nobody starves."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from harness import Peer, StartDdsProcess, StartNode, account_adds_up, image
from sensor_msgs.msg import Image
from staging import Batching, Play, Stage, Watched, picture
from std_msgs.msg import Float32MultiArray

STEP_S = 0.03
CALM = [f"calm{number}" for number in range(7)]
KEPT = 0.9


class Slow(Watched):
    """Takes a known time for a group, as a device would."""

    def submit(self, *arguments: Any, **options: Any) -> Any:
        time.sleep(STEP_S)
        return super().submit(*arguments, **options)


class SlowBatching(Batching, Slow):
    """The same with up to four images at once."""


def flood(stage: Stage, frames: dict[str, Any], period_s: float, groups: int) -> None:
    """Send every camera's frame again and again until the engine has run some groups."""
    ended = threading.Event()

    def send() -> None:
        while not ended.wait(period_s):
            for name, message in frames.items():
                stage.cameras[name].receive(message)
                assert stage.cameras[name].account.waiting <= 2

    sender = threading.Thread(target=send)
    sender.start()
    try:
        stage.wait_for(lambda: len(stage.segmenter.groups) >= groups)
    finally:
        ended.set()
        sender.join()
    stage.wait()


def shown(stage: Stage, camera: str = "front") -> dict[str, str]:
    return {entry.key: entry.value for entry in stage.cameras[camera].diagnose("").values}


def test_what_is_published_is_at_most_two_batches_old(play: Play) -> None:
    stage = play(Slow)
    stage.start()
    flood(stage, {"front": image(picture(1))}, STEP_S / 8, groups=60)
    values = shown(stage)
    # The engine's own time leaves out the sleep before it, which is part of the batch.
    batch_ms = STEP_S * 1e3 + float(values["engine_p99_ms"])
    assert float(values["latency_p99_ms"]) <= 2 * batch_ms, values
    assert int(values["superseded"]) > int(values["processed"])


def test_cameras_of_all_sizes_and_rates_get_their_turn(play: Play) -> None:
    sizes = {"large": (120, 160), "wide": (24, 200), "small": (24, 40), "same": (24, 40)}
    for kind in (Slow, SlowBatching):
        stage = play(kind, *sizes)
        stage.start()
        frames = {name: image(picture(1, *size)) for name, size in sizes.items()}
        flood(stage, frames, STEP_S / 10, groups=32)
        processed = [stage.account(name)["processed"] for name in sizes]
        assert max(processed) - min(processed) <= 2, processed


@pytest.mark.parametrize("seconds", [2.0, pytest.param(60.0, marks=pytest.mark.long)])
def test_a_flood_leaves_seven_calm_cameras_their_rate(
    start_node: StartNode, peer: Peer, start_dds_process: StartDdsProcess, seconds: float
) -> None:
    names = ["flood", *CALM]
    start_node(
        image_topics=f"[{', '.join('/' + name for name in names)}]",
        camera_names=f"[{', '.join(names)}]",
    )
    peer.wait_for_state("active")
    labels = {name: peer.collect(f"/segmenter/{name}/labels", Image) for name in CALM}
    # The small one of its outputs, because this process has to keep up with it.
    vectors = peer.collect("/segmenter/flood/coverage/vector", Float32MultiArray)
    cameras = [peer.publisher(f"/{name}") for name in CALM]
    frames = [image(np.full((32, 40 + 8 * number, 3), 9, np.uint8)) for number in range(7)]
    sent = 0

    def play_calmly(seconds: float) -> None:
        nonlocal sent
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for camera, frame in zip(cameras, frames, strict=True):
                camera.publish(frame)
                peer.spin_for(0.05)
            sent += 1

    def calm_ones_are_served() -> None:
        received, before = [len(labels[name]) for name in CALM], sent
        play_calmly(seconds)
        wanted = KEPT * (sent - before)
        for name, had in zip(CALM, received, strict=True):
            peer.spin_until(lambda: len(labels[name]) - had >= wanted, name)  # noqa: B023

    flooding = start_dds_process("camera", "/flood", "500")
    peer.spin_until(lambda: len(vectors) > 20, "results of the flood")
    calm_ones_are_served()
    flooding.kill()
    calm_ones_are_served()
    # It comes back with another size and encoding, and changes them between two frames.
    flooding = peer.publisher("/flood")
    back = peer.collect("/segmenter/flood/labels", Image)
    for pixels, encoding in (
        (np.zeros((48, 64), np.uint8), "mono8"),
        (np.zeros((24, 36, 2), np.uint8), "yuyv"),
        (np.zeros((50, 34, 4), np.uint8), "bgra8"),
    ):
        flooding.publish(image(pixels, encoding))
        size = pixels.shape[:2]
        peer.spin_until(
            lambda: back and (back[-1].height, back[-1].width) == size,  # noqa: B023
            f"labels of {size}",
        )
    for name in names:
        account = peer.account(name)
        assert account_adds_up(account)
        assert account["failed"] == account["refused"] == "0"
