# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Turns by hand: who runs when, what counts, and what becomes of one that fails."""

from __future__ import annotations

import pytest

from lwrf_ros.experiments.benchmark import timing
from lwrf_ros.experiments.benchmark.contestant_process import Lap, ProcessError
from lwrf_ros.experiments.benchmark.timing import stage_medians_ms, take_turns


class Scripted:
    """Takes the time it is told to take, and notes when it was asked."""

    def __init__(self, name: str, ms: float, order: list[str], fails_at: int = -1) -> None:
        self.name = name
        self.ms = ms
        self.order = order
        self.fails_at = fails_at
        self.asked: list[tuple[int, int]] = []

    def run(self, first: int, calls: int) -> list[Lap]:
        if len(self.asked) == self.fails_at:
            raise ProcessError("out of luck")
        self.asked.append((first, calls))
        self.order.append(self.name)
        # The first of several calls is slow: another process was there before.
        return [Lap(self.ms * (5 if calls > 1 and n == 0 else 1), {}) for n in range(calls)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "SETTLE_S", 0.0)


def turns_of(*runners: Scripted, min_calls: int, batch: int = 1) -> timing.Turns:
    return take_turns(runners, batch, 1e-9, min_calls, lambda passed: None)


def test_one_frame_a_turn_and_another_begins_each_time() -> None:
    order: list[str] = []
    a, b, c = (Scripted(name, 20.0, order) for name in "abc")
    turns = turns_of(a, b, c, min_calls=3, batch=2)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"
    assert {name: len(laps) for name, laps in turns.laps.items()} == {"a": 3, "b": 3, "c": 3}
    # The warm-up, then the frames of each turn.
    assert a.asked == [(0, timing.WARM_UP_CALLS), (0, 1), (2, 1), (4, 1)]
    assert turns.failures == {}


def test_a_slow_one_skips_turns() -> None:
    order: list[str] = []
    fast, slow = Scripted("fast", 20.0, order), Scripted("slow", 200.0, order)
    turns = turns_of(fast, slow, min_calls=3)
    # It may begin when it has spent no more than twice what the fastest has: its 200 ms allow it
    # a second turn after five of the other, and its 400 ms a third after ten.
    assert "".join(name[0] for name in order[2:]) == "fs" + "ffff" + "sf" + "ffff" + "fs"
    assert {name: len(laps) for name, laps in turns.laps.items()} == {"fast": 11, "slow": 3}


def test_short_calls_come_several_at_a_time_and_the_first_does_not_count() -> None:
    quick = Scripted("quick", 2.0, [])
    turns = turns_of(quick, min_calls=10)
    # 10 ms make 5 calls, and one before them.
    assert quick.asked[1:] == [(0, 6), (1, 6)]
    assert [lap.total_ms for lap in turns.laps["quick"]] == [2.0] * 10


@pytest.mark.parametrize("fails_at", [0, 2])
def test_one_that_fails_takes_no_more_turns(fails_at: int) -> None:
    order: list[str] = []
    sound, broken = Scripted("sound", 20.0, order), Scripted("broken", 20.0, order, fails_at)
    turns = turns_of(sound, broken, min_calls=4)
    assert turns.failures == {"broken": "out of luck"}
    assert len(turns.laps["sound"]) == 4
    assert len(broken.asked) == fails_at


def test_nobody_left_is_an_end() -> None:
    assert turns_of(Scripted("broken", 1.0, [], 0), min_calls=4).laps == {"broken": []}
    assert turns_of(min_calls=4).laps == {}


def test_the_time_is_kept() -> None:
    told: list[float] = []
    take_turns([Scripted("a", 20.0, [])], 1, 0.02, 1, told.append)
    assert told[-1] >= 0.02
    assert all(passed < 0.02 for passed in told[:-1])


def test_stages_have_medians_and_one_left_out_counts_as_nothing() -> None:
    laps = [Lap(9, {"network": 5.0}), Lap(9, {"network": 7.0, "tail": 1.0}), Lap(9, {"network": 6})]
    assert stage_medians_ms(laps) == {"network": 6.0, "tail": 0.0}
