# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Contestants take turns frame by frame, so that whatever the machine does meets all of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lwrf_ros.experiments.benchmark.contestant_process import Lap, ProcessError

# Thread pools spin for a while after their last task: the next contestant shall not share its
# cores with them.
SETTLE_S = 0.01
WARM_UP_CALLS = 3
# A turn is one call or, where calls are shorter, as many as take this long. The first of several
# is left out: what another process has left in the caches is no part of a camera's stream.
TURN_MS = 10.0
# A contestant that takes longer than the fastest skips turns, so that its time stays below this
# multiple of the fastest's: else a run would be spent on the slowest.
SLOW_SHARE = 2.0


class Runner(Protocol):
    """A callable that takes turns with others."""

    name: str

    def run(self, first: int, calls: int) -> list[Lap]:
        """Run so many batches, the first frame of which has this number."""


@dataclass
class Turns:
    """The result of taking turns.

    Attributes:
        laps: Of each runner, without those of the warm-up.
        failures: What went wrong with a runner, which then takes no further turns.
    """

    laps: dict[str, list[Lap]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def take_turns(
    runners: Sequence[Runner],
    batch: int,
    seconds: float,
    min_calls: int,
    progress: Callable[[float], object],
) -> Turns:
    """Let runners take turns until the time is over.

    Args:
        runners: Who takes part.
        batch: Frames of one call.
        seconds: How long; longer where somebody needs it for `min_calls`.
        min_calls: Calls that everyone has at least, beside the warm-up.
        progress: Told the seconds that have passed.
    """
    turns = Turns({runner.name: [] for runner in runners})
    calls: dict[str, int] = {}
    waiting = list(runners)

    def run(runner: Runner, count: int) -> list[Lap]:
        try:
            return runner.run(turn * batch, count)
        except ProcessError as error:
            turns.failures[runner.name] = str(error)
            waiting.remove(runner)
            return []

    turn = 0
    for runner in runners:
        if laps := run(runner, WARM_UP_CALLS):
            calls[runner.name] = _calls_in_a_turn(laps)
    started = time.monotonic()
    while waiting:
        # Another one begins each time: nobody always follows the same neighbour.
        shift = turn % len(waiting)
        spent_ms = {one.name: _sum_ms(turns.laps[one.name]) for one in waiting}
        for runner in waiting[shift:] + waiting[:shift]:
            if spent_ms[runner.name] > SLOW_SHARE * min(spent_ms.values()):
                continue
            time.sleep(SETTLE_S)
            count = calls[runner.name]
            turns.laps[runner.name] += run(runner, count)[min(1, count - 1) :]
        turn += 1
        passed = time.monotonic() - started
        progress(passed)
        fewest = min((len(turns.laps[one.name]) for one in waiting), default=0)
        if passed >= seconds and fewest >= min_calls:
            break
    return turns


def _calls_in_a_turn(warm_up: Sequence[Lap]) -> int:
    """Return 1, or more where a call is so short that several make a turn."""
    shortest_ms = min(lap.total_ms for lap in warm_up)
    count = math.ceil(TURN_MS / max(shortest_ms, 1e-3))
    return 1 if count == 1 else count + 1


def _sum_ms(laps: Sequence[Lap]) -> float:
    return sum(lap.total_ms for lap in laps)


def stage_medians_ms(laps: Sequence[Lap]) -> Mapping[str, float]:
    """Return the median of each stage that was measured."""
    names = {name for lap in laps for name in lap.stages_ms}
    return {
        name: float(np.median([lap.stages_ms.get(name, 0.0) for lap in laps])) for name in names
    }
