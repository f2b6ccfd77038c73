# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The log of a training: one row an epoch, as CSV and as curves."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lwrf_ros.evaluation.score_values import UNDEFINED, as_text
from lwrf_ros.files import replace_file

MIN_ROWS_FOR_CURVES = 2


@dataclass(frozen=True)
class Row:
    """An epoch's results.

    Attributes:
        epoch: Its number, from 1.
        step: Steps done by its end.
        loss: Mean training loss of its steps.
        rate: Learning rate of the encoder in its last step.
        mean_iou: Mean Jaccard index on the validation set, None where it was not looked at, NaN
            where fewer than two classes occur in it.
        pixel_accuracy: Share of right pixels there, None where it was not looked at.
        seconds: Time that the training had taken by then.
    """

    epoch: int
    step: int
    loss: float
    rate: float
    mean_iou: float | None
    pixel_accuracy: float | None
    seconds: float


def write_csv(rows: list[Row], path: Path) -> None:
    """Write the log; an unknown value is an empty cell, one that is not defined n/a."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    for row in rows:
        writer.writerow(_cell(value) for value in asdict(row).values())
    replace_file(path, text.getvalue().encode())


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    if math.isnan(value):
        return UNDEFINED
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def draw_curves(rows: list[Row], path: Path) -> None:
    """Draw loss, learning rate and scores over the epochs as PNG."""
    if len(rows) < MIN_ROWS_FOR_CURVES:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    loss_axes, score_axes = figure.subplots(2, 1, sharex=True)
    epochs = [row.epoch for row in rows]
    loss_axes.plot(epochs, [row.loss for row in rows], color="tab:blue", label="loss")
    loss_axes.set_ylabel("training loss")
    rate_axes = loss_axes.twinx()
    rate_axes.plot(epochs, [row.rate for row in rows], color="tab:grey", linestyle=":")
    rate_axes.set_ylabel("learning rate (dotted)")
    rate_axes.set_ylim(bottom=0)
    scored = [row for row in rows if row.mean_iou is not None]
    for name, colour in (("mean_iou", "tab:green"), ("pixel_accuracy", "tab:orange")):
        values = [getattr(row, name) for row in scored]
        label = name.replace("_", " ") + (f" (last {as_text(values[-1], 3)})" if values else "")
        marker = "o" if len(values) < 60 else None
        score_axes.plot([r.epoch for r in scored], values, color=colour, label=label, marker=marker)
    score_axes.set_ylabel("validation score")
    score_axes.set_xlabel("epoch")
    score_axes.set_ylim(0, 1)
    for axes in (loss_axes, score_axes):
        axes.grid(alpha=0.3)
        axes.spines[["top"]].set_visible(False)
    if scored:
        score_axes.legend(loc="lower right", frameon=False)
    else:
        score_axes.text(0.5, 0.5, "no validation set", ha="center", transform=score_axes.transAxes)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    replace_file(path, data.getvalue())
