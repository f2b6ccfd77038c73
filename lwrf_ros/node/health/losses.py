# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Messages that never came to the node: the gaps in what each publisher counts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

# Cameras that come and go must not pile up.
_REMEMBERED_PUBLISHERS = 16
# Two subscriptions may relieve each other, and bring a message so many places late; one that is
# further back is the first of a publisher that has begun anew.
_LATE = 16
_ONLY_PUBLISHER = b""


class Losses:
    """Counts messages that were sent after a publisher's first one was seen and did not arrive.

    Whether the network lost them or the middleware replaced them by a newer one before the node
    took them: Fast DDS reports neither as an event.

    Jazzy's rclpy does not say whose number it is, so there only a sole publisher is counted.

    Attributes:
        count: Their number, None as long as nobody can tell.
        sole: Whether the topic has no more than one publisher.
    """

    def __init__(self) -> None:
        self.count: int | None = None
        self.sole = True
        self._last: OrderedDict[bytes, int] = OrderedDict()

    def note(self, info: Mapping[str, Any]) -> None:
        """Take in a message.

        Args:
            info: rclpy's information about it.
        """
        publisher, number = info.get("publisher_gid"), info.get("publication_sequence_number")
        if number is None:
            return
        if publisher is None and not self.sole:
            self._last.pop(_ONLY_PUBLISHER, None)
            return
        key = _ONLY_PUBLISHER if publisher is None else bytes(publisher["data"])
        last = self._last.pop(key, number - 1)
        if number < last - _LATE:
            last = number - 1
        self._last[key] = max(last, number)
        self.count = (self.count or 0) + max(0, number - last - 1)
        if len(self._last) > _REMEMBERED_PUBLISHERS:
            self._last.popitem(last=False)
