# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The confusion matrix as a picture."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lwrf_ros.classes.class_table import UNLABELLED_NAME
from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix

# Numbers in the cells of larger tables could not be read.
MOST_WITH_NUMBERS = 30
CELL_INCHES = 0.62
SMALL_CELL_INCHES = 0.27
MIN_WIDTH_INCHES = 6.0
# Of the title.
LETTERS_AN_INCH = 11


def plot_confusion(path: Path, title: str, matrix: ConfusionMatrix, names: tuple[str, ...]) -> None:
    """Draw what became of each true class, each row in per cent of the class's pixels.

    Args:
        path: The PNG to write.
        title: Line above the plot.
        matrix: What was counted.
        names: Of the classes.
    """
    counts = matrix.counts
    columns = [*names, UNLABELLED_NAME]
    if not counts[:, -1].any():
        counts, columns = counts[:, :-1], columns[:-1]
    pixels = matrix.pixels()[:, np.newaxis]
    per_cent = np.divide(
        100.0 * counts, pixels, out=np.full(counts.shape, np.nan), where=pixels > 0
    )
    numbers = len(names) <= MOST_WITH_NUMBERS
    cell = CELL_INCHES if numbers else SMALL_CELL_INCHES
    width = max(MIN_WIDTH_INCHES, 3.4 + cell * len(columns))
    figure = Figure(figsize=(width, 2.4 + cell * len(names)), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor("0.9")
    image = axes.imshow(per_cent, cmap="Blues", vmin=0, vmax=100, aspect="equal")
    if numbers:
        for (row, column), value in np.ndenumerate(per_cent):
            if np.isnan(value):
                continue
            axes.text(
                column,
                row,
                _cell_text(value),
                ha="center",
                va="center",
                fontsize=9,
                color="white" if value > 55 else "black",
            )
    rows = [
        f"{name}  {_share(count, counts.sum())}"
        for name, count in zip(names, matrix.pixels(), strict=True)
    ]
    axes.set_yticks(range(len(names)), rows, fontsize=10 if numbers else 8)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", labelsize=10 if numbers else 8)
    axes.set_xticks(np.arange(-0.5, len(columns)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(names)), minor=True)
    axes.grid(which="minor", color="white", linewidth=1)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("label")
    axes.set_ylabel("truth, and its share of the pixels")
    lines = textwrap.fill(title, int(width * LETTERS_AN_INCH))
    figure.suptitle(lines, x=0.01, ha="left", fontsize=12)
    figure.colorbar(image, ax=axes, label="% of the true class", shrink=0.7, pad=0.02)
    canvas.print_png(str(path))  # type: ignore[no-untyped-call]


def _cell_text(per_cent: float) -> str:
    if per_cent == 0:
        return ""
    return f"{per_cent:.0f}" if per_cent >= 9.95 else f"{per_cent:.1f}" if per_cent >= 0.05 else "·"


def _share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f} %" if count else "none"
