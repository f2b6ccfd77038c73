# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How often a bag that is being written becomes a whole one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.recordings.bags import bag_writer
from lwrf_ros.recordings.bags.bag_writer import BagWriter


class Clock:
    """Takes the place of the module `time`, and goes on a little with every look at it.

    Args:
        step_s: How much.
    """

    def __init__(self, step_s: float) -> None:
        self.now_s, self.step_s = 100.0, step_s

    def monotonic(self) -> float:
        self.now_s += self.step_s
        return self.now_s


@pytest.mark.parametrize(
    ("took_s", "pause_s"),
    [
        (0.0, 2.0),
        (0.02, 2.0),  # of two seconds a hundredth
        (0.5, 25.0),  # no more than a fiftieth of the time goes into checkpoints
    ],
)
def test_two_seconds_between_checkpoints_or_fifty_times_what_one_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, took_s: float, pause_s: float
) -> None:
    clock = Clock(took_s)
    monkeypatch.setattr(bag_writer, "time", clock)
    writer = BagWriter(tmp_path)
    ended_s, clock.step_s = clock.now_s, 0.0
    clock.now_s = ended_s + pause_s - 0.01
    assert not writer.checkpoint_is_due
    clock.now_s = ended_s + pause_s + 0.01
    assert writer.checkpoint_is_due
    writer.close()
