# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A benchmark as a picture: where each contestant's time goes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lwrf_ros.experiments.benchmark.peers.peer import STAGES
from lwrf_ros.experiments.benchmark.result import CaseResult, Outcome

COLOURS = ("#8d5a97", "#3a7d44", "#0b5fa5", "#d98324", "#6b6b6b")
WIDTH_INCHES = 9.0
ROW_INCHES = 0.42
CASE_INCHES = 1.5
# Of a line of text as wide as the picture.
LETTERS = 105


def plot_benchmark(path: Path, about: str, results: Sequence[CaseResult]) -> None:
    """Draw a panel for each case: the stages of each contestant, its median, and its p99.

    Args:
        path: The PNG to write.
        about: When and on what, in lines of words.
        results: One a case; those in which nobody was measured are left out.
    """
    shown = [result for result in results if result.measured()]
    rows = [len(result.measured()) for result in shown]
    note = [part for line in about.splitlines() for part in textwrap.wrap(line, LETTERS)]
    height = sum(rows) * ROW_INCHES + len(shown) * CASE_INCHES + 0.2 * len(note) + 0.2
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(len(shown), 1, squeeze=False, height_ratios=[n + 2 for n in rows])
    for axes, result in zip(panels[:, 0], shown, strict=True):
        _panel(axes, result)
    panels[0, 0].legend(loc="lower right", fontsize=8, frameon=False)
    figure.supxlabel("\n".join(note), fontsize=7, ha="left", x=0.01, color="0.35")
    canvas.print_png(str(path))  # type: ignore[no-untyped-call]


def _panel(axes: Axes, result: CaseResult) -> None:
    outcomes = result.measured()
    for place, one in enumerate(outcomes):
        _bar(axes, place, one)
    axes.axvline(
        result.product_limit_ms, color="#d1495b", linestyle="--", linewidth=1, label="limit"
    )
    axes.set_yticks(range(len(outcomes)), [one.name for one in outcomes])
    axes.invert_yaxis()
    axes.set_xlim(left=0, right=1.18 * max(one.percentile_ms(99) for one in outcomes))
    axes.set_xlabel("ms a call: stages at their medians, ◆ median and ┤ p99 of the whole")
    axes.set_title(result.setting.case.title, fontsize=10, loc="left")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _bar(axes: Axes, place: int, one: Outcome) -> None:
    stages = one.stages_ms()
    left = 0.0
    for stage, colour in zip(STAGES, COLOURS, strict=True):
        width = stages.get(stage, 0.0)
        # One legend entry a stage: those of the first bar.
        label = stage if place == 0 else f"_{stage}"
        axes.barh(place, width, left=left, height=0.6, color=colour, label=label)
        left += width
    median, late = one.percentile_ms(50), one.percentile_ms(99)
    axes.plot([median, late], [place, place], color="black", linewidth=1)
    axes.plot(late, place, "|", color="black", markersize=9)
    axes.plot(median, place, "D", color="black", markersize=4)
    axes.annotate(f"{median:.1f}", (late, place), (6, 0), textcoords="offset points", va="center")
