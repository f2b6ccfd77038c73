# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Judgements of a replay: its comparison with an earlier one, its scores against the truth."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.replay.compare_command import FOLDER as COMPARISON_FOLDER
from lwrf_ros.replay.comparison_report import COMPARISON_FILE, FRAMES_FILE
from lwrf_ros.replay.ground_truth import SCORES_FILE
from lwrf_ros.replay.report.reading import CameraRun, ReportError

FORMAT = 1
_AGAIN = "compare again with this version"


@dataclass(frozen=True, eq=False)
class Comparison:
    """A comparison with an earlier replay.

    Attributes:
        folder: Where it lies.
        content: comparison.json.
        equal: Share of pixels with the same label by input topic, stamp and how many frames of the
            topic before had that stamp.
    """

    folder: Path
    content: dict[str, Any]
    equal: dict[tuple[str, int, int], float]

    def of(self, camera: CameraRun) -> NDArray[np.float64]:
        """Return ``(m,)``: the share of each of a camera's frames with labels; NaN for none."""
        seen: Counter[int] = Counter()
        shares = []
        for place in camera.processed:
            row = camera.rows[place]
            key = (row.topic, row.stamp_ns, seen[row.stamp_ns])
            seen[row.stamp_ns] += 1
            shares.append(self.equal.get(key, np.nan))
        return np.array(shares, dtype=np.float64)

    def pictures(self) -> list[tuple[str, Path]]:
        """Return the pictures of the frames that changed most: what they show, and the file."""
        found = []
        for one in self.content["most_changed"]:
            if one.get("picture"):
                changed = f"{1 - one['equal']:.2%} of the pixels have another class"
                found.append(
                    (
                        f"{one['topic']}, stamp {one['stamp_ns']} ns: {changed}",
                        self.folder / one["picture"],
                    )
                )
        return found


def read_comparison(replay: Path, folder: Path | None) -> Comparison | None:
    """Read the comparison of a replay.

    Args:
        replay: The replay's output.
        folder: Of the comparison; None takes the one in the replay's output, if there is any.

    Raises:
        ReportError: If there is none where one was named, it is of another replay, or damaged.
    """
    place = folder or replay / COMPARISON_FOLDER
    if not (place / COMPARISON_FILE).is_file():
        if folder is None:
            return None
        raise ReportError(
            f"{folder} has no {COMPARISON_FILE}; give the folder that lwrf compare -o wrote"
        )
    content = _read(place / COMPARISON_FILE)
    if folder is not None and Path(content["current"]).resolve() != replay.resolve():
        raise ReportError(
            f"{folder} compares {content['current']}, and the report is of {replay}; {_AGAIN}"
        )
    path = place / FRAMES_FILE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            equal = {
                (row["topic"], int(row["stamp_ns"]), int(row["repetition"])): float(row["equal"])
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportError(f"cannot read {path}: {error}; {_AGAIN}") from error
    return Comparison(place, content, equal)


def read_scores(replay: Path) -> dict[str, Any]:
    """Return the scores against ground truth by input topic; none where nothing was scored.

    Raises:
        ReportError: If the file is damaged or of another version.
    """
    path = replay / SCORES_FILE
    if not path.is_file():
        return {}
    return dict(_read(path)["cameras"])


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"cannot read {path}: {error}; {_AGAIN}") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise ReportError(f"{path} has the format {found!r}, wanted {FORMAT}; {_AGAIN}")
    return dict(content)
