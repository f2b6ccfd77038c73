# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The common interface of the files of all kinds of bags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class RawMessage(NamedTuple):
    """A message as it lies in the bag.

    Attributes:
        topic: Its topic.
        time_ns: When the recorder received it, nanoseconds.
        data: Its bytes: CDR, or ROS 1's serialisation in a ROS 1 bag.
    """

    topic: str
    time_ns: int
    data: bytes


@dataclass(frozen=True)
class BagTopic:
    """A topic's description in a bag.

    Attributes:
        message_type: As the bag writes it.
        count: Number of messages, as far as the bag tells.
        definition: Text of the message's definition, empty where the bag has none.
        encoding: ros2msg or ros2idl, what the definition is written in; else empty.
        digest: Hash of the type (RIHS01), empty where the bag has none.
        qos: The publishers' QoS profiles in YAML, empty where the bag has none.
    """

    message_type: str
    count: int
    definition: str = ""
    encoding: str = ""
    digest: str = ""
    qos: str = ""


class BagFile(Protocol):
    """An open file of a bag.

    Attributes:
        topics: Its topics by name.
        start_ns: Least time of reception, nanoseconds; None without messages or where unknown.
        end_ns: Greatest time of reception, likewise.
        ros1: Whether its messages are serialised as ROS 1 does.
    """

    topics: dict[str, BagTopic]
    start_ns: int | None
    end_ns: int | None
    ros1: bool

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Read the messages of some topics in the order of their reception."""

    def close(self) -> None:
        """Close the file."""


class Progress:
    """How far a reading in the order of time came, for another reading to go on from there."""

    def __init__(self) -> None:
        self._time_ns: int | None = None
        # Of the messages at that very time, how many of each topic.
        self._given: Counter[str] = Counter()

    def note(self, topic: str, time_ns: int) -> None:
        """Note a message that was given."""
        if time_ns != self._time_ns:
            self._time_ns, self._given = time_ns, Counter()
        self._given[topic] += 1

    def was_given(self, topic: str, time_ns: int) -> bool:
        """Tell whether a message of the second reading was given by the first; once for each."""
        if self._time_ns is None or time_ns > self._time_ns:
            return False
        if time_ns < self._time_ns:
            return True
        self._given[topic] -= 1
        return self._given[topic] >= 0
