# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Faults around the real process: its engine, files, peers and clock, and its own death."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from harness import (
    PATIENCE_S,
    Peer,
    StartDdsProcess,
    StartNode,
    account_adds_up,
    image,
    locks_of,
    stamp_ns,
)
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from test_lifecycle import END_LIMIT_S, FAULTY_NODE

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.network import build_network, randomise
from lwrf_ros.weights.bundled import DEFAULT_CLASSES
from lwrf_ros.weights.checkpoint import save_weights

PICTURE = image(np.zeros((32, 40, 3), np.uint8))


class Feeding:
    """Frames to the node, and the labels that come back.

    Args:
        peer: The peer, on a domain with an active node.
    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.labels = peer.collect("/segmenter/labels", Image)
        self.camera = peer.publisher("/image")
        self._stamp_ns = 0

    def send(self) -> int:
        """Send a frame with a new stamp, and return that."""
        self._stamp_ns += 1
        PICTURE.header.stamp.nanosec = self._stamp_ns
        self.camera.publish(PICTURE)
        return self._stamp_ns

    def answered(self) -> None:
        """Send a frame and wait for its labels."""
        sent_ns = self.send()
        self._peer.spin_until(
            lambda: self.labels and stamp_ns(self.labels[-1]) == sent_ns, "the labels of a frame"
        )

    def until(self, done: Any, what: str) -> None:
        """Send frame after frame until something holds."""

        def tried() -> bool:
            self.send()
            self._peer.spin_for(0.1)
            return bool(done())

        self._peer.spin_until(tried, what)


def test_an_engine_that_fails_stops_the_node_and_comes_back(
    start_node: StartNode, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = tmp_path / "fault"
    monkeypatch.setenv("FAULT_FILE", str(fault))
    node = start_node(executable=[FAULTY_NODE])
    peer.wait_for_state("active")
    feeding = Feeding(peer)
    feeding.answered()
    for kind, text, recovery in [
        ("memory", "OutOfMemoryError: out of memory (CUDA out of memory.", ["activate"]),
        (
            "gpu",
            "DeviceLostError: the GPU failed (CUDA error",
            ["cleanup", "configure", "activate"],
        ),
        ("worker", "KeyError: 'a mistake in the worker'", ["activate"]),
    ]:
        fault.write_text(kind)
        feeding.until(lambda: "stopped" in peer.status(newer=False).message, "the node to stop")
        status = peer.status(newer=False)
        assert status.level == DiagnosticStatus.ERROR
        assert f"stopped after a failure: {text}" in status.message
        assert "ros2 lifecycle set /segmenter" in status.message
        assert peer.state() == "inactive"
        account = peer.account("/image")
        assert account_adds_up(account)
        assert (account["waiting"], int(account["failed"]) > 0) == ("0", True)
        if kind == "memory":
            assert not peer.change_state("activate")
            peer.spin_until(
                lambda: "activate failed: out of memory" in peer.status(newer=False).message,
                "the reason",
            )
            assert peer.state() == "inactive"
        fault.unlink()
        for label in recovery:
            assert peer.change_state(label), label
        peer.spin_until(lambda: feeding.camera.get_subscription_count(), "the node to listen")
        feeding.answered()
    assert peer.status().level == DiagnosticStatus.OK
    assert "Traceback" in node.output
    # CUDA gives a process no way back from this one.
    fault.write_text("lost")
    feeding.until(lambda: node.process.poll() is not None, "the node to end")
    assert node.process.returncode == 3
    reason = "ending with code 3 after a failure: DeviceLostError: the GPU failed"
    peer.spin_until(lambda: reason in peer.status(newer=False).message, "the reason")
    assert peer.status(newer=False).level == DiagnosticStatus.ERROR


@pytest.mark.long
def test_an_engine_that_hangs_is_told_and_a_signal_still_ends_it(
    start_node: StartNode, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = tmp_path / "fault"
    monkeypatch.setenv("FAULT_FILE", str(fault))
    node = start_node(executable=[FAULTY_NODE])
    peer.wait_for_state("active")
    feeding = Feeding(peer)
    feeding.answered()
    fault.write_text("hang")
    feeding.send()
    peer.spin_until(
        lambda: "has not come back for" in peer.status(newer=False).message, "the node to notice"
    )
    assert peer.status(newer=False).level == DiagnosticStatus.ERROR
    fault.unlink()
    feeding.answered()
    assert peer.status().level == DiagnosticStatus.OK
    fault.write_text("hang")
    feeding.send()
    peer.spin_until(lambda: peer.account("/image")["waiting"] == "1", "a frame under way")
    code, seconds = node.end(signal.SIGINT)
    assert (code, seconds < END_LIMIT_S) == (0, True), (seconds, node.output)


def test_a_middleware_that_does_not_come_back_is_left(
    start_node: StartNode, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = tmp_path / "fault"
    fault.write_text("stay")
    monkeypatch.setenv("FAULT_FILE", str(fault))
    node = start_node(executable=[FAULTY_NODE], autostart="false")
    peer.wait_for_state("unconfigured")
    code, seconds = node.end(signal.SIGTERM)
    # It gets most of the two seconds that an end may take; a busy machine has its own share.
    assert (code, 1.0 < seconds < 5.0) == (0, True), seconds
    assert "the middleware did not end in time; leaving" in node.output


def test_weights_that_change_on_disk_while_they_are_in_use(
    start_node: StartNode, peer: Peer, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    network = build_network("mobilenet_v2", len(ClassTable.load(DEFAULT_CLASSES)))
    randomise(network, seed=1)
    save_weights(network, path)
    whole = path.read_bytes()
    node = start_node(weights=str(path))
    peer.wait_for_state("active")
    feeding = Feeding(peer)
    feeding.answered()
    for content, message in [
        (whole[: len(whole) // 2], "damaged or truncated"),
        (None, "there is no weights file"),
    ]:
        if content is None:
            path.unlink()
        else:
            # In place, not by a new file: what is mapped into memory would change or vanish.
            path.write_bytes(content)
        feeding.answered()
        for label in ("deactivate", "cleanup"):
            assert peer.change_state(label)
        assert not peer.change_state("configure")
        status = peer.status()
        assert (status.level, peer.state()) == (DiagnosticStatus.ERROR, "unconfigured")
        assert message in status.message
        path.write_bytes(whole)
        for label in ("configure", "activate"):
            assert peer.change_state(label)
        peer.spin_until(lambda: feeding.camera.get_subscription_count(), "the node to listen")
        feeding.answered()
    assert node.end(signal.SIGTERM)[0] == 0


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.long)])
def test_peers_that_stall_and_die(
    start_node: StartNode, peer: Peer, start_dds_process: StartDdsProcess, rounds: int
) -> None:
    node = start_node()
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image, depth=10)
    camera = start_dds_process("camera", "/image", "100")

    def more(count: int, what: str) -> None:
        before = len(labels)
        peer.spin_until(lambda: len(labels) >= before + count, what)

    for _ in range(rounds):
        listener = start_dds_process("listener", "/segmenter/labels")
        # It listens.
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"20\n"
        listener.send_signal(signal.SIGSTOP)
        # More than its history and the node's keep, of 10 each: a writer that waited for the
        # stalled reader would be stuck.
        more(60, "labels while a reliable subscriber does not read")
        listener.kill()
        more(10, "labels after a subscriber has died")
        camera.kill()
        camera = start_dds_process("camera", "/image", "100")
        more(10, "labels of the camera that was started again")
    account = peer.account("/image")
    assert account_adds_up(account)
    assert account["failed"] == account["refused"] == "0"
    code, seconds = node.end(signal.SIGINT)
    assert (code, seconds < END_LIMIT_S) == (0, True), node.output


def test_a_clock_that_jumps_back_as_a_bag_that_loops(start_node: StartNode, peer: Peer) -> None:
    node = start_node(use_sim_time="true", max_rate="1000")
    peer.wait_for_state("active")
    feeding = Feeding(peer)
    clock = peer.publisher("/clock", Clock)
    for seconds in (1000, 1001, 1, 2**31 - 1, 0, 5):
        message = Clock()
        message.clock.sec = seconds
        clock.publish(message)
        before = peer.diagnostics_count
        feeding.answered()
        peer.spin_until(lambda: peer.diagnostics_count > before, "diagnostics")  # noqa: B023
    account = peer.account("/image")
    assert (account["processed"], account["throttled"]) == ("6", "0")
    assert "Traceback" not in node.output
    assert node.end(signal.SIGINT)[0] == 0


def test_a_signal_in_the_middle_of_configuring(start_node: StartNode, peer: Peer) -> None:
    # Which takes longer than the test to see the node.
    node = start_node(backbone="resnet101")
    peer.spin_until(lambda: peer.node.count_publishers("/diagnostics"), "the node")
    code, seconds = node.end(signal.SIGTERM)
    assert (code, seconds < 2.0) == (0, True), (seconds, node.output)
    assert "Traceback" not in node.output


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.long)])
def test_killed_and_started_again_it_works_and_leaves_nothing(
    start_node: StartNode, domain_id: int, times: int
) -> None:
    left: list[Path] = []
    for _ in range(times):
        # With nobody else on the domain: a peer may clear up behind the dead.
        node = start_node()
        wait_for(lambda: "listening to /image" in node.output)  # noqa: B023
        left += locks_of(node.process.pid)
        node.process.kill()
        assert node.process.wait(PATIENCE_S) == -signal.SIGKILL
    assert len(left) >= times
    assert left[-1].exists()
    # As after a longer life than a quick machine gave it: what is young is left alone.
    for path in left:
        if path.exists():
            os.utime(path, (0, 0))
    node = start_node()
    peer = Peer(domain_id)
    try:
        peer.wait_for_state("active")
        Feeding(peer).answered()
    finally:
        peer.close()
    assert not any(path.exists() for path in left)
    assert "of shared memory that killed processes had left" in node.output
    assert node.end(signal.SIGINT)[0] == 0


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)
