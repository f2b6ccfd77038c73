# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The managed node's states: every transition, failures that undo themselves, and the end."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from harness import EXECUTABLE, Peer, StartNode, account_adds_up, image, locks_of
from rclpy.clock import ClockType
from sensor_msgs.msg import Image

from lwrf_ros.machine.dds_profile import PROFILE_VARIABLES
from lwrf_ros.node.compat import destroy_lifecycle_node
from lwrf_ros.node.segmenter_node import SegmenterNode

PICTURE = image(np.zeros((32, 32, 3), np.uint8))
FAULTY_NODE = str(Path(__file__).with_name("faulty_node.py"))
END_LIMIT_S = 2.0


def shared_memory() -> set[Path]:
    """The shared memory of Fast DDS on this machine, without the ports that processes share."""
    found = Path("/dev/shm").glob("fast*_*")
    return {path for path in found if "port" not in path.name}


def test_every_transition(start_node: StartNode, peer: Peer) -> None:
    node = start_node(autostart="false")
    peer.wait_for_state("unconfigured")
    waits = "unconfigured, as autostart is false: ros2 lifecycle set /segmenter configure, then"
    peer.spin_until(lambda: waits in node.output, "the line that says how it goes on")
    assert peer.status().values[0].value == "unconfigured"
    for label, state in [
        ("configure", "inactive"),
        ("cleanup", "unconfigured"),
        ("configure", "inactive"),
        ("activate", "active"),
        ("deactivate", "inactive"),
        ("activate", "active"),
        ("shutdown", "finalized"),
    ]:
        assert peer.change_state(label), label
        assert peer.state() == state
        assert peer.status().values[0].value == state
    said = [f"inactive, after {label}" for label in ("configure", "deactivate")]
    said += ["active, after activate", "unconfigured, after cleanup", "finalized, after shutdown"]
    assert all(text in node.output for text in said), node.output


def test_frames_count_as_inactive_until_active(start_node: StartNode, peer: Peer) -> None:
    start_node(autostart="false")
    peer.wait_for_state("unconfigured")
    assert peer.change_state("configure")
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/image")
    camera.publish(PICTURE)
    peer.spin_until(lambda: peer.account("/image")["inactive"] == "1", "the inactive frame")
    assert peer.change_state("activate")
    camera.publish(PICTURE)
    peer.spin_until(lambda: labels, "labels")
    account = peer.account("/image")
    assert (account["received"], account["processed"], len(labels)) == ("2", "1", 1)
    assert account_adds_up(account)


