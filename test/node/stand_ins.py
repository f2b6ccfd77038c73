# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A node without DDS behind it and a clock that stands still, for tests of what sits on them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.machine.middleware import Middleware

CARRIES_ALL = Middleware("rmw", "any way", None)


class SteadyClock:
    """Takes the place of the module `time`; only a test moves it.

    Attributes:
        now_s: What `monotonic` tells.
    """

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s
        self.sleep = time.sleep

    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self.now_s


@dataclass(eq=False)
class StandInPublisher:
    """A publisher that keeps what it is given.

    Attributes:
        topic: As given, not expanded.
        message_type: Type of the topic.
        record: Topics of all messages of the node, in their order.
        subscribers: How many there are said to be.
        sent: Messages published.
    """

    topic: str
    message_type: type
    record: list[str]
    subscribers: int = 0
    sent: list[Any] = field(default_factory=list)

    def publish(self, message: Any) -> None:
        """Keep a message."""
        self.sent.append(message)
        self.record.append(self.topic)

    @property
    def topic_name(self) -> str:
        """Return the topic as given."""
        return self.topic

    def get_subscription_count(self) -> int:
        """Return what the test set."""
        return self.subscribers


class StandInNode:
    """What a camera asks of a ROS node, without DDS.

    Attributes:
        publishers: By topic as given.
        subscriptions: By full topic name.
        destroyed: Everything that was taken out of it.
        record: Topics of all messages published, in their order.
        warnings: What was logged as a warning.
        remarks: What was logged as information.
        now_ns: The node's clock.
    """

    def __init__(self) -> None:
        self.publishers: dict[str, StandInPublisher] = {}
        self.subscriptions: dict[str, Any] = {}
        self.destroyed: list[Any] = []
        self.record: list[str] = []
        self.warnings: list[str] = []
        self.remarks: list[str] = []
        self.now_ns = 0
        self._parameter_overrides: dict[str, Any] = {}

    def resolve_topic_name(self, topic: str) -> str:
        """Return a full topic name."""
        return topic if topic.startswith("/") else f"/{topic}"

    def create_publisher(self, message_type: type, topic: str, qos: Any) -> StandInPublisher:
        """Make a publisher."""
        self.publishers[topic] = StandInPublisher(topic, message_type, self.record)
        return self.publishers[topic]

    def create_subscription(
        self,
        message_type: type,
        topic: str,
        callback: Callable[..., None],
        qos: Any,
        **options: Any,
    ) -> Any:
        """Make a subscription."""
        subscription = SimpleNamespace(
            message_type=message_type,
            topic_name=self.resolve_topic_name(topic),
            callback=callback,
            qos_profile=qos,
        )
        self.subscriptions[subscription.topic_name] = subscription
        return subscription

    def destroy_publisher(self, publisher: Any) -> None:
        """Note that it is gone."""
        self.destroyed.append(publisher)

    def destroy_subscription(self, subscription: Any) -> None:
        """Note that it is gone."""
        self.destroyed.append(subscription)

    def count_publishers(self, topic: str) -> int:
        """There is nobody else."""
        return 0

    def get_publishers_info_by_topic(self, topic: str) -> list[Any]:
        """There is nobody else."""
        return []

    def get_subscriptions_info_by_topic(self, topic: str) -> list[Any]:
        """There is nobody else."""
        return []

    def get_logger(self) -> Any:
        """Return what keeps lines."""
        return SimpleNamespace(warning=self.warnings.append, info=self.remarks.append)

    def get_fully_qualified_name(self) -> str:
        """Return its full name."""
        return "/segmenter"

    def get_topic_names_and_types(self) -> list[Any]:
        """There is nobody else."""
        return []

    def get_clock(self) -> Any:
        """Return the node's clock."""
        return SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=self.now_ns))


def settings(**values: Any) -> Any:
    """Stand in for the parameter server: the values in force are its `current`."""
    return SimpleNamespace(current=Parameters(**values))
