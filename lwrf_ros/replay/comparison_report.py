# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A comparison of two replays as text for people, as JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lwrf_ros.files import replace_file
from lwrf_ros.replay.comparison import Comparison, Limits
from lwrf_ros.replay.label_bag import FrameKey
from lwrf_ros.terminal.table import aligned

FORMAT = 1
COMPARISON_FILE = "comparison.json"
FRAMES_FILE = "frames.csv"
# What a comparison's folder holds, with the pictures of the changed frames.
WRITTEN = (COMPARISON_FILE, FRAMES_FILE, "changed_[0-9][0-9]_*.png")
# Of the frames that only one of the two has, so many are listed.
LISTED = 100


def as_json(
    comparison: Comparison, limits: Limits, pictures: Mapping[FrameKey, str]
) -> dict[str, Any]:
    """Return everything as a tree for JSON; what is not defined is None."""
    before, after = comparison.coverage()
    iou = comparison.matrix.iou()
    shares = [frame.equal for frame in comparison.frames]
    exceeded = comparison.exceeded(limits)
    return {
        "format": FORMAT,
        "golden": str(comparison.golden.folder),
        "current": str(comparison.current.folder),
        "limits": asdict(limits),
        "same": not exceeded,
        "exceeded": exceeded,
        "frames": {
            "compared": len(shares),
            "equal": sum(share == 1.0 for share in shares),
            "resized": comparison.resized,
            "missing": len(comparison.missing),
            "extra": len(comparison.extra),
            "missing_keys": [key._asdict() for key in comparison.missing[:LISTED]],
            "extra_keys": [key._asdict() for key in comparison.extra[:LISTED]],
        },
        "equal_pixels": {"mean": float(np.mean(shares)), "least": min(shares)},
        "classes": {
            name: {
                "golden_coverage": float(before[index]),
                "coverage": float(after[index]),
                "change": float(after[index] - before[index]),
                "iou": _number(float(iou[index])),
            }
            for index, name in enumerate(comparison.names)
        },
        "differences": differences(comparison),
        "most_changed": [
            {
                **one.change.key._asdict(),
                "equal": one.change.equal,
                "picture": pictures.get(one.change.key),
            }
            for one in comparison.worst
        ],
    }


def differences(comparison: Comparison) -> dict[str, list[Any]]:
    """Return settings and versions in which the two runs differ: by name, earlier and later."""
    found = {}
    golden, current = comparison.golden.record, comparison.current.record
    pairs = [(golden.settings, current.settings), (golden.versions, current.versions)]
    for before, after in pairs:
        for name in [*before, *(name for name in after if name not in before)]:
            if before.get(name) != after.get(name):
                found[name] = [before.get(name), after.get(name)]
    return found


def as_text(comparison: Comparison, limits: Limits, pictures: Mapping[FrameKey, str]) -> str:
    """Lay everything out for a terminal."""
    golden, current = comparison.golden, comparison.current
    lines = [f"golden   {golden.folder}", f"now      {current.folder}"]
    for name, (before, after) in differences(comparison).items():
        lines.append(f"         {name}: {_short(before)} → {_short(after)}")
    for bag in (golden, current):
        if not bag.record.complete:
            lines.append(f"         {bag.folder} is incomplete: its replay did not come to its end")
    shares = np.array([frame.equal for frame in comparison.frames])
    lines += [
        f"frames   {len(shares)} compared, {np.count_nonzero(shares == 1.0)} of them equal; "
        f"{len(comparison.missing)} missing, {len(comparison.extra)} extra",
        f"pixels   {shares.mean():.4%} equal on average, {shares.min():.4%} in the frame that "
        "changed most",
        "",
    ]
    before, after = comparison.coverage()
    rows = [["class", "golden", "now", "change", "IoU"]]
    for index, name in enumerate(comparison.names):
        iou = float(comparison.matrix.iou()[index])
        if before[index] or after[index]:
            change = f"{after[index] - before[index]:+.4%}"
            rows.append(
                [f"  {name}", f"{before[index]:.3%}", f"{after[index]:.3%}", change, f"{iou:.4f}"]
            )
    lines += aligned(rows)
    if comparison.worst:
        lines += ["", "changed most:"]
    for one in comparison.worst:
        key = one.change.key
        picture = f"  {pictures[key]}" if key in pictures else ""
        lines.append(f"  {key.topic} at {key.stamp_ns} ns: {1 - one.change.equal:.2%}{picture}")
    exceeded = comparison.exceeded(limits)
    lines += ["", "SAME within the limits" if not exceeded else "DIFFERENT:"]
    return "\n".join([*lines, *(f"  {text}" for text in exceeded)])


def write_files(
    folder: Path, comparison: Comparison, limits: Limits, pictures: Mapping[FrameKey, str]
) -> None:
    """Write ``comparison.json``, and ``frames.csv`` with every frame's share of equal pixels."""
    content = json.dumps(as_json(comparison, limits, pictures), indent=2, allow_nan=False)
    replace_file(folder / COMPARISON_FILE, f"{content}\n".encode())
    with (folder / FRAMES_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["topic", "stamp_ns", "repetition", "equal"])
        for frame in comparison.frames:
            writer.writerow([*frame.key, f"{frame.equal:.9f}"])


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:12]}…{text[-40:]}"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