def test_a_bare_start_runs_on_the_bundled_weights(
    start_node: StartNode, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")  # with all threads, as at a user's
    node = start_node(quick=False, executable=EXECUTABLE)
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    # Best effort, as it begins, may lose what is sent before both sides know each other.
    camera = peer.publisher("/image")

    def answered() -> bool:
        camera.publish(PICTURE)
        peer.spin_for(0.5)
        return bool(labels)

    peer.spin_until(answered, "labels")
    values = {entry.key: entry.value for entry in peer.status().values}
    path, digest = values["weights"], values["weights_sha256"]
    assert path.endswith("/data/weights/mobilenet_v2-light_weight-ade31.safetensors")
    assert f"weights {path} (sha256 {digest[:12]}), trained on " in node.output
    assert node.end(signal.SIGINT)[0] == 0


def test_every_load_says_once_what_the_weights_may_be_used_for(
    start_node: StartNode, peer: Peer
) -> None:
    node = start_node(autostart="false", weights="camvid")
    said = "(CC BY-NC 4.0): for non-commercial use"
    peer.wait_for_state("unconfigured")
    for loads in (1, 2):
        for label in ("configure", "activate", "deactivate", "cleanup"):
            assert peer.change_state(label)
        assert node.output.count(said) == loads
    assert peer.set_parameters(weights="random") == (True, "")
    assert peer.change_state("configure")
    assert node.output.count(said) == 2
    assert "random weights: the labels mean nothing" in node.output


def test_without_weights_it_says_how_to_get_some_and_stays(
    start_node: StartNode, peer: Peer
) -> None:
    node = start_node(weights="''", backbone="resnet50")
    peer.spin_until(lambda: "or random to try things out" in peer.status().message, "the way out")
    assert peer.status().level == DiagnosticStatus.ERROR
    assert peer.state() == "unconfigured"
    assert "no weights come with lwrf_ros for backbone resnet50" in node.output
    assert "mobilenet_v2-light_weight-ade31" in node.output
    assert node.end(signal.SIGINT)[0] == 0


def test_every_bad_value_at_start_is_named(start_node: StartNode, peer: Peer) -> None:
    start_node(min_confidence="2", backbon="resnet50")
    for message in (
        "min_confidence is 2; wanted a number from 0 to 1",
        "there is no parameter backbon; did you mean backbone?",
    ):
        peer.spin_until(lambda: message in peer.status().message, message)  # noqa: B023


def test_a_failed_configure_explains_undoes_itself_and_stays(
    start_node: StartNode, peer: Peer
) -> None:
    node = start_node(autostart="false")
    peer.wait_for_state("unconfigured")
    successful, reason = peer.set_parameters(image_topics=["1 not a name"])
    assert not successful
    assert reason.startswith("image_topics is ['1 not a name']; wanted a list of topic names")
    for bad, good, message in [
        ({"weights": "/no/such.pth"}, {"weights": "random"}, "no weights file /no/such.pth"),
        ({"classes": "kamvid"}, {"classes": "camvid"}, "no class table 'kamvid'; wanted one of"),
        ({"input_height": 0}, {"input_height": 64}, "wanted two sizes in pixels"),
        ({"image_topics": ["a", "b"]}, {"image_topics": ["a"]}, "several topics need a name each"),
        ({"coverage_alerts": ["tiger>0.5"]}, {"coverage_alerts": []}, "names the class 'tiger'"),
        ({"device": "cuda:99"}, {"device": "cpu"}, "device is 'cuda:99', but"),
    ]:
        assert peer.set_parameters(**bad) == (True, ""), bad
        assert not peer.change_state("configure"), bad
        assert peer.state() == "unconfigured"
        status = peer.status()
        assert status.level == DiagnosticStatus.ERROR
        assert message in status.message
        assert message in node.output
        assert peer.node.count_publishers("/segmenter/labels") == 0
        assert peer.set_parameters(**good) == (True, ""), good
    assert peer.change_state("configure")
    assert peer.status().level != DiagnosticStatus.ERROR
    assert node.end(signal.SIGTERM)[0] == 0


def test_a_bad_value_is_healed_by_setting_it(start_node: StartNode, peer: Peer) -> None:
    start_node(max_rate="-1")
    peer.spin_until(lambda: peer.status().level == DiagnosticStatus.ERROR, "the error")
    assert not peer.change_state("configure")
    assert peer.set_parameters(max_rate=5) == (True, "")
    assert peer.change_state("configure")
    assert peer.change_state("activate")
    assert peer.status().level == DiagnosticStatus.OK


def test_what_cannot_change_while_active_says_what_to_do(start_node: StartNode, peer: Peer) -> None:
    start_node()
    peer.wait_for_state("active")
    successful, reason = peer.set_parameters(decoder="light_weight_rcu", overlay_alpha=0.25)
    assert not successful
    assert "decoder cannot change while the node is active; deactivate and clean up" in reason
    assert peer.set_parameters(overlay_alpha=1, min_confidence=0.5) == (True, "")
    assert peer.change_state("deactivate")
    assert peer.change_state("cleanup")
    assert peer.set_parameters(decoder="light_weight_rcu") == (True, "")
    assert peer.change_state("configure")
    values = {entry.key: entry.value for entry in peer.status().values}
    assert values["decoder"] == "light_weight_rcu"


@pytest.mark.parametrize(
    ("state", "number"),
    [
        ("unconfigured", signal.SIGTERM),
        ("inactive", signal.SIGINT),
        ("active", signal.SIGINT),
        ("active", signal.SIGTERM),
        ("finalized", signal.SIGINT),
    ],
)
def test_a_signal_ends_it_with_0_within_2_s(
    start_node: StartNode, peer: Peer, state: str, number: signal.Signals
) -> None:
    node = start_node(autostart="false", executable=EXECUTABLE)
    peer.wait_for_state("unconfigured")
    paths = {
        "unconfigured": [],
        "inactive": ["configure"],
        "active": ["configure", "activate"],
        "finalized": ["shutdown"],
    }
    for label in paths[state]:
        assert peer.change_state(label)
    assert peer.state() == state
    code, seconds = node.end(number)
    assert (code, seconds < END_LIMIT_S) == (0, True), (seconds, node.output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_configuration_that_does_not_come_back(
    start_node: StartNode,
    peer: Peer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    (tmp_path / "fault").write_text("configure", encoding="ascii")
    monkeypatch.setenv("FAULT_FILE", str(tmp_path / "fault"))
    node = start_node(executable=[FAULTY_NODE])
    peer.spin_until(lambda: "configuring: loading" in node.output, "the configuration")
    locks = locks_of(node.process.pid)
    assert locks
    code, seconds = node.end(number)
    assert (code, seconds < END_LIMIT_S) == (0, True), (seconds, node.output)
    assert "ended in the middle of a transition" in node.output
    # Its shared memory goes, though Fast DDS was not asked to take it down.
    assert not any(lock.exists() or lock.with_name(lock.name[:-3]).exists() for lock in locks)


def test_a_signal_in_the_first_seconds(start_node: StartNode, peer: Peer) -> None:
    node = start_node(executable=EXECUTABLE)
    peer.spin_until(lambda: "starting, loading libraries" in node.output, "its first line")
    code, seconds = node.end(signal.SIGINT)
    assert (code, seconds < END_LIMIT_S) == (0, True), (seconds, node.output)


def test_a_signal_while_frames_are_under_way(
    start_node: StartNode, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = tmp_path / "fault"
    monkeypatch.setenv("FAULT_FILE", str(fault))
    node = start_node(executable=[FAULTY_NODE])
    peer.wait_for_state("active")
    # A network step whose end must not be waited for.
    fault.write_text("hang")
    peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/image")
    for _ in range(3):
        camera.publish(PICTURE)
    peer.spin_until(lambda: int(peer.account("/image")["received"]) >= 1, "a frame under way")
    camera.publish(PICTURE)
    before = shared_memory()
    code, seconds = node.end(signal.SIGINT)
    assert (code, seconds < END_LIMIT_S) == (0, True), (seconds, node.output)
    assert "ended without the frame under way" in node.output
    # The node's segment and its control file; without this, /dev/shm fills up.
    assert len(before - shared_memory()) >= 2


def test_diagnostics_go_on_in_every_state(start_node: StartNode, peer: Peer) -> None:
    start_node(autostart="false")
    peer.wait_for_state("unconfigured")
    for label in ("", "configure", "activate", "shutdown"):
        if label:
            assert peer.change_state(label)
        before = peer.diagnostics_count
        # The first may be the transition's own.
        peer.spin_until(lambda n=before: peer.diagnostics_count >= n + 3, f"more after {label}")


def test_diagnostics_come_every_second_of_steady_time(domain_id: int) -> None:
    rclpy.init(domain_id=domain_id)
    node = SegmenterNode(end=lambda: None)
    try:
        periods = [timer.timer_period_ns for timer in node.timers]
        clocks = {timer.clock.clock_type for timer in node.timers}
    finally:
        destroy_lifecycle_node(node)
        rclpy.shutdown()
    # Beside the one that configures and activates at once.
    assert sorted(periods) == [0, 1_000_000_000]
    assert clocks == {ClockType.STEADY_TIME}


def test_simulated_time_that_stands_still_stops_nothing(start_node: StartNode, peer: Peer) -> None:
    start_node(use_sim_time="true", max_rate="1000")
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/image")
    camera.publish(PICTURE)
    peer.spin_until(lambda: labels, "labels")
    assert peer.account("/image")["processed"] == "1"


def test_settings_that_lose_images_are_warned_about_on_configure(
    start_node: StartNode, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in PROFILE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    node = start_node()
    peer.wait_for_state("active")
    assert "some images like 640x480 rgb8 (900 KiB) will be lost: with rmw_fastrtps" in node.output
    values = {entry.key: entry.value for entry in peer.status().values}
    assert values["middleware"].endswith("shared memory 512 KiB, the default")
