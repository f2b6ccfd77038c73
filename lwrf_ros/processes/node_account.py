# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The node's account of its frames, as it says it on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# The classes of lost frames, in the order in which the node may lose them.
LOSSES = ("superseded", "refused", "throttled", "unwatched", "inactive", "failed")
REASON_PREFIX = "refused."


@dataclass(frozen=True)
class Account:
    """Counts of the frames of one camera by outcome.

    Attributes:
        received: Frames that arrived.
        processed: Frames that were segmented.
        waiting: Frames that are still on their way.
        lost: Frames that were not segmented, by cause.
        reasons: Refused frames by reason.
    """

    received: int = 0
    processed: int = 0
    waiting: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Account:
        """Read the values of a camera's status; what is not there counts as 0.

        Args:
            values: Values by key.
        """
        return cls(
            received=_count(values, "received"),
            processed=_count(values, "processed"),
            waiting=_count(values, "waiting"),
            lost={name: _count(values, name) for name in LOSSES},
            reasons={
                key.removeprefix(REASON_PREFIX): _count(values, key)
                for key in values
                if key.startswith(REASON_PREFIX)
            },
        )

    def since(self, before: Account) -> Account:
        """Return what happened after an earlier account of the same node.

        Args:
            before: The earlier account, of which nothing was waiting.
        """

        def less(now: Mapping[str, int], then: Mapping[str, int]) -> dict[str, int]:
            return {name: count - then.get(name, 0) for name, count in now.items()}

        return Account(
            received=self.received - before.received,
            processed=self.processed - before.processed,
            waiting=self.waiting,
            lost=less(self.lost, before.lost),
            reasons=less(self.reasons, before.reasons),
        )

    @property
    def dropped(self) -> int:
        """Number of frames that arrived and were not segmented."""
        return sum(self.lost.values())

    @property
    def settled(self) -> bool:
        """True if every frame that arrived is accounted for and none is on its way."""
        return not self.waiting and self.received == self.processed + self.dropped

    def dropped_because(self) -> str:
        """Say why frames were dropped, for example ``superseded 3, refused 1 (encoding 1)``."""
        parts = []
        for name, count in self.lost.items():
            if not count:
                continue
            details = ", ".join(f"{reason} {n}" for reason, n in self.reasons.items() if n)
            parts.append(
                f"{name} {count} ({details})"
                if name == "refused" and details
                else f"{name} {count}"
            )
        return ", ".join(parts)


def _count(values: Mapping[str, str], key: str) -> int:
    try:
        return int(values.get(key, "0"))
    except ValueError:
        return 0
