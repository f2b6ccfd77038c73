# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A subscription that follows its publishers' reliability, over DDS, and loses nothing by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import numpy as np
import pytest
from harness import LocalNode, image, open_node, stamp_ns
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from stand_ins import StandInNode

from lwrf_ros.node.input.qos import ImageSubscription, output_qos, unserved_subscribers

PATIENCE_S = 20.0
Open = Callable[..., LocalNode]


@pytest.fixture
def opened(domain_id: int) -> Iterator[Open]:
    """Open nodes on one domain, each in a context of its own."""
    with ExitStack() as stack:

        def make(name: str, *arguments: str) -> LocalNode:
            cli = ["--ros-args", *arguments] if arguments else None
            node = open_node(domain_id, name, cli_args=cli, patience_s=PATIENCE_S)
            return stack.enter_context(node)

        yield make


class Camera:
    """A camera's node with numbered images.

    Args:
        local: Its node.
        reliable: Whether it offers reliable delivery.
        topic: Its topic.
    """

    def __init__(self, local: LocalNode, reliable: bool, topic: str = "/image") -> None:
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        self._node = local.node
        self.publisher = local.node.create_publisher(
            Image, topic, QoSProfile(depth=10, reliability=reliability)
        )

    def send(self, number: int) -> None:
        """Publish an image."""
        self.publisher.publish(image(np.zeros((2, 2), np.uint8), "mono8", stamp_ns=number))

    def leave(self) -> None:
        """Take the publisher away."""
        self._node.destroy_publisher(self.publisher)


class Listener:
    """A subscription under test, and the numbers that came through it.

    Args:
        local: Its node.
        image_qos: As the parameter.
        topic: Its topic.

    Attributes:
        numbers: What has come.
        pause_s: Time between an image's arrival and the next image.
    """

    def __init__(self, local: LocalNode, image_qos: str = "auto", topic: str = "image") -> None:
        self.node, self.spin_until = local
        self.numbers: list[int] = []
        self.pause_s = 0.0
        self.subscription = ImageSubscription(
            self.node, Image, topic, image_qos, lambda m: self.numbers.append(stamp_ns(m))
        )

    def meet(self, *cameras: Camera) -> None:
        """Wait until both sides know each other."""
        self.spin_until(
            lambda: (
                self.subscription.publishers == len(cameras)
                and self.subscription._subscription.get_publisher_count() == len(cameras)
                and all(c.publisher.get_subscription_count() for c in cameras)
            ),
            "the cameras",
        )

    def stream(self, camera: Camera, numbers: range) -> None:
        """Send images, one after the other has come."""
        for number in numbers:
            camera.send(number)
            self.spin_until(lambda n=number: n in self.numbers, f"message {number}")
            due_s = time.monotonic() + self.pause_s
            self.spin_until(lambda due_s=due_s: time.monotonic() >= due_s, "the next image")

    def switch(self, camera: Camera, numbers: range, reliable: bool) -> None:
        """Send images while the subscription changes over, looking again as the node does."""
        first, second = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
        self.stream(camera, first)
        self.spin_until(lambda: self.follows(reliable), "the other reliability")
        # No wait: the new subscription and the publisher do not know each other yet.
        self.stream(camera, second)
        self.spin_until(
            lambda: self.subscription._subscription.get_publisher_count(), "the new subscription"
        )
        self.stream(camera, range(numbers.stop, numbers.stop + 5))
        self.subscription.follow()

    def follows(self, reliable: bool) -> bool:
        """Look at the publishers; tell whether the subscription is as reliable as expected."""
        self.subscription.follow()
        return self.subscription.reliable is reliable

    def count(self) -> int:
        """Return how many subscriptions there are behind it."""
        return len(list(self.node.subscriptions))


def test_outputs_match_every_subscriber() -> None:
    profile = output_qos()
    assert profile.reliability == ReliabilityPolicy.RELIABLE
    assert profile.durability == DurabilityPolicy.VOLATILE
    assert (profile.history, profile.depth) == (HistoryPolicy.KEEP_LAST, 10)


