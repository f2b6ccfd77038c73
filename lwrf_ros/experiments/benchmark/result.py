# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Results of a contestant and of a case, before they become text, table or plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.ceilings import Ceilings
from lwrf_ros.experiments.benchmark.contestant_process import Lap, Memory, Ready
from lwrf_ros.experiments.benchmark.preparation import Prepared
from lwrf_ros.experiments.benchmark.timing import stage_medians_ms

_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2}


@dataclass
class Outcome:
    """One contestant in one case.

    Attributes:
        name: The contestant's.
        problem: Why it was not measured, empty if it was.
        failed: Whether that was a failure, not something that is missing.
        ready: What it said when its first labels were there.
        laps: Its calls.
        ahead_frames_per_s: Frames a second where each batch is submitted before the last one is
            collected; None for who cannot, or gains nothing.
        memory: Its peak memory.
        equal_labels: Share of pixels whose label is that of the plain float32 network.
    """

    name: str
    problem: str = ""
    failed: bool = False
    ready: Ready | None = None
    laps: list[Lap] = field(default_factory=list)
    ahead_frames_per_s: float | None = None
    memory: Memory | None = None
    equal_labels: float | None = None

    @property
    def measured(self) -> bool:
        """Whether there is anything to report."""
        return bool(self.laps) and not self.problem

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile of its calls in milliseconds."""
        return float(np.percentile([lap.total_ms for lap in self.laps], percent))

    def stages_ms(self) -> Mapping[str, float]:
        """Return the medians of its stages in milliseconds."""
        return stage_medians_ms(self.laps)

    def frames_per_s(self, batch: int) -> float:
        """Return frames a second, one call after the other."""
        return 1e3 * batch * len(self.laps) / sum(lap.total_ms for lap in self.laps)


@dataclass
class CaseResult:
    """All contestants in one case.

    Attributes:
        prepared: The case and what it is measured by.
        outcomes: One a contestant, in the order asked for.
        ceilings: The machine's, the better of before and after.
        seconds: How long the turns took.
    """

    prepared: Prepared
    outcomes: list[Outcome]
    ceilings: Ceilings
    seconds: float

    @property
    def setting(self) -> Setting:
        """The setting that the contestants were given."""
        return self.prepared.setting

    @property
    def gflop(self) -> float:
        """Arithmetic of the network for one call in 1e9 operations (a multiply-add is two)."""
        return 2 * self.prepared.multiply_adds * self.setting.case.batch / 1e9

    @property
    def least_bytes(self) -> int:
        """Bytes that one call cannot do without: images, labels, and the weights once."""
        case = self.setting.case
        pixels = case.image_size[0] * case.image_size[1]
        return 4 * pixels * case.batch + self.prepared.parameters * _BYTES[case.precision]

    @property
    def product_limit_ms(self) -> float:
        """Time of one call at the rate of the matrix product."""
        return 1e3 * self.gflop / self.ceilings.gflops[self.setting.case.precision]

    @property
    def copy_limit_ms(self) -> float:
        """Time of `least_bytes` at the rate of copying."""
        return self.least_bytes / self.ceilings.copy_gbs / 1e6

    def measured(self) -> list[Outcome]:
        """Return those that were measured."""
        return [one for one in self.outcomes if one.measured]

    def find(self, name: str) -> Outcome | None:
        """Return a contestant, if it was measured."""
        return next((one for one in self.measured() if one.name == name), None)

    def ratio(self, outcome: Outcome, to: str) -> float | None:
        """Return how many times as long a contestant's median is as that of another."""
        other = self.find(to)
        if other is None:
            return None
        return outcome.percentile_ms(50) / other.percentile_ms(50)
