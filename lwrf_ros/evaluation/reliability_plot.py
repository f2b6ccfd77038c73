# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Confidence against accuracy as a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lwrf_ros.evaluation.calibration import BINS, Reliability

COLOURS = ("#0b5fa5", "#d1495b", "#3a7d44", "#8d5a97")
# A bin with less than this of the pixels is drawn faint and by itself: it may be chance.
MIN_SHARE = 0.001
WIDTH_INCHES = 7.2
# Of the title, in a line.
LETTERS = 76


def plot_reliability(path: Path, title: str, curves: Mapping[str, Reliability]) -> None:
    """Draw accuracy over confidence, and below how often each confidence is given.

    Args:
        path: The PNG to write.
        title: Line above the plot.
        curves: What was counted, by the name for the legend.
    """
    figure = Figure(figsize=(WIDTH_INCHES, 8.6), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1]})
    upper.plot([0, 1], [0, 1], color="0.45", linestyle="--", linewidth=1, label="as it should be")
    edges = np.linspace(0, 1, BINS + 1)
    for colour, (name, reliability) in zip(COLOURS, curves.items(), strict=False):
        bins = reliability.bins()
        solid, faint = bins.share >= MIN_SHARE, (bins.share > 0) & (bins.share < MIN_SHARE)
        label = f"{name}: calibration error {reliability.ece():.4f}"
        upper.plot(bins.confidence[solid], bins.accuracy[solid], "o-", color=colour, label=label)
        upper.plot(bins.confidence[faint], bins.accuracy[faint], "o", color=colour, alpha=0.25)
        lower.stairs(100 * bins.share, edges, color=colour, fill=len(curves) == 1, linewidth=1.5)
    upper.set_ylabel("accuracy: fraction of the pixels that is right")
    upper.set_xlim(0, 1)
    upper.set_ylim(-0.01, 1.01)
    upper.legend(loc="upper left", frameon=False)
    upper.set_title(textwrap.fill(title, LETTERS), fontsize=12, loc="left")
    lower.set_xlabel("confidence")
    lower.set_ylabel("share of the pixels (%)")
    for axes in (upper, lower):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    canvas.print_png(str(path))  # type: ignore[no-untyped-call]
