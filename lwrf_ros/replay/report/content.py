# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Data of a page for its script: everything but the pictures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED_NAME
from lwrf_ros.replay.report.reading import CameraRun
from lwrf_ros.replay.report.worst import WorstFrame
from lwrf_ros.replay.run_record import PROCESSED, RunRecord

UNLABELLED_COLOUR = [150, 150, 150]
# Points of a plot times its classes; more is no longer seen apart and makes the page slow.
_MOST_VALUES = 60_000
_MOST_REFUSED = 300
_BINS = 40


def run_content(
    record: RunRecord,
    folder: Path,
    cameras: list[dict[str, Any]],
    comparison: dict[str, Any] | None,
) -> dict[str, Any]:
    """Describe the whole run.

    Args:
        record: The run's record.
        folder: Its output folder.
        cameras: One `camera_content` each.
        comparison: What a comparison with an earlier run says, None if there is none.
    """
    names = class_names(record)
    colours = [*record.colours, UNLABELLED_COLOUR]
    return {
        "title": Path(record.input).name or record.input,
        "input": record.input,
        "output": str(folder),
        "complete": record.complete,
        "wall_s": round(record.wall_s, 3),
        "classes": [
            {"name": name, "colour": colour} for name, colour in zip(names, colours, strict=True)
        ],
        "faults": dict(record.faults),
        "settings": record.settings,
        "versions": record.versions,
        "comparison": comparison,
        "cameras": cameras,
    }


def class_names(record: RunRecord) -> list[str]:
    """Return the names of the classes as the coverage has them, unlabelled last."""
    return [*record.class_names, UNLABELLED_NAME]


def camera_content(
    camera: CameraRun,
    places: list[int],
    worst: list[WorstFrame],
    worst_title: str,
    equal: NDArray[np.float64] | None = None,
    scores: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe one camera.

    Args:
        camera: The camera.
        places: Which of its frames with labels have a picture on the page.
        worst: Frames to look at first; each has a picture.
        worst_title: How those were chosen, in a sentence.
        equal: ``(m,)`` share of pixels with the label of an earlier run, NaN where that has no such
            frame; None without a comparison.
        scores: Against ground truth, None without one.
    """
    outcomes = Counter(row.outcome for row in camera.rows)
    rows = camera.processed[places]
    return {
        "label": camera.label,
        "topic": camera.topics.topic,
        "axis": camera.axis,
        "read": len(camera.rows),
        "processed": outcomes.pop(PROCESSED, 0),
        "refused_by_reason": dict(outcomes.most_common()),
        "refused": _refused(camera),
        "series": _series(camera),
        "mean": _percent(camera.coverage.mean(axis=0)) if len(camera.coverage) else [],
        "equal": _equal(camera, equal),
        "scores": scores,
        "latency": _latency(camera.engine_ms),
        "frames": {
            "time": _rounded(camera.times[rows], 4),
            "number": [camera.rows[row].index for row in rows],
            "stamp": [str(camera.rows[row].stamp_ns) for row in rows],
            "engine_ms": _rounded(camera.engine_ms[places], 2),
            "coverage": [_percent(camera.coverage[place]) for place in places],
        },
        "worst": {
            "title": worst_title,
            "frames": [[places.index(one.place), one.text] for one in worst],
        },
    }


def _series(camera: CameraRun) -> dict[str, Any]:
    """Return the coverage over time by class, as means of neighbours where it is too long."""
    times, coverage = camera.times[camera.processed], camera.coverage
    if not len(coverage):
        return {"time": [], "values": [], "each": 1}
    points = max(2, _MOST_VALUES // coverage.shape[1])
    each = -(-len(coverage) // points)
    if each > 1:
        starts = np.arange(0, len(coverage), each)
        counts = np.diff([*starts, len(coverage)])
        coverage = np.add.reduceat(coverage, starts) / counts[:, None]
        times = np.add.reduceat(times, starts) / counts
    return {
        "time": _rounded(times, 4),
        "values": [_percent(column) for column in coverage.T],
        "each": int(each),
    }


def _equal(camera: CameraRun, equal: NDArray[np.float64] | None) -> dict[str, Any] | None:
    """Return the share of equal pixels over time, of every few frames the least."""
    if equal is None:
        return None
    known = np.flatnonzero(~np.isnan(equal))
    if not len(known):
        return {"time": [], "values": [], "each": 1}
    each = -(-len(known) // (_MOST_VALUES // 10))
    starts = np.arange(0, len(known), each)
    return {
        "time": _rounded(camera.times[camera.processed[known]][starts], 4),
        "values": _rounded(100.0 * np.minimum.reduceat(equal[known], starts), 4),
        "each": int(each),
    }


def _latency(engine_ms: NDArray[np.float64]) -> dict[str, Any] | None:
    """Return a histogram of the times in the engine, None if there are none."""
    if not len(engine_ms):
        return None
    p50, p99 = np.percentile(engine_ms, [50, 99])
    # The few that took very long go into the last bin: else they would squeeze all others.
    low, high = float(engine_ms.min()), max(float(engine_ms.min()) + 1e-3, float(1.5 * p99))
    high = min(high, max(low + 1e-3, float(engine_ms.max())))
    counts, edges = np.histogram(np.minimum(engine_ms, high), bins=_BINS, range=(low, high))
    return {
        "edges": _rounded(edges, 3),
        "counts": counts.tolist(),
        "p50": round(float(p50), 2),
        "p99": round(float(p99), 2),
        "mean": round(float(engine_ms.mean()), 2),
        "max": round(float(engine_ms.max()), 2),
    }


def _refused(camera: CameraRun) -> dict[str, Any]:
    places = [place for place, row in enumerate(camera.rows) if row.outcome != PROCESSED]
    shown = places[:_MOST_REFUSED]
    return {
        "time": _rounded(camera.times[shown], 4) if shown else [],
        "number": [camera.rows[place].index for place in shown],
        "reason": [camera.rows[place].outcome for place in shown],
        "total": len(places),
    }


def _percent(fractions: NDArray[np.float64]) -> list[float]:
    return _rounded(100.0 * fractions, 3)


def _rounded(values: NDArray[np.float64], digits: int) -> list[float]:
    return [float(value) for value in np.round(values, digits)]
