# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A plan in words: a line for each step, and the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lwrf_ros.segmentation.cpu.kernels.records import Activation, Kind, Prologue
from lwrf_ros.segmentation.cpu.planning.blocking import block_rows
from lwrf_ros.segmentation.cpu.planning.costs import Cost, cost
from lwrf_ros.segmentation.cpu.planning.steps import NO_CLAMP, Map, Step, Term

_HEAD = ("step", "what", "in", "out", "block", "read kB", "written kB", "M multiply-adds")
_TIMED_HEAD = ("ms", "GFLOP/s", "GB/s")
# Those of texts; numbers go to the right.
_TO_THE_LEFT = (1, 2, 3)
_KINDS = {
    Kind.IMAGE: "image to map",
    Kind.MULTIPLY: "product of maps",
    Kind.COPY: "copy",
    Kind.MEAN: "mean",
    Kind.LOGITS: "map to logits",
}
_PROLOGUES = {
    Prologue.MAX_POOL: "max pool",
    Prologue.MEAN_POOL: "mean pool",
    Prologue.DEPTHWISE: "depthwise",
}


def table(steps: Sequence[Step], threads: int = 1, seconds: Sequence[float] | None = None) -> str:
    """Lay out steps as a table.

    Args:
        steps: The steps.
        threads: Threads that go through them, which the rows a block depend on.
        seconds: How long each took, for three more columns.
    """
    costs = [cost(step) for step in steps]
    rows = [[*_HEAD, *(() if seconds is None else _TIMED_HEAD)]]
    times: Sequence[float | None] = seconds or [None] * len(costs)
    for number, (step, spent, taken) in enumerate(zip(steps, costs, times, strict=True)):
        texts = [str(number), step_name(step), _sources(step), _made(step)]
        block = str(block_rows(step, threads)) if step.terms else ""
        rows.append([*texts, block, *_cost(spent), *_rates(spent, taken)])
    total = sum(costs, Cost())
    rates = _rates(total, None if seconds is None else sum(seconds))
    rows.append(["", f"total of {len(steps)} steps", "", "", "", *_cost(total), *rates])
    return "\n".join(_aligned(rows))


def step_name(step: Step) -> str:
    """Return what a step does, in a few words."""
    if step.kind == Kind.ACTIVATE:
        name = Activation(step.details["function"]).name.lower().replace("_", " ")
    elif step.kind in _KINDS:
        name = _KINDS[step.kind]
    else:
        name = " + ".join(_term_name(term) for term in step.terms)
        if step.kind == Kind.WINOGRAD:
            name += " Winograd"
        if step.addend is not None:
            plain = step.addend.prologue == Prologue.DIRECT
            name += " + map" if plain else f" + {_term_name(step.addend)}"
    low, high = step.clamp
    return name if (low, high) == NO_CLAMP else f"{name}, clamp {low:g}..{high:g}"


def _term_name(term: Term) -> str:
    window = f"{term.kernel}x{term.kernel}" + (f"/{term.stride}" if term.stride > 1 else "")
    if term.prologue == Prologue.DIRECT:
        return window
    if term.prologue == Prologue.SUM:
        name = f"sum of {1 + len(term.more)}"
    elif term.prologue == Prologue.STRETCH:
        name = "stretch"
    else:
        name = f"{_PROLOGUES[term.prologue]} {window}"
    parts = ["1x1"] if term.expansion is not None else []
    parts += [name, *(["1x1"] if term.weights is not None else [])]
    return ", ".join(parts)


def _sources(step: Step) -> str:
    if step.kind == Kind.IMAGE:
        return "3x{}x{}".format(*step.made.size)
    # Those of one shape together, in the order of their first.
    counts = Counter(_shape(source) for source in step.sources())
    return " ".join(f"{n} of {shape}" if n > 1 else shape for shape, n in counts.items())


def _made(step: Step) -> str:
    if step.kind == Kind.LOGITS:
        return "{}x{}x{}".format(step.details["channels"], *step.made.size)
    return _shape(step.made)


def _shape(made: Map) -> str:
    return f"{made.size[0]}x{made.size[1]}x{made.channels}"


def _cost(spent: Cost) -> list[str]:
    kilobytes = (spent.read_bytes / 1e3, spent.written_bytes / 1e3)
    return [*(f"{value:.1f}" for value in kilobytes), f"{spent.multiply_adds / 1e6:.3f}"]


def _rates(spent: Cost, seconds: float | None) -> list[str]:
    if seconds is None:
        return []
    # A multiply-add is two operations.
    gflops = 2 * spent.multiply_adds / seconds / 1e9
    gigabytes = (spent.read_bytes + spent.written_bytes) / seconds / 1e9
    return [
        f"{seconds * 1e3:.3f}",
        f"{gflops:.1f}" if spent.multiply_adds else "",
        f"{gigabytes:.1f}",
    ]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if column in _TO_THE_LEFT else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
