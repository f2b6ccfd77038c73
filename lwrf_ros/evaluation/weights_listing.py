# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf weights`` to a list, or to one whole card."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lwrf_ros.errors import LwrfError
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.terminal.table import aligned
from lwrf_ros.weights.choice import find_file
from lwrf_ros.weights.summary import Summary, rows_of, summaries, summarise

if TYPE_CHECKING:
    from lwrf_ros.evaluation.frame_time import FrameTime

_TITLES = ("weights", "classes", "licence", "parameters", "size", "input")
_LABEL_WIDTH = 16


def show_weights(arguments: argparse.Namespace) -> int:
    """Print what the arguments ask for, and return the exit code."""
    found = [_one(arguments.name)] if arguments.name else summaries()
    times = _times(found, arguments.device) if arguments.time else [None] * len(found)
    if arguments.json:
        entries = [_as_json(*pair) for pair in zip(found, times, strict=True)]
        whole = {**entries[0], "card": dict(found[0].card)} if arguments.name else entries
        text = json.dumps(whole, indent=2, allow_nan=False)
    elif arguments.name:
        text = card_as_text(found[0], times[0])
    else:
        text = list_as_text(found, times)
    print(text, flush=True)
    return 0


def list_as_text(found: Sequence[Summary], times: Sequence[FrameTime | None]) -> str:
    """Lay out all weights as a table, with their scores below it."""
    if not found:
        return "no weights came with this installation"
    lines = aligned([_TITLES, *map(_row, found)])
    for one, time in zip(found, times, strict=True):
        notes = [f"problem: {one.problem}"] if one.problem else []
        notes += [str(score) for score in one.scores]
        notes += [f"a frame: {time}"] if time else []
        lines += ["", one.path.stem, *(f"  {note}" for note in notes or ["no scores are known"])]
    names = ", ".join(one.short_name or one.path.stem for one in found)
    lines += ["", f"`lwrf weights NAME` shows all that is known of one; the names are: {names}"]
    return "\n".join(lines)


def card_as_text(one: Summary, time: FrameTime | None) -> str:
    """Lay out all that is known of weights: in short, by class, the rest of the card, its text."""
    rows = rows_of(one.as_json()) + ([("a frame", str(time))] if time else [])
    lines = [str(one.path), *(f"  {name:<{_LABEL_WIDTH}} {text}" for name, text in rows)]
    for score in one.scores:
        if score.classes:
            lines += ["", f"{score.metric} by class on {score.data}"]
            cells = [(f"  {name}", f"{value:.3f}") for name, value in score.classes.items()]
            lines += aligned(cells)
    if one.class_names:
        lines += ["", "classes by index", f"  {', '.join(one.class_names)}"]
    lines += ["", "all entries of the file's card"]
    lines += [f"  {key:<{_LABEL_WIDTH}} {one.card[key]}" for key in sorted(one.card)]
    text = one.path.with_suffix(".md")
    if text.is_file():
        lines += ["", "-" * 80, text.read_text(encoding="utf-8").rstrip()]
    return "\n".join(lines)


def _one(name: str) -> Summary:
    path = find_file(name)
    if not path.is_file():
        raise LwrfError(f"there is no weights file {path}; check the path")
    return summarise(path)


def _row(one: Summary) -> tuple[str, ...]:
    known = dict(rows_of(one.as_json()))
    return (
        one.path.stem,
        *(known.get(name, "?") for name in ("classes", "licence", "parameters", "size", "input")),
    )


def _times(found: Sequence[Summary], device: str) -> list[FrameTime | None]:
    # Only here: a list needs no torch.
    from lwrf_ros.evaluation.frame_time import measure_frame_time

    with progress_bar("measuring", len(found), in_logs=False, unit="weights") as bar:
        times: list[FrameTime | None] = []
        for one in found:
            times.append(measure_frame_time(one.path, device))
            bar.update()
        return times


def _as_json(one: Summary, time: FrameTime | None) -> dict[str, Any]:
    return one.as_json() | ({"frame_time": time.as_json()} if time else {})
