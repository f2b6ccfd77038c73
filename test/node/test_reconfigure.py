# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Another network in the running process: what the old one held is given back."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from harness import NodeProcess, Peer, StartNode, image
from sensor_msgs.msg import Image

PICTURE = image(np.random.default_rng(2).integers(0, 256, (48, 64, 3), np.uint8))
# Two networks whose weights are of 13 and 110 MB.
BACKBONES = ("mobilenet_v2", "resnet50")
GROWTH_MIB = 40.0


class Held(NamedTuple):
    """What a process holds."""

    memory_mib: float
    threads: int
    files: int


def held_by(node: NodeProcess) -> Held:
    folder = Path(f"/proc/{node.process.pid}")
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
    )
    memory_mib = int(status["VmRSS"].split()[0]) / 1024
    return Held(memory_mib, int(status["Threads"]), len(list((folder / "fd").iterdir())))


def reconfigure(peer: Peer, backbone: str) -> None:
    """Take the network down and another one up."""
    assert peer.change_state("deactivate")
    assert peer.change_state("cleanup")
    assert peer.set_parameters(backbone=backbone) == (True, "")
    assert peer.change_state("configure")
    assert peer.change_state("activate")


def cycle(peer: Peer, labels: list[Image]) -> None:
    """Take both networks up once, each for a frame."""
    for backbone in BACKBONES:
        reconfigure(peer, backbone)
        before = len(labels)
        # A new subscription each time: the publisher knows of it before the frame is sent.
        camera = peer.publisher("/image")
        camera.publish(PICTURE)
        peer.spin_until(lambda n=before: len(labels) > n, f"labels of {backbone}")
        peer.node.destroy_publisher(camera)


@pytest.mark.parametrize(
    "cycles", [2, pytest.param(100, marks=pytest.mark.long, id="100, two networks each")]
)
def test_nothing_grows_with_reconfiguring(start_node: StartNode, peer: Peer, cycles: int) -> None:
    node = start_node()
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    # The first rounds fill the caches of libraries.
    for _ in range(2):
        cycle(peer, labels)
    before = held_by(node)
    for _ in range(cycles):
        cycle(peer, labels)
    after = held_by(node)
    assert after.memory_mib - before.memory_mib < GROWTH_MIB, (before, after)
    assert after.threads <= before.threads + 1, (before, after)
    assert after.files <= before.files + 2, (before, after)
