# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The coverage table as a plot over time."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from lwrf_ros.drawing.legend import PAPER, Colour
from lwrf_ros.drawing.pictures import banner_strip

# More points than this are no longer seen apart on the page.
MAX_POINTS = 1500
GAP_PX = 12


def plot_coverage(
    table: Path,
    picture: Path,
    title: str,
    note: str | None,
    colours: Mapping[str, Colour],
    details: Mapping[str, str],
) -> None:
    """Draw a stacked area plot.

    Args:
        table: The CSV file of `CoverageTable`, with at least one line.
        picture: The PNG to write.
        title: Line above the plot.
        note: Sentence for a banner, None for no banner.
        colours: RGB colours by class name.
        details: What the legend says behind a name, by class name; it lists no others.
    """
    times_s, fractions, names = read_thinned(table)
    growing = bool(np.all(np.diff(times_s) > 0.0))
    across = times_s - times_s[0] if growing else np.arange(len(times_s), dtype=np.float64)
    if len(across) == 1:
        # One line has no width: show it as a bar.
        across, fractions = np.array([0.0, 1.0]), np.repeat(fractions, 2, axis=0)
    figure = Figure(figsize=(13.0, 6.5), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    shades = [_unit(colours[name]) for name in names]
    axes.stackplot(across, 100.0 * fractions.T, colors=shades, edgecolor="white", linewidth=0.4)
    axes.set_xlim(across[0], across[-1])
    axes.set_ylim(0.0, 100.0)
    axes.set_xlabel("time since the first frame (s)" if growing else "message")
    axes.set_ylabel("share of the pixels (%)")
    axes.set_title(title, fontsize=13, loc="left")
    # The stack grows upwards, so the legend is read from its bottom.
    handles = [
        Patch(facecolor=shade, edgecolor="black", linewidth=0.5, label=f"{name}  {details[name]}")
        for name, shade in zip(names, shades, strict=True)
        if name in details
    ]
    axes.legend(
        handles=handles[::-1],
        title="mean share",
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize=11,
    )
    canvas.draw()  # type: ignore[no-untyped-call]
    rendered = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    plot = Image.fromarray(np.ascontiguousarray(rendered[:, :, :3]))
    if note:
        strip = Image.fromarray(banner_strip(plot.width, note, 26))
        top = strip.height + GAP_PX
        page = Image.new("RGB", (plot.width, top + plot.height), PAPER)
        page.paste(strip, (0, 0))
        page.paste(plot, (0, top))
        plot = page
    plot.save(picture)


def read_thinned(
    table: Path,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], list[str]]:
    """Read a table of any length as at most MAX_POINTS lines.

    Args:
        table: The CSV file of `CoverageTable`.

    Returns:
        The stamps ``(n,)`` in seconds, the fractions ``(n, K)``, each the mean of neighbouring
        lines, and the K names.
    """
    with table.open(newline="", encoding="utf-8") as file:
        lines = sum(1 for _ in file) - 1
    points = min(lines, MAX_POINTS)
    with table.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        names = next(reader)[1:]
        sums = np.zeros((points, len(names) + 1))
        counts = np.zeros((points, 1))
        for number, row in enumerate(reader):
            point = number * points // lines
            sums[point] += np.array(row, dtype=np.float64)
            counts[point] += 1
    means = sums / counts
    return means[:, 0], means[:, 1:], names


def _unit(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = colour
    return red / 255, green / 255, blue / 255
