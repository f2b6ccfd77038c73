# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Messages that never came to the node: the gaps in what each publisher counts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

# Cameras that come and go must not pile up.
_REMEMBERED_PUBLISHERS = 16


class Losses:
    """Counts messages that were sent after a publisher's first one was seen and did not arrive.

    Whether the network lost them or the middleware replaced them by a newer one before the node
    took them: Fast DDS reports neither as an event.

    Attributes:
        count: Their number, None as long as the middleware numbers no messages.
    """

    def __init__(self) -> None:
        self.count: int | None = None
        self._last: OrderedDict[bytes, int] = OrderedDict()

    def note(self, info: Mapping[str, Any]) -> None:
        """Take in a message.

        Args:
            info: rclpy's information about it.
        """
        publisher = info.get("publisher_gid")
        number = info.get("publication_sequence_number")
        if publisher is None or number is None:
            return
        key = bytes(publisher["data"])
        last = self._last.pop(key, number - 1)
        # Two subscriptions may relieve each other, and bring an older one after a newer one.
        self._last[key] = max(last, number)
        self.count = (self.count or 0) + max(0, number - last - 1)
        if len(self._last) > _REMEMBERED_PUBLISHERS:
            self._last.popitem(last=False)