def test_what_both_subscriptions_bring_is_handed_on_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The new one may bring again, a few messages later, what the old one has brought."""
    node = StandInNode()
    reliable = SimpleNamespace(qos_profile=QoSProfile(depth=1))  # rclpy's default is reliable
    monkeypatch.setattr(node, "get_publishers_info_by_topic", lambda topic: [reliable])
    handed_on: list[int] = []
    subscription = ImageSubscription(node, Image, "image", "auto", handed_on.append)
    old = node.subscriptions["/image"]
    subscription.follow()
    new = node.subscriptions["/image"]
    assert new is not old
    for number in range(1, 5):
        old.callback(number, {"source_timestamp": number})
    for number in range(1, 7):
        new.callback(number, {"source_timestamp": number})
    assert handed_on == [1, 2, 3, 4, 5, 6]


def test_auto_matches_a_best_effort_camera(opened: Open) -> None:
    listener = Listener(opened("listener"))
    assert not listener.subscription.reliable
    camera = Camera(opened("camera"), reliable=False)
    listener.meet(camera)
    listener.subscription.follow()
    assert not listener.subscription.reliable
    listener.stream(camera, range(1, 6))
    assert listener.numbers == [1, 2, 3, 4, 5]
    assert listener.subscription._subscription.qos_profile.depth == 1


@pytest.mark.parametrize("image_qos", ["reliable", "best_effort"])
def test_what_the_user_asked_for_stays(opened: Open, image_qos: str) -> None:
    listener = Listener(opened("listener"), image_qos)
    reliable = image_qos == "reliable"
    camera = Camera(opened("camera"), reliable=True)
    listener.meet(camera)
    assert listener.follows(reliable)
    listener.stream(camera, range(1, 3))
    if reliable:
        camera.leave()
        Camera(opened("other"), reliable=False)
        listener.spin_until(
            lambda: (
                [info.node_name for info in listener.node.get_publishers_info_by_topic("/image")]
                == ["other"]
            ),
            "the other camera",
        )
        assert listener.follows(True)
    assert listener.count() == 1


def test_nothing_changes_without_a_publisher(opened: Open) -> None:
    listener = Listener(opened("listener"))
    for _ in range(3):
        assert listener.follows(False)
    assert listener.count() == 1
    assert listener.subscription.publishers == 0


@pytest.mark.parametrize("pause_s", [0.0, 0.01])
def test_auto_becomes_reliable_without_losing_or_doubling_a_message(
    opened: Open, pause_s: float
) -> None:
    listener = Listener(opened("listener"))
    # With a pause both subscriptions bring an image; without one the next image takes its place.
    listener.pause_s = pause_s
    camera = Camera(opened("camera"), reliable=True)
    listener.meet(camera)
    listener.switch(camera, range(1, 41), reliable=True)
    assert listener.subscription.reliable
    assert listener.count() == 1
    listener.stream(camera, range(46, 61))
    assert listener.numbers == list(range(1, 61))


def test_auto_goes_back_when_a_best_effort_camera_joins(opened: Open) -> None:
    listener = Listener(opened("listener"))
    reliable = Camera(opened("camera"), reliable=True)
    listener.meet(reliable)
    listener.switch(reliable, range(1, 3), reliable=True)
    best_effort = Camera(opened("other"), reliable=False)
    listener.spin_until(lambda: listener.subscription.publishers == 2, "the other camera")
    listener.switch(reliable, range(101, 141), reliable=False)
    assert listener.numbers == [*range(1, 8), *range(101, 146)]
    assert listener.count() == 1
    listener.meet(reliable, best_effort)
    listener.stream(best_effort, range(201, 206))
    listener.stream(reliable, range(301, 306))
    assert listener.numbers[-10:] == [*range(201, 206), *range(301, 306)]
    best_effort.leave()
    listener.spin_until(lambda: listener.subscription.publishers == 1, "one camera alone")
    listener.switch(reliable, range(401, 403), reliable=True)
    assert listener.numbers[-7:] == list(range(401, 408))


def test_reliable_only_when_all_publishers_are(opened: Open) -> None:
    listener = Listener(opened("listener"))
    cameras = [Camera(opened("camera"), reliable=True), Camera(opened("other"), reliable=False)]
    listener.meet(*cameras)
    assert listener.follows(False)
    assert listener.count() == 1


def test_a_camera_that_leaves_changes_nothing(opened: Open) -> None:
    listener = Listener(opened("listener"))
    camera = Camera(opened("camera"), reliable=True)
    listener.meet(camera)
    listener.switch(camera, range(1, 3), reliable=True)
    camera.leave()
    listener.spin_until(lambda: listener.subscription.publishers == 0, "an empty topic")
    assert listener.follows(True)


@pytest.mark.parametrize(
    ("image_qos", "override", "reliable"),
    [
        ("auto", "reliable", True),
        ("auto", "best_effort", False),
        ("reliable", "best_effort", False),
        ("best_effort", "reliable", True),
    ],
)
def test_an_override_by_parameter_wins(
    opened: Open, image_qos: str, override: str, reliable: bool
) -> None:
    name = "qos_overrides./image.subscription.reliability"
    listener = Listener(opened("listener", "-p", f"{name}:={override}"), image_qos)
    assert listener.subscription.reliable is reliable
    Camera(opened("camera"), reliable=not reliable)
    listener.spin_until(lambda: listener.subscription.publishers == 1, "the camera")
    assert listener.follows(reliable)
    assert listener.count() == 1
    assert listener.node.get_parameter(name).value == override


def test_an_override_of_the_depth_is_kept_while_auto_follows(opened: Open) -> None:
    arguments = ("-r", "image:=/front", "-p", "qos_overrides./front.subscription.depth:=5")
    listener = Listener(opened("listener", *arguments))
    assert listener.subscription.topic == "/front"
    assert listener.subscription._subscription.qos_profile.depth == 5
    camera = Camera(opened("camera"), reliable=True, topic="/front")
    listener.meet(camera)
    listener.switch(camera, range(1, 3), reliable=True)
    assert listener.subscription._subscription.qos_profile.depth == 5


def test_a_later_subscription_is_not_bound_to_the_first_ones_reliability(opened: Open) -> None:
    """A node that is configured again may have another image_qos."""
    local = opened("listener")
    for image_qos in ("best_effort", "reliable", "auto", "reliable"):
        listener = Listener(local, image_qos)
        assert listener.subscription.reliable is (image_qos == "reliable")
        listener.subscription.destroy()
        assert listener.count() == 0


def test_destroyed_in_the_middle_of_a_switch(opened: Open) -> None:
    listener = Listener(opened("listener"))
    camera = Camera(opened("camera"), reliable=True)
    listener.meet(camera)
    listener.spin_until(lambda: listener.follows(True), "the reliable subscription")
    assert listener.count() == 2
    listener.subscription.destroy()
    assert listener.count() == 0


def settled(listener: Listener, wanted: int) -> list[str]:
    """Wait until so many peers are known by name, and return what is said of them."""

    def known() -> bool:
        texts = listener.subscription.mismatches()
        return len(texts) == wanted and not any("unnamed" in text for text in texts)

    listener.spin_until(known, "the peers")
    return listener.subscription.mismatches()


def test_a_camera_that_can_never_be_heard_is_named(opened: Open) -> None:
    listener = Listener(opened("listener"), "reliable")
    camera = Camera(opened("front_camera"), reliable=False)
    (text,) = settled(listener, 1)
    assert text.startswith("/front_camera offers incompatible QoS on /image: ")
    assert "reliab" in text.lower()
    camera.leave()
    assert settled(listener, 0) == []


def test_a_camera_of_another_type_is_named(opened: Open) -> None:
    listener = Listener(opened("listener"))
    local = opened("jpeg_camera")
    local.node.create_publisher(CompressedImage, "/image", 10)
    (text,) = settled(listener, 1)
    assert text.startswith("/jpeg_camera publishes sensor_msgs/msg/CompressedImage on /image;")
    assert "wanted sensor_msgs/msg/Image" in text


def test_a_subscriber_that_can_never_hear_is_named(opened: Open) -> None:
    node, spin_until = opened("segmenter")
    publisher = node.create_publisher(Image, "labels", output_qos())
    asked = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    viewer = opened("viewer").node
    viewer.create_subscription(Image, "/labels", print, QoSProfile(depth=1))
    spin_until(lambda: publisher.get_subscription_count() == 1, "the first viewer")
    assert unserved_subscribers(node, publisher) == []
    viewer.create_subscription(Image, "/labels", print, asked)
    spin_until(
        lambda: any("/viewer" in text for text in unserved_subscribers(node, publisher)),
        "the second viewer",
    )
    (text,) = unserved_subscribers(node, publisher)
    assert text.startswith("/viewer asks for incompatible QoS on /labels: ")
    assert "transient local subscription" in text
