# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The account of frames, rates and latencies, and their way into /diagnostics."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

_WINDOW = 200
_RATE_WINDOW_S = 5.0
_IMPLAUSIBLE_AGE_S = 3600.0
# Where a frame can have gone. What is not in one of these is still waiting.
OUTCOMES = ("processed", "superseded", "throttled", "unwatched", "inactive", "failed")


@dataclass
class Account:
    """Where every frame of one camera went; its sums hold at all times.

    ``received = processed + superseded + refused + throttled + unwatched + inactive + failed +
    waiting``; `published` counts messages apart. Whoever changes it holds the camera's lock.

    Attributes:
        received: Frames that arrived.
        outcomes: Frames by outcome, one of OUTCOMES.
        refused: Frames that could not be used, by reason.
        waiting: Frames in the slot or under way.
        not_finite: Frames of those processed for which the network gave scores that are no numbers.
        published: Messages sent, by topic.
    """

    received: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    not_finite: int = 0
    published: Counter[str] = field(default_factory=Counter)

    def summary(self) -> Counter[str]:
        """Return what a camera is judged by: frames received, and what became of them."""
        return Counter(
            received=self.received,
            unusable=self.refused.total() + self.outcomes["failed"],
            superseded=self.outcomes["superseded"],
            unwatched=self.outcomes["unwatched"],
            not_finite=self.not_finite,
        )

    def values(self) -> dict[str, int]:
        """Return the account as the keys and values of a diagnostic status."""
        values = {"received": self.received}
        values.update({outcome: self.outcomes[outcome] for outcome in OUTCOMES})
        values["refused"] = self.refused.total()
        values.update({f"refused.{reason}": n for reason, n in sorted(self.refused.items())})
        values["waiting"] = self.waiting
        values["not_finite"] = self.not_finite
        values.update({f"published.{topic}": n for topic, n in sorted(self.published.items())})
        return values


class Window:
    """The last values of a quantity in milliseconds, for its percentiles."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=_WINDOW)

    def add(self, value_ms: float) -> None:
        """Take in a value."""
        self._values.append(value_ms)

    def percentiles(self) -> tuple[float, float] | None:
        """Return the median and the 99th percentile in milliseconds, None without values."""
        if not self._values:
            return None
        p50, p99 = np.percentile(list(self._values), (50, 99))
        return float(p50), float(p99)


class Rate:
    """Events a second over the last seconds of the steady clock."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=_WINDOW)

    def tick(self, now_s: float) -> None:
        """Note an event."""
        self._times_s.append(now_s)

    def hertz(self, now_s: float) -> float:
        """Return the rate over the last 5 s, or over fewer if that many events are kept."""
        while self._times_s and now_s - self._times_s[0] > _RATE_WINDOW_S:
            self._times_s.popleft()
        span_s = self._times_s[-1] - self._times_s[0] if self._times_s else 0.0
        return (len(self._times_s) - 1) / span_s if span_s else 0.0


def is_plausible_age(age_ms: float) -> bool:
    """Tell whether an age of a stamp can be one: not negative and under an hour."""
    return 0 <= age_ms <= _IMPLAUSIBLE_AGE_S * 1e3


def status(
    name: str, hardware_id: str, level: bytes, message: str, values: Mapping[str, object]
) -> DiagnosticStatus:
    """Build a diagnostic status; numbers are shown with as many digits as are read."""
    return DiagnosticStatus(
        name=name,
        hardware_id=hardware_id,
        level=level,
        message=message,
        values=[KeyValue(key=key, value=_shown(value)) for key, value in values.items()],
    )


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
