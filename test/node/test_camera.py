# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One camera: newest frame wins, every frame has its place in the account, rates are kept."""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from harness import account_adds_up, image
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from stand_ins import CARRIES_ALL, StandInNode, SteadyClock, settings
from std_msgs.msg import Float32MultiArray

from lwrf_ros.images.decoding import Refusal
from lwrf_ros.machine.middleware import Middleware
from lwrf_ros.node import camera as camera_module
from lwrf_ros.node.camera import Camera, Frame
from lwrf_ros.node.output import label_info


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SteadyClock:
    """The steady clock, moved by the test alone."""
    clock = SteadyClock()
    monkeypatch.setattr(camera_module, "time", clock)
    return clock


@pytest.fixture
def node() -> StandInNode:
    return StandInNode()


def make(node: Any, name: str = "", topic: str = "image", **values: Any) -> Camera:
    camera = Camera(node, name, topic, settings(**values), threading.Condition(), CARRIES_ALL)
    camera.active = True
    return camera


def good(stamp_ns: int = 0) -> Image:
    return image(np.zeros((2, 2, 3), np.uint8), stamp_ns=stamp_ns)


def bad(reason: str) -> Image:
    message = good()
    if reason == "step":
        message.step = 5
    elif reason == "data":
        message.data = array("B", bytes(11))
    elif reason == "encoding":
        message.encoding = "32FC1"
    elif reason == "empty":
        message.data = array("B")
    return message


def named(topic: str) -> dict[str, Any]:
    """Return the topic that is only there where vision_msgs is installed."""
    return {} if label_info.LabelInfo is None else {topic: label_info.LabelInfo}


def account(camera: Camera) -> dict[str, int]:
    """Return what is not zero of a camera's account, which has to add up."""
    values = camera.account.values()
    assert account_adds_up({key: str(value) for key, value in values.items()})
    return {key: value for key, value in values.items() if value}


def test_topics_of_a_single_camera(node: StandInNode) -> None:
    camera = make(node)
    assert {topic: p.message_type for topic, p in node.publishers.items()} == {
        "~/labels": Image,
        "~/labels/compressed": CompressedImage,
        "~/confidence": Image,
        "~/overlay": Image,
        "~/overlay/compressed": CompressedImage,
        "~/coverage": DiagnosticArray,
        "~/coverage/vector": Float32MultiArray,
        "~/camera_info": CameraInfo,
        **named("~/label_info"),
    }
    assert node.subscriptions["/image"].message_type is Image
    assert node.subscriptions["/camera_info"].message_type is CameraInfo
    assert (camera.topic, camera.label) == ("/image", "/image")


def test_topics_of_a_named_camera(node: StandInNode) -> None:
    camera = make(node, "front", "/front/image_raw/compressed")
    assert set(node.publishers) == {
        f"~/front/{output}"
        for output in (
            "labels",
            "labels/compressed",
            "confidence",
            "overlay",
            "overlay/compressed",
            "coverage",
            "coverage/vector",
            "camera_info",
            *named("label_info"),
        )
    }
    assert node.subscriptions["/front/camera_info"].message_type is CameraInfo
    assert node.subscriptions["/front/image_raw/compressed"].message_type is CompressedImage
    assert (camera.topic, camera.label) == ("/front/image_raw/compressed", "front")


def test_a_topic_that_only_contains_the_word_is_not_compressed(node: StandInNode) -> None:
    make(node, topic="/compressed/image")
    make(node, topic="/image_compressed")
    assert {s.message_type for s in node.subscriptions.values()} == {Image, CameraInfo}


def test_the_camera_info_topic_may_be_named(node: StandInNode) -> None:
    lock = threading.Condition()
    camera = Camera(node, "", "/image", settings(), lock, CARRIES_ALL, "/calibration/front")
    assert camera.camera_info.topic == "/calibration/front"
    assert set(node.subscriptions) == {"/image", "/calibration/front"}


def test_destroy_takes_out_everything(node: StandInNode) -> None:
    make(node).destroy()
    assert len(node.destroyed) == len(node.publishers) + len(node.subscriptions)
    assert all(publisher in node.destroyed for publisher in node.publishers.values())
    assert all(subscription in node.destroyed for subscription in node.subscriptions.values())


def test_camera_info_alone_is_no_reason_to_compute_anything(node: StandInNode) -> None:
    camera = make(node)
    node.publishers["~/camera_info"].subscribers = 1
    assert camera.wanted_outputs() == frozenset()
    node.publishers["~/labels"].subscribers = 1
    assert camera.wanted_outputs() == {"labels"}


