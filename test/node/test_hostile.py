# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Nothing that a topic brings ends the node: hostile messages through all of it, and over DDS."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest
from harness import Peer, StartNode, account_adds_up, image, stamp_ns
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from staging import Play, Watched, picture

from lwrf_ros.experiments.soak.random_messages import hostile_image, hostile_picture

EXAMPLES = 640
TOPICS = [f"{side}{kind}" for side in "abcdefgh" for kind in ("", "/compressed")]
RAW_REASONS = {"header", "encoding", "step", "size", "data", "too_large", "empty"}
PICTURE_REASONS = {"header", "encoding", "decode", "too_large", "empty"}
MOST_PIXELS = 1_000_000
GROWTH_MIB = 64
SENT_OVER_DDS = 200


def resident_mib(process: int | str = "self") -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def reasons(account: dict[str, int] | dict[str, str]) -> set[str]:
    return {key.removeprefix("refused.") for key in account if key.startswith("refused.")}


@pytest.mark.parametrize(
    "examples", [EXAMPLES, pytest.param(10 * EXAMPLES, marks=pytest.mark.long)]
)
def test_ten_thousand_hostile_messages(play: Play, examples: int) -> None:
    """Through the cameras, the decoder, the engine and the messages, as in the node."""
    # The engine keeps memory for the sizes that it saw last: with this, little for each.
    stage = play(Watched, *TOPICS, outputs=("labels", "coverage"), max_pixels=MOST_PIXELS)
    stage.start()
    rounds = 0
    memory: list[float] = []

    @hypothesis_settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.integers(0, 2**64 - 1))
    def send(seed: int) -> None:
        nonlocal rounds
        draw = random.Random(seed)
        for name, camera in stage.cameras.items():
            compressed = name.endswith("/compressed")
            camera.receive(hostile_picture(draw) if compressed else hostile_image(draw))
        rounds += 1
        stage.wait()
        for publisher in stage.node.publishers.values():
            publisher.sent.clear()
        memory.append(resident_mib())

    send()
    assert rounds * len(TOPICS) >= 16 * examples >= 10_000
    found: dict[bool, set[str]] = {False: set(), True: set()}
    for name in TOPICS:
        account = stage.account(name)
        # Every one is either shown to be good or has a reason; none just fails.
        assert account["received"] == account["processed"] + account["refused"] == rounds
        found[name.endswith("/compressed")] |= reasons(account)
    assert found == {False: RAW_REASONS, True: PICTURE_REASONS}
    assert stage.reports == []
    half = len(memory) // 2
    assert max(memory[half:]) - memory[half] < GROWTH_MIB


def test_hundreds_of_hostile_messages_over_dds(start_node: StartNode, peer: Peer) -> None:
    # Deep, so that none is lost before the node and every one can be counted.
    depths = [
        argument
        for topic in ("/raw", "/cam/compressed")
        for argument in ("-p", f"qos_overrides.{topic}.subscription.depth:=1000")
    ]
    node = start_node(
        *depths,
        image_topics="[/raw, /cam/compressed]",
        camera_names="[raw, compressed]",
        max_pixels=str(MOST_PIXELS),
    )
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/raw/labels", Image)
    peer.collect("/segmenter/compressed/overlay/compressed", CompressedImage)
    raw = peer.publisher("/raw", Image, depth=1000)
    compressed = peer.publisher("/cam/compressed", CompressedImage, depth=1000)
    draw = random.Random(5)

    def send(count: int) -> None:
        for _ in range(count):
            raw.publish(hostile_image(draw))
            compressed.publish(hostile_picture(draw))
            peer.spin_for(0.002)

    def all_arrived(count: int) -> bool:
        accounts = (peer.account("raw"), peer.account("compressed"))
        return all((a["received"], a["waiting"]) == (str(count), "0") for a in accounts)

    send(SENT_OVER_DDS // 2)
    peer.spin_until(lambda: all_arrived(SENT_OVER_DDS // 2), "the first half")
    before_mib = resident_mib(node.process.pid)
    send(SENT_OVER_DDS // 2)
    peer.spin_until(lambda: all_arrived(SENT_OVER_DDS), "the second half")
    assert resident_mib(node.process.pid) - before_mib < GROWTH_MIB
    for name, expected in (("raw", RAW_REASONS), ("compressed", PICTURE_REASONS)):
        account = peer.account(name)
        assert account_adds_up(account)
        assert account["failed"] == "0"
        assert expected <= reasons(account), account
    # What is no message at all is the middleware's to refuse.
    whole = serialize_message(image(picture(1)))
    for size in range(0, len(whole), len(whole) // 20):
        raw.publish(whole[:size] + draw.randbytes(8))
    raw.publish(image(picture(1), stamp_ns=42))
    peer.spin_until(lambda: labels and stamp_ns(labels[-1]) == 42, "labels of a good frame")
    assert peer.state() == "active"
    assert node.end(signal.SIGINT)[0] == 0, node.output
