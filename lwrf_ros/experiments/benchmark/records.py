# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A benchmark for programs: as a tree for JSON, and a row a contestant for CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lwrf_ros.experiments.benchmark.peers import OURS
from lwrf_ros.experiments.benchmark.peers.peer import STAGES
from lwrf_ros.experiments.benchmark.result import CaseResult, Outcome

PERCENTILES = (50, 90, 99)


def as_json(about: Mapping[str, Any], results: Sequence[CaseResult]) -> dict[str, Any]:
    """Return everything as a tree for JSON; what was not measured is None.

    Args:
        about: Date, command, machine, and whatever else is no case.
        results: One a case.
    """
    return {
        **about,
        "cases": [
            {
                **_case(result),
                "ceilings": asdict(result.ceilings),
                "product_limit_ms": result.product_limit_ms,
                "copy_limit_ms": result.copy_limit_ms,
                "turns_s": result.seconds,
                "around_the_network_ms": result.prepared.tries_ms,
                "contestants": [_contestant(result, one) for one in result.outcomes],
            }
            for result in results
        ],
    }


def write_csv(path: Path, results: Sequence[CaseResult]) -> None:
    """Write one row for each contestant of each case; what was not measured is empty."""
    rows = [row for result in results for row in _rows(result)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _rows(result: CaseResult) -> Iterator[dict[str, Any]]:
    for outcome in result.outcomes:
        contestant = _contestant(result, outcome)
        stages = contestant.pop("stages_ms")
        yield {
            **_case(result),
            **contestant,
            **{f"{stage.replace(' ', '_')}_ms": stages.get(stage) for stage in STAGES},
        }


def _case(result: CaseResult) -> dict[str, Any]:
    setting = result.setting
    case = setting.case
    return {
        "backbone": case.backbone,
        "decoder": case.decoder,
        "num_classes": setting.num_classes,
        "weights": result.prepared.weights,
        "image_width": case.image_size[1],
        "image_height": case.image_size[0],
        "input_width": case.input_size[1],
        "input_height": case.input_size[0],
        "device": case.device,
        "precision": case.precision,
        "batch": case.batch,
        "threads": case.threads,
        "gflop": result.gflop,
    }


def _contestant(result: CaseResult, one: Outcome) -> dict[str, Any]:
    measured = one.measured
    stages = dict(one.stages_ms()) if measured else {}
    median = one.percentile_ms(50) if measured else None
    network = stages.get("network")
    limit = result.product_limit_ms
    return {
        "contestant": one.name,
        "status": "measured" if measured else "failed" if one.failed else "unmeasured",
        "problem": one.problem,
        "description": one.ready.description if one.ready else None,
        "calls": len(one.laps),
        **{f"p{p}_ms": one.percentile_ms(p) if measured else None for p in PERCENTILES},
        "times_ours": result.ratio(one, OURS) if measured else None,
        "frames_per_s": one.frames_per_s(result.setting.case.batch) if measured else None,
        "ahead_frames_per_s": one.ahead_frames_per_s,
        "of_product": limit / median if median else None,
        "network_of_product": limit / network if network else None,
        "of_copy": result.copy_limit_ms / median if median else None,
        "start_up_s": one.ready.start_up_s if one.ready else None,
        "configure_s": one.ready.configure_s if one.ready else None,
        "peak_memory_mib": one.memory.host_mib if one.memory else None,
        "peak_device_memory_mib": one.memory.device_mib if one.memory else None,
        "equal_labels": one.equal_labels,
        "stages_ms": stages,
    }
