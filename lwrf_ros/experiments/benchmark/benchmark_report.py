# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A benchmark as text for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lwrf_ros.experiments.benchmark.ceilings import Ceilings
from lwrf_ros.experiments.benchmark.peers import AUTHORS, OURS
from lwrf_ros.experiments.benchmark.peers.peer import STAGES
from lwrf_ros.experiments.benchmark.result import CaseResult, Outcome
from lwrf_ros.machine.about import origin_as_text
from lwrf_ros.terminal.table import aligned


def about_as_text(about: Mapping[str, Any], ceilings: Ceilings) -> str:
    """Say when and on what this was measured, and what that can do at best."""
    products = ", ".join(
        f"{value:.0f} GFLOP/s in {name}" for name, value in ceilings.gflops.items()
    )
    link = "" if ceilings.link_gbs is None else f"; host to GPU {ceilings.link_gbs:.1f} GB/s"
    return (
        f"{origin_as_text(about)}\n"
        f"ceilings  matrix product {products}; copy {ceilings.copy_gbs:.1f} GB/s{link}"
    )


def case_as_text(result: CaseResult) -> str:
    """Lay a case out as two tables, a contestant a row, and what is to be said beside them."""
    case = result.setting.case
    measured = result.measured()
    lines = [
        case.title,
        f"  {result.setting.num_classes} classes, weights: {result.prepared.weights}",
        f"  {result.gflop:.2f} GFLOP a call: not below {result.product_limit_ms:.1f} ms "
        f"at the matrix product's rate; {result.least_bytes / 1e6:.1f} MB: not below "
        f"{result.copy_limit_ms:.2f} ms at the copy's",
        "",
    ]
    if measured:
        lines += aligned([_WHOLE, *(_whole(result, one) for one in measured)])
        lines += ["", "  median ms of each stage"]
        lines += aligned([["", *STAGES], *(_stages(one) for one in measured)])
        lines += [""]
    lines += [f"  {text}" for text in _comparison(result)]
    lines += [
        f"  {one.name}: {one.ahead_frames_per_s:.1f} frames/s when each call is submitted before "
        "the one before it is collected"
        for one in measured
        if one.ahead_frames_per_s
    ]
    lines += [f"  {one.name}: {one.ready.description}" for one in measured if one.ready]
    lines += [
        f"  {one.name} {'failed' if one.failed else 'unmeasured'}: {_last_line(one.problem)}"
        for one in result.outcomes
        if not one.measured
    ]
    return "\n".join(lines)


_WHOLE = ["", "calls", "p50 ms", "p90", "p99", "x ours", "frames/s", "of limit", "start s"]
_WHOLE += ["MiB", "same labels"]


def _whole(result: CaseResult, one: Outcome) -> list[str]:
    ratio = result.ratio(one, OURS)
    p50 = one.percentile_ms(50)
    rate = one.frames_per_s(result.setting.case.batch)
    memory = one.memory
    on_device = "" if memory is None or memory.device_mib is None else f"+{memory.device_mib:.0f}"
    return [
        f"  {one.name}",
        str(len(one.laps)),
        _ms(p50),
        _ms(one.percentile_ms(90)),
        _ms(one.percentile_ms(99)),
        "-" if ratio is None else f"{ratio:.2f}",
        f"{rate:.1f}",
        f"{100 * result.product_limit_ms / p50:.0f} %",
        "-" if one.ready is None else f"{one.ready.start_up_s:.1f}",
        "-" if memory is None else f"{memory.host_mib:.0f}{on_device}",
        "-" if one.equal_labels is None else f"{100 * one.equal_labels:.3f} %",
    ]


def _stages(one: Outcome) -> list[str]:
    stages = one.stages_ms()
    return [f"  {one.name}", *(_ms(stages[name]) if name in stages else "-" for name in STAGES)]


def _comparison(result: CaseResult) -> list[str]:
    """Say how much faster ours is than the authors' way, and than the best of the others."""
    others = [one for one in result.measured() if one.name not in (OURS, AUTHORS)]
    against = [one for one in (result.find(AUTHORS),) if one is not None]
    if others:
        against.append(min(others, key=lambda one: one.percentile_ms(50)))
    texts = []
    for one in against:
        ratio = result.ratio(one, OURS)
        which = "" if one.name == AUTHORS else ", the fastest of the others"
        if ratio is not None:
            texts.append(f"{OURS} is {ratio:.2f} times as fast as {one.name}{which}")
    return texts


def _ms(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1]
