# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How a soak went: growth, account and faults, as a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lwrf_ros.experiments.soak.samples import Growth
from lwrf_ros.node.health.diagnostics import OUTCOMES

# What memory may differ by between two moments of a node that does not leak: networks are built
# and given back, images are of all sizes.
_MEMORY_MIB = 48.0
_HANDLES = 4
_LIMITS = {
    "memory MiB": _MEMORY_MIB,
    "threads": _HANDLES,
    "descriptors": _HANDLES,
    "shared MiB": 160.0,
    "shared files": _HANDLES,
}
_END_S = 2.0


@dataclass(frozen=True)
class SoakReport:
    """The result of a soak.

    Attributes:
        seconds: How long it ran.
        growths: What the node's process held, at the begin and at the end.
        accounts: Where the frames went, by camera, over all of the node's configurations.
        checked: Number of accounts on /diagnostics that were added up.
        wrong: Those that did not add up, in words.
        faults: How often which was made.
        exit_code: Of the node after SIGINT.
        end_s: What its end took, in seconds.
    """

    seconds: float
    growths: list[Growth]
    accounts: Mapping[str, Counter[str]]
    checked: int
    wrong: list[str]
    faults: Counter[str]
    exit_code: int
    end_s: float

    @property
    def problems(self) -> list[str]:
        """Violated expectations, in words."""
        found = [f"an account does not add up: {text}" for text in self.wrong]
        found += [
            f"{growth.name} grew by {growth.grown:.1f}; wanted at most {_LIMITS[growth.name]:g}"
            for growth in self.growths
            if growth.grown > _LIMITS[growth.name]
        ]
        for camera, account in self.accounts.items():
            found += [
                f"{camera}: {account[key]} frames {key}" for key in ("failed",) if account[key]
            ]
        if self.exit_code:
            found.append(f"the node ended with code {self.exit_code}; wanted 0")
        if self.end_s > _END_S:
            found.append(f"the node took {self.end_s:.1f} s to end; wanted at most {_END_S:g}")
        return found

    def __str__(self) -> str:
        """Lay it out for a terminal, or for a page with fixed type."""
        lines = [f"{'the node holds':<16}{'begin':>10}{'end':>10}{'growth':>10}{'most':>10}"]
        lines += [
            f"{g.name:<16}{g.begin:>10.1f}{g.end:>10.1f}{g.grown:>+10.1f}{g.most:>10.1f}"
            for g in self.growths
        ]
        columns = ("received", *OUTCOMES, "refused", "waiting")
        lines += ["", f"{'camera':<10}" + "".join(f"{column:>11}" for column in columns)]
        total: Counter[str] = Counter()
        for account in self.accounts.values():
            total.update(account)
        for camera, account in (*self.accounts.items(), ("all", total)):
            lines.append(f"{camera:<10}" + "".join(f"{account[c]:>11}" for c in columns))
        reasons = [f"{k.partition('.')[2]} {n}" for k, n in sorted(total.items()) if "." in k]
        faults = [f"{name} {count}" for name, count in sorted(self.faults.items())]
        lines += [
            "",
            f"refused: {', '.join(reasons)}",
            f"faults: {', '.join(faults)}",
            f"{self.seconds:.0f} s; {self.checked} accounts added up, {len(self.wrong)} wrong; the "
            f"node ended with code {self.exit_code} in {self.end_s:.2f} s",
        ]
        return "\n".join([*lines, *(f"PROBLEM: {text}" for text in self.problems)])