def test_the_newest_frame_wins(node: StandInNode, clock: SteadyClock) -> None:
    camera = make(node)
    assert camera.waiting_since_s is None
    messages = [good(stamp) for stamp in range(3)]
    for message in messages:
        camera.receive(message)
        clock.now_s += 0.5
    # Since the first of them: newer frames do not send a camera to the end of the queue.
    assert camera.waiting_since_s == 1000.0
    frame = camera.take()
    assert (frame.message, frame.camera, frame.arrived_s) == (messages[2], camera, 1001.0)
    assert camera.waiting_since_s is None
    assert account(camera) == {"received": 3, "superseded": 2, "waiting": 1}


def test_frames_under_way_are_waiting(node: StandInNode, clock: SteadyClock) -> None:
    camera = make(node)
    camera.receive(good())
    first = camera.take()
    clock.now_s += 1
    camera.receive(good())
    assert camera.waiting_since_s == 1001.0
    assert account(camera) == {"received": 2, "waiting": 2}
    camera.finish(first, 20.0)
    camera.take()
    camera.settle("failed")
    assert account(camera) == {"received": 2, "processed": 1, "failed": 1}


def test_receiving_wakes_the_worker(node: StandInNode) -> None:
    camera = make(node)
    woken = threading.Event()
    waiting = threading.Event()

    def wait() -> None:
        with camera._changed:
            waiting.set()
            if camera._changed.wait(10):
                woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(10)
    camera.receive(good())
    thread.join(10)
    assert woken.is_set()


