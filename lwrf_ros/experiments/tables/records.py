# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The tables for programs: paper and measurement beside each other as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lwrf_ros.experiments.tables import measured_scores as scores
from lwrf_ros.experiments.tables import runtime
from lwrf_ros.experiments.tables.paper import RUNTIME_SIZE, SCORED, TABLES, Row
from lwrf_ros.experiments.tables.results import Results


def as_json(about: Mapping[str, Any], results: Results) -> dict[str, Any]:
    """Return everything as a tree for JSON; what there is not is None."""
    return {
        **about,
        "runtime_includes": runtime.INCLUDES,
        "mean_iou_is": scores.INCLUDES,
        "tables": {
            str(number): [_row(number, row, results) for row in TABLES[number]]
            for number in results.tables
        },
        "scores": [
            {"backbone": network.backbone, "decoder": network.decoder, "data_set": name}
            | {**asdict(one), "mean_iou": None if math.isnan(one.mean_iou) else one.mean_iou}
            for (network, name), one in results.scores.items()
        ],
    }


def _row(number: int, row: Row, results: Results) -> dict[str, Any]:
    counts = results.counts[row.network]
    found: dict[str, Any] = {
        "title": row.title,
        "backbone": row.network.backbone,
        "decoder": row.network.decoder,
        "parameters": {"paper_millions": row.parameters_m, "here": counts.parameters},
        "operations": {"paper_thousand_millions": row.operations_g, "here": counts.operations},
        "mean_iou": {name: _score(row, name, results) for name in SCORED[number]},
    }
    if number == 2:
        found["paper_frames_per_s_512x512"] = row.frames_per_s
        found["runtime"] = {
            f"{size[1]}x{size[0]}": {
                "paper_ms": row.runtime._asdict() if size == RUNTIME_SIZE and row.runtime else None,
                "here_ms": _passes(results, row, size),
                "times_as_fast_as_original": results.speed_up(row.network, size),
            }
            for size in results.sizes
        }
    return found


def _score(row: Row, name: str, results: Results) -> dict[str, Any]:
    paper = row.mean_iou.get(name)
    here = results.scores.get((row.network, name))
    return {
        "paper_percent": paper.percent if paper else None,
        "paper_multi_scale": paper.multi_scale if paper else None,
        "here_percent": 100 * here.mean_iou if here and not math.isnan(here.mean_iou) else None,
        "images": here.frames if here else None,
    }


def _passes(results: Results, row: Row, size: tuple[int, int]) -> dict[str, Any] | None:
    found = results.passes.get((row.network, size))
    if found is None:
        return None
    return {
        "mean": found.mean_ms,
        "std": found.std_ms,
        "median": found.median_ms,
        "passes": len(found.times_ms),
        "each": [round(value, 3) for value in found.times_ms],
    }
