# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Quality of service: what the outputs offer, and a subscription that follows its publishers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from rclpy.duration import Duration, Infinite
from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

from lwrf_ros.node.compat import parameter_overrides
from lwrf_ros.node.health.losses import Losses

_OVERRIDABLE = (QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY, QoSPolicyKind.DEPTH)
_OUTPUT_DEPTH = 10
_UNKNOWN_NAME = "_NODE_NAME_UNKNOWN_"
# Both subscriptions keep one message, so a second copy comes at most a few messages later.
_REMEMBERED = 16


def output_qos() -> QoSProfile:
    """Return the profile of every output: reliable, so that every subscriber matches."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=_OUTPUT_DEPTH,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE,
    )


def latched_qos() -> QoSProfile:
    """Return the profile of what is said once and is there for everybody who comes later."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )


def small_sensor_qos() -> QoSProfile:
    """Return the profile for small messages of a camera: it matches every publisher."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=_OUTPUT_DEPTH,
        reliability=ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE,
    )


def unserved_subscribers(node: Node, publisher: Any) -> list[str]:
    """Say which subscribers can never hear a publisher, and why.

    Args:
        node: The node to ask for the graph.
        publisher: One of its publishers.
    """
    topic = publisher.topic_name
    found = []
    for info in node.get_subscriptions_info_by_topic(topic):
        if reason := _incompatible(publisher.qos_profile, info.qos_profile):
            found.append(f"{_peer(info)} asks for incompatible QoS on {topic}: {reason}")
    return found


class ImageSubscription:
    """A subscription to a camera that is as reliable as the camera's publishers.

    With `auto` it begins best effort, which matches every publisher, and becomes reliable when
    every publisher of the topic is; `follow` looks again. rclpy's own BEST_AVAILABLE decides once,
    before the camera is there. QoS overrides by parameter win over both.

    Args:
        node: The node that subscribes.
        message_type: Image or CompressedImage.
        topic: Name of the topic, relative and remappable.
        image_qos: auto, reliable or best_effort.
        callback: Called with every message, once.
    """

    def __init__(
        self,
        node: Node,
        message_type: type,
        topic: str,
        image_qos: str,
        callback: Callable[[Any], None],
    ) -> None:
        self._node = node
        self._message_type = message_type
        self._topic = topic
        self._callback = callback
        self._overridden = _overridden(node, topic)
        self._follows = image_qos == "auto" and QoSPolicyKind.RELIABILITY not in self._overridden
        self._losses = Losses()
        self._retiring: Any = None
        self._relieved = False
        self._source_timestamps: deque[int] = deque(maxlen=_REMEMBERED)
        self._subscription = self._subscribe(reliable=image_qos == "reliable")

    @property
    def topic(self) -> str:
        """The topic's full name, remapped."""
        return str(self._subscription.topic_name)

    @property
    def reliable(self) -> bool:
        """Whether the subscription asks for reliable delivery."""
        return bool(self._subscription.qos_profile.reliability == ReliabilityPolicy.RELIABLE)

    @property
    def lost(self) -> int | None:
        """Number of messages that were sent and did not arrive, None where nobody can tell."""
        return self._losses.count

    @property
    def publishers(self) -> int:
        """Number of publishers of the topic."""
        return int(self._node.count_publishers(self.topic))

    def publisher_names(self) -> list[str]:
        """Return the full names of the nodes that publish the topic."""
        found = self._node.get_publishers_info_by_topic(self.topic)
        return sorted({_peer(info) for info in found})

    def follow(self) -> None:
        """Look at the topic's publishers and take on their reliability."""
        self._losses.sole = self.publishers <= 1
        if self._relieved:
            self._retire()
        if not self._follows:
            return
        offered = [
            info.qos_profile.reliability
            for info in self._node.get_publishers_info_by_topic(self.topic)
        ]
        wants_reliable = bool(offered) and all(o == ReliabilityPolicy.RELIABLE for o in offered)
        if not offered or wants_reliable == self.reliable or self._retiring is not None:
            return
        # The old one stays until the new one has its first message, so that none is lost.
        self._retiring = self._subscription
        self._subscription = self._subscribe(reliable=wants_reliable)

    def mismatches(self) -> list[str]:
        """Say which publishers of the topic can never be heard, and why."""
        wanted, profile = type_name(self._message_type), self._subscription.qos_profile
        found = []
        for info in self._node.get_publishers_info_by_topic(self.topic):
            if info.topic_type != wanted:
                found.append(
                    f"{_peer(info)} publishes {info.topic_type} on {self.topic}; wanted {wanted} "
                    "(a topic whose name ends in /compressed is taken as CompressedImage)"
                )
            elif reason := _incompatible(info.qos_profile, profile):
                found.append(f"{_peer(info)} offers incompatible QoS on {self.topic}: {reason}")
        return found

    def destroy(self) -> None:
        """Take the subscription out of the node."""
        self._retire()
        self._node.destroy_subscription(self._subscription)

    def _subscribe(self, reliable: bool) -> Any:
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        profile = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=1,
            reliability=reliability,
            durability=DurabilityPolicy.VOLATILE,
        )

        def receive(message: Any, info: Any) -> None:
            self._receive(message, info, reliability)

        return self._node.create_subscription(
            self._message_type,
            self._topic,
            receive,
            profile,
            qos_overriding_options=QoSOverridingOptions(self._overridden),
        )

    def _receive(self, message: Any, info: Any, reliability: ReliabilityPolicy) -> None:
        stamp = info["source_timestamp"]
        if self._retiring is not None:
            # Before the next lines: what the new one brings may well be known from the old one.
            self._relieved |= reliability == self._subscription.qos_profile.reliability
            # Both subscriptions may bring the same message while one relieves the other.
            if stamp and stamp in self._source_timestamps:
                return
        self._source_timestamps.append(stamp)
        self._losses.note(info)
        self._callback(message)

    def _retire(self) -> None:
        if self._retiring is not None:
            self._node.destroy_subscription(self._retiring)
        self._retiring, self._relieved = None, False


def _incompatible(offered: QoSProfile, asked: QoSProfile) -> str:
    """Return why two profiles never match, an empty text where they do or may."""
    for profile in (offered, asked):
        # The graph tells what was left open as infinite, which the check takes for asked for.
        if profile.deadline == Infinite:
            profile.deadline = Duration()
        if profile.liveliness_lease_duration == Infinite:
            profile.liveliness_lease_duration = Duration()
    compatibility, reason = qos_check_compatible(offered, asked)
    return (
        str(reason).strip("; ").removeprefix("ERROR: ")
        if compatibility == QoSCompatibility.ERROR
        else ""
    )


def _peer(info: Any) -> str:
    if info.node_name == _UNKNOWN_NAME:  # its node is not discovered yet, or belongs to no ROS
        return "an unnamed node"
    return f"{info.node_namespace.rstrip('/')}/{info.node_name}"


def type_name(message_type: type) -> str:
    """Return what ROS calls the type of a message, sensor_msgs/msg/Image for example."""
    package = message_type.__module__.partition(".")[0]
    return f"{package}/msg/{message_type.__name__}"


def _overridden(node: Node, topic: str) -> tuple[QoSPolicyKind, ...]:
    """Return the policies that the user gave as parameters for the subscription of a topic.

    Only these are handed to rclpy: it declares every policy it is handed as a read-only parameter,
    whose value then holds for all later subscriptions to the topic, given by the user or not.
    """
    given = parameter_overrides(node)
    prefix = f"qos_overrides.{node.resolve_topic_name(topic)}.subscription."
    return tuple(policy for policy in _OVERRIDABLE if prefix + policy.name.lower() in given)