def test_messages_are_looked_at_without_the_lock_of_all_cameras(
    node: StandInNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = make(node)
    free = []

    def try_lock() -> None:
        free.append(camera._changed.acquire(blocking=False))
        if free[-1]:
            camera._changed.release()

    def check(*arguments: Any) -> None:
        thread = threading.Thread(target=try_lock)
        thread.start()
        thread.join(10)

    monkeypatch.setattr(camera_module, "check", check)
    camera.receive(good())
    assert free == [True]
    assert account(camera) == {"received": 1, "waiting": 1}


@pytest.mark.parametrize("reason", ["step", "data", "encoding", "empty"])
def test_a_bad_frame_is_counted_and_leaves_the_good_one(node: StandInNode, reason: str) -> None:
    camera = make(node)
    kept = good()
    camera.receive(kept)
    camera.receive(bad(reason))
    assert camera.take().message is kept
    assert account(camera) == {"received": 2, "refused": 1, f"refused.{reason}": 1, "waiting": 1}
    assert len(node.warnings) == 1
    assert f"/image: refused a frame ({reason}): " in node.warnings[0]


def test_a_frame_that_cannot_be_decoded_is_refused(node: StandInNode) -> None:
    camera = make(node, "front")
    camera.receive(good())
    camera.take()
    camera.refuse(Refusal("decode", "it is damaged"))
    assert account(camera) == {"received": 1, "refused": 1, "refused.decode": 1}
    assert node.warnings == ["front: refused a frame (decode): it is damaged"]


def test_one_warning_in_five_seconds_for_each_reason(node: StandInNode, clock: SteadyClock) -> None:
    clock.now_s = 0.0  # of a machine that has just started
    camera = make(node)
    for _ in range(50):
        camera.receive(bad("step"))
        clock.now_s += 0.0625
    assert len(node.warnings) == 1
    camera.receive(bad("data"))
    assert len(node.warnings) == 2
    assert "(data)" in node.warnings[1]
    clock.now_s = 4.9375
    camera.receive(bad("step"))
    assert len(node.warnings) == 2
    clock.now_s = 5.0
    camera.receive(bad("step"))
    assert len(node.warnings) == 3
    assert "(step)" in node.warnings[2]
    clock.now_s = 8.0
    camera.receive(bad("step"))
    camera.receive(bad("data"))
    assert len(node.warnings) == 3
    assert account(camera)["refused.step"] == 53


def test_an_inactive_camera_counts_and_nothing_else(node: StandInNode) -> None:
    camera = make(node)
    camera.active = False
    camera.receive(good())
    camera.receive(bad("step"))
    assert camera.waiting_since_s is None
    assert account(camera) == {"received": 2, "inactive": 2}
    assert not node.warnings


def test_the_limits_hold_from_the_next_frame_on(node: StandInNode) -> None:
    parameters = settings(max_pixels=1)
    camera = Camera(node, "", "image", parameters, threading.Condition(), CARRIES_ALL)
    camera.active = True
    frame = good()
    pixels, size = frame.width * frame.height, len(frame.data)
    camera.receive(frame)
    parameters.current = settings(max_pixels=pixels, max_bytes=size - 1).current
    camera.receive(frame)
    parameters.current = settings(max_pixels=pixels, max_bytes=size).current
    camera.receive(frame)
    assert account(camera) == {
        "received": 3,
        "refused": 2,
        "refused.too_large": 2,
        "waiting": 1,
    }
    assert "max_pixels allows 1" in node.warnings[0]


def test_what_waits_when_the_node_deactivates_is_inactive(node: StandInNode) -> None:
    camera = make(node)
    camera.settle_all()
    assert account(camera) == {}
    camera.receive(good())
    camera.active = False
    camera.settle_all()
    assert camera.waiting_since_s is None
    assert account(camera) == {"received": 1, "inactive": 1}
    camera.settle_all()
    assert account(camera) == {"received": 1, "inactive": 1}


def test_what_the_worker_had_when_it_failed_has_failed(node: StandInNode) -> None:
    camera = make(node)
    for _ in range(2):
        camera.receive(good())
        camera.take()
    camera.receive(good())
    camera.settle_all()
    assert account(camera) == {"received": 3, "failed": 2, "inactive": 1}


def send(camera: Camera, clock: SteadyClock, times_s: Any) -> int:
    """Send frames at times; return how many were not throttled."""
    before = camera.account.outcomes["throttled"]
    start_s = clock.now_s
    for time_s in times_s:
        clock.now_s = start_s + float(time_s)
        camera.receive(good())
    return len(times_s) - (camera.account.outcomes["throttled"] - before)


def test_without_a_limit_all_are_taken(node: StandInNode, clock: SteadyClock) -> None:
    assert send(make(node), clock, np.arange(1000) * 1e-6) == 1000


@pytest.mark.parametrize("camera_hz", [15, 25, 30, 59.94, 1000])
@pytest.mark.parametrize("max_rate", [1.0, 7.0, 10.0])
def test_a_faster_camera_is_held_to_the_rate(
    node: StandInNode, clock: SteadyClock, camera_hz: float, max_rate: float
) -> None:
    camera = make(node, max_rate=max_rate)
    seconds = 20
    taken = send(camera, clock, np.arange(int(seconds * camera_hz)) / camera_hz)
    # One at the very start, and one more because nothing was taken before.
    assert max_rate * seconds - 1 <= taken <= max_rate * seconds + 2
    account(camera)


@pytest.mark.parametrize("seed", range(5))
def test_jitter_does_not_lower_the_rate(node: StandInNode, clock: SteadyClock, seed: int) -> None:
    """A camera of just this rate loses nothing, though frames come 80 ms after one another."""
    jitter_s = np.random.default_rng(seed).uniform(-0.04, 0.04, 300)
    camera = make(node, max_rate=10.0)
    assert send(camera, clock, np.arange(300) / 10 + 0.04 + jitter_s) == 300


def test_a_slower_camera_loses_nothing(node: StandInNode, clock: SteadyClock) -> None:
    assert send(make(node, max_rate=10.0), clock, np.arange(100) / 9.5) == 100


def test_a_pause_is_not_saved_up(node: StandInNode, clock: SteadyClock) -> None:
    camera = make(node, max_rate=5.0)
    send(camera, clock, np.arange(100) / 100)
    clock.now_s += 60
    assert 5 <= send(camera, clock, np.arange(100) / 100) <= 7


def test_throttling_is_counted(node: StandInNode, clock: SteadyClock) -> None:
    camera = make(node, max_rate=1.0)
    for _ in range(5):
        camera.receive(good())
    # Of frames at one and the same time at most two go through.
    assert account(camera)["throttled"] >= 3
    clock.now_s += 1
    throttled = account(camera)["throttled"]
    camera.receive(good(9))
    assert account(camera)["throttled"] == throttled
    assert camera.take().message.header.stamp.nanosec == 9


def test_a_bad_frame_does_not_take_the_turn_of_a_good_one(
    node: StandInNode, clock: SteadyClock
) -> None:
    camera = make(node, max_rate=10.0)
    for _ in range(100):
        camera.receive(bad("step"))
        clock.now_s += 0.01
        camera.receive(good())
        clock.now_s += 0.09
    assert account(camera)["refused"] == 100
    assert "throttled" not in account(camera)


def test_a_raised_limit_holds_from_the_next_frames_on(
    node: StandInNode, clock: SteadyClock
) -> None:
    camera = make(node, max_rate=0.01)
    send(camera, clock, np.arange(10) / 8)
    camera._parameters = settings(max_rate=8.0)
    assert send(camera, clock, np.arange(1, 31) / 8) >= 29
    camera._parameters = settings()
    assert send(camera, clock, np.arange(1, 100) / 1000) == 99


def test_outputs_are_wanted_by_their_subscribers(node: StandInNode) -> None:
    camera = make(node)
    assert camera.wanted_outputs() == frozenset()
    node.publishers["~/overlay/compressed"].subscribers = 2
    node.publishers["~/labels"].subscribers = 1
    assert camera.wanted_outputs() == {"labels", "overlay/compressed"}


def test_what_is_published_is_counted_apart(node: StandInNode) -> None:
    camera = make(node)
    for _ in range(2):
        camera.publish("labels", good())
    camera.publish("coverage/vector", Float32MultiArray())
    assert account(camera) == {"published.labels": 2, "published.coverage/vector": 1}
    assert len(node.publishers["~/labels"].sent) == 2
    assert node.publishers["~/coverage/vector"].sent == [Float32MultiArray()]


def diagnosis(camera: Camera) -> tuple[bytes, str, dict[str, str]]:
    status = camera.diagnose("segmenter")
    assert status.name == f"segmenter: {camera.label}"
    assert status.hardware_id == camera.label
    return status.level, status.message, {entry.key: entry.value for entry in status.values}


def test_a_healthy_camera(node: StandInNode, clock: SteadyClock) -> None:
    camera = make(node, "front", "/front/image_raw")
    for index in range(5):
        camera.receive(good(stamp_ns=index * 10**9))
        frame = camera.take()
        clock.now_s += 0.025
        node.now_ns = index * 10**9 + 40_000_000
        camera.finish(frame, 20.0 + index)
        clock.now_s += 0.1
    level, text, values = diagnosis(camera)
    assert level == DiagnosticStatus.OK
    assert text == "8.0 Hz in, 8.0 Hz out"
    assert values["topic"] == "/front/image_raw"
    assert (values["publishers"], values["reliability"]) == ("0", "best_effort")
    assert (values["rate_in_hz"], values["rate_out_hz"]) == ("8.00", "8.00")
    assert (values["latency_p50_ms"], values["latency_p99_ms"]) == ("25.00", "25.00")
    # 20 to 24: the 99th percentile lies at 0.99 * 4 of the way between the five.
    assert (values["engine_p50_ms"], values["engine_p99_ms"]) == ("22.00", "23.96")
    assert (values["stamp_age_p50_ms"], values["stamp_age_p99_ms"]) == ("40.00", "40.00")
    # 40 less 24 to 20.
    less_engine = (values["stamp_age_less_engine_p50_ms"], values["stamp_age_less_engine_p99_ms"])
    assert less_engine == ("18.00", "19.96")
    assert values["stamp_age_plausible"] == "True"
    assert (values["received"], values["processed"], values["waiting"]) == ("5", "5", "0")
    assert account_adds_up(values)


@pytest.mark.parametrize("now_s", [-1, 3601])
def test_an_age_that_cannot_be_is_marked(node: StandInNode, now_s: int) -> None:
    camera = make(node)
    camera.receive(good())
    node.now_ns = now_s * 10**9
    camera.finish(camera.take(), 20.0)
    values = diagnosis(camera)[2]
    assert values["stamp_age_plausible"] == "False"
    assert float(values["stamp_age_p50_ms"]) == now_s * 1000


def test_a_camera_without_frames_has_no_figures(node: StandInNode) -> None:
    values = diagnosis(make(node))[2]
    assert not [key for key in values if key.startswith(("latency", "stamp"))]
    assert values["rate_in_hz"] == "0.00"


def test_refused_frames_warn_once(node: StandInNode) -> None:
    camera = make(node)
    for reason in ("step", "data"):
        camera.receive(bad(reason))
    level, text, values = diagnosis(camera)
    assert level == DiagnosticStatus.ERROR
    assert text == "2 of 2 frames refused or failed, see refused.*"
    assert (values["refused.step"], values["refused.data"]) == ("1", "1")
    assert diagnosis(camera)[0] == DiagnosticStatus.OK


def test_images_that_the_middleware_loses_warn(node: StandInNode) -> None:
    small = Middleware("rmw", "a thin wire", 11, "take a thicker one")
    camera = Camera(node, "", "image", settings(), threading.Condition(), small)
    camera.receive(good())
    assert diagnosis(camera)[1].startswith("some images on /image (0 KiB) will be lost: with rmw")


def test_one_of_several_refused_is_a_warning(node: StandInNode) -> None:
    camera = make(node)
    camera.receive(bad("step"))
    camera.receive(good())
    level, text, _ = diagnosis(camera)
    assert level == DiagnosticStatus.WARN
    assert text == "1 of 2 frames refused or failed, see refused.*"


def test_a_silent_camera_is_stale(node: StandInNode, clock: SteadyClock) -> None:
    camera = make(node)
    clock.now_s += 1.5
    assert diagnosis(camera)[0] == DiagnosticStatus.OK
    clock.now_s += 1.5
    level, text = diagnosis(camera)[:2]
    assert level == DiagnosticStatus.STALE
    assert text.startswith("no image on /image for 3 s: nobody publishes it, nor any other image")
    camera.active = False
    assert diagnosis(camera)[0] == DiagnosticStatus.OK


class CameraMachine(RuleBasedStateMachine):
    """Any order of what the two threads do; a plain count beside the account."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SteadyClock()
        self.patch = mock.patch.object(camera_module, "time", self.clock)
        self.patch.start()
        self.settings = SimpleNamespace(current=settings().current)
        self.camera = Camera(
            StandInNode(), "", "image", self.settings, threading.Condition(), CARRIES_ALL
        )
        self.received = 0
        self.newest: Image | None = None
        self.under_way: list[Frame] = []
        self.ends: Counter[str] = Counter()

    def teardown(self) -> None:
        self.patch.stop()

    @rule(stamp=st.integers(0, 10**12))
    def receive(self, stamp: int) -> None:
        throttled = self.camera.account.outcomes["throttled"]
        message = good(stamp)
        self.camera.receive(message)
        self.received += 1
        if not self.camera.active:
            self.ends["inactive"] += 1
        elif self.camera.account.outcomes["throttled"] > throttled:
            self.ends["throttled"] += 1
        else:
            self.ends["superseded"] += self.newest is not None
            self.newest = message

    @rule(reason=st.sampled_from(["step", "data", "encoding", "empty"]))
    def receive_bad(self, reason: str) -> None:
        self.camera.receive(bad(reason))
        self.received += 1
        self.ends[f"refused.{reason}" if self.camera.active else "inactive"] += 1

    @precondition(lambda self: self.camera.waiting_since_s is not None)
    @rule()
    def take(self) -> None:
        frame = self.camera.take()
        assert frame.message is self.newest
        self.newest = None
        self.under_way.append(frame)

    @precondition(lambda self: self.under_way)
    @rule(outcome=st.sampled_from(["unwatched", "failed"]))
    def settle(self, outcome: str) -> None:
        self.under_way.pop().camera.settle(outcome)
        self.ends[outcome] += 1

    @precondition(lambda self: self.under_way)
    @rule()
    def finish(self) -> None:
        self.camera.finish(self.under_way.pop(), 20.0)
        self.ends["processed"] += 1

    @precondition(lambda self: self.under_way)
    @rule()
    def refuse(self) -> None:
        self.under_way.pop().camera.refuse(Refusal("decode", "damaged"))
        self.ends["refused.decode"] += 1

    @rule()
    def settle_all(self) -> None:
        self.ends["inactive"] += self.newest is not None
        self.ends["failed"] += len(self.under_way)
        self.newest = None
        self.under_way.clear()
        self.camera.settle_all()

    @rule(active=st.booleans())
    def activate(self, active: bool) -> None:
        self.camera.active = active

    @rule(seconds=st.floats(0, 3))
    def wait(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule(max_rate=st.sampled_from([0.0, 0.5, 30.0]))
    def limit(self, max_rate: float) -> None:
        self.settings.current = settings(max_rate=max_rate).current

    @rule()
    def diagnose(self) -> None:
        values = diagnosis(self.camera)[2]
        assert account_adds_up(values)

    @invariant()
    def the_account_is_exact(self) -> None:
        waiting = len(self.under_way) + (self.newest is not None)
        assert (self.camera.waiting_since_s is None) is (self.newest is None)
        values = account(self.camera)
        values.pop("refused", None)
        expected = {"received": self.received, "waiting": waiting, **self.ends}
        assert values == {key: value for key, value in expected.items() if value}


TestAccountInAnyOrder = CameraMachine.TestCase
TestAccountInAnyOrder.settings = hypothesis_settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
