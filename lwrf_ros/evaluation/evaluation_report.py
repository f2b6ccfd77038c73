# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""An evaluation as text for people and as JSON for programs."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import lwrf_ros
from lwrf_ros.evaluation import score_values
from lwrf_ros.evaluation.score_values import as_number
from lwrf_ros.evaluation.scores import Scores
from lwrf_ros.terminal.table import aligned
from lwrf_ros.weights.loading import Loaded

TIME_INCLUDES = (
    "one frame at a time, from the image on the host to labels and confidence on the host; "
    "reading and decoding the file and the warm-up are not in it"
)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything that was asked and found.

    Attributes:
        loaded: Network, class table and weights.
        data: Folder of the data set.
        device: The device in words.
        input_size: ``(height, width)`` in pixels of the network's input at scale 1; None for each
            image's own.
        scales: Sizes of the input, as multiples of `input_size`.
        flip: Whether mirrored images were averaged in.
        min_confidence: Least probability 0..1 that a label needed.
        runs: One a precision, at least one.
    """

    loaded: Loaded
    data: Path
    device: str
    input_size: tuple[int, int] | None
    scales: tuple[float, ...]
    flip: bool
    min_confidence: float
    runs: tuple[Scores, ...]

    @property
    def way(self) -> str:
        """How the labels were made, in words."""
        size = f"{self.input_size[1]}x{self.input_size[0]}" if self.input_size else "the image's"
        parts = [f"input {size}"]
        if self.scales != (1.0,) or self.flip:
            scales = ", ".join(f"{scale:g}" for scale in self.scales)
            parts.append(f"mean over scales {scales}" + (" and flips" if self.flip else ""))
        else:
            parts.append("one scale, as the node does")
        if self.min_confidence:
            parts.append(f"labels from a confidence of {self.min_confidence:g} up")
        return ", ".join(parts)


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return everything as a tree for JSON; what is not defined is None."""
    loaded, network = evaluation.loaded, evaluation.loaded.network
    first, *others = evaluation.runs
    size = evaluation.input_size
    return {
        "weights": {
            "path": loaded.weights.source,
            "sha256": loaded.weights.sha256,
            "card": dict(loaded.weights.card),
        },
        "network": {
            "backbone": network.backbone,
            "decoder": network.decoder_name,
            "temperature": network.temperature,
        },
        "classes": {"name": loaded.classes.name, "names": list(loaded.classes.names)},
        "data": {
            "folder": str(evaluation.data),
            "frames": len(first.frames),
            "pixels": int(first.matrix.counts.sum()),
            "ignored_pixels": first.ignored,
        },
        "settings": {
            "input_size": {"width": size[1], "height": size[0]} if size else "image",
            "scales": list(evaluation.scales),
            "flip": evaluation.flip,
            "min_confidence": evaluation.min_confidence,
        },
        "device": evaluation.device,
        "versions": {
            "lwrf_ros": lwrf_ros.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "runs": [_run_as_json(run, loaded.classes.names) for run in evaluation.runs],
        "mean_iou_difference": {
            f"{run.precision} - {first.precision}": as_number(
                run.matrix.mean_iou() - first.matrix.mean_iou()
            )
            for run in others
        },
    }


def _run_as_json(run: Scores, names: tuple[str, ...]) -> dict[str, Any]:
    matrix = run.matrix
    bins = run.reliability.bins()
    return {
        "precision": run.precision,
        "mean_iou": as_number(matrix.mean_iou()),
        "pixel_accuracy": as_number(matrix.pixel_accuracy()),
        "mean_accuracy": as_number(matrix.mean_accuracy()),
        "iou": dict(zip(names, map(as_number, matrix.iou()), strict=True)),
        "accuracy": dict(zip(names, map(as_number, matrix.class_accuracy()), strict=True)),
        "confusion_matrix": {
            "rows": list(names),
            "columns": [*names, "unlabelled"],
            "pixels": matrix.counts.tolist(),
        },
        "expected_calibration_error": as_number(run.reliability.ece()),
        "reliability": [
            {"confidence": as_number(confidence), "accuracy": as_number(accuracy), "share": share}
            for confidence, accuracy, share in zip(
                bins.confidence, bins.accuracy, bins.share.tolist(), strict=True
            )
        ],
        "time_ms": {
            "median": run.time_ms(50),
            "p99": run.time_ms(99),
            "includes": TIME_INCLUDES,
        },
        "frames": [
            {
                "name": frame.pair.name,
                "mean_iou": as_number(frame.mean_iou),
                "pixel_accuracy": as_number(frame.pixel_accuracy),
            }
            for frame in run.frames
        ],
    }


def as_text(evaluation: Evaluation) -> str:
    """Lay everything out as a table, the precisions beside each other."""
    loaded, runs = evaluation.loaded, evaluation.runs
    network, first = loaded.network, runs[0]
    pixels = int(first.matrix.counts.sum())
    ignored = first.ignored / max(1, pixels + first.ignored)
    lines = [
        f"weights  {loaded.weights.source}  (sha256 {loaded.weights.sha256[:12]}…)",
        f"network  {network.decoder_name} {network.backbone}, temperature {network.temperature:g}",
        f"data     {evaluation.data}: {len(first.frames)} frames, {pixels / 1e6:.2f} million "
        f"pixels with a truth, {100 * ignored:.1f} % without",
        f"way      {evaluation.device}; {evaluation.way}",
        "",
    ]
    header = ["IoU of", "share", *(run.precision for run in runs)]
    header += [f"{run.precision} - {first.precision}" for run in runs[1:]]
    shares = first.matrix.pixels() / max(1, pixels)
    rows = [header]
    for index, name in enumerate(loaded.classes.names):
        values = [float(run.matrix.iou()[index]) for run in runs]
        rows.append([f"  {name}", f"{100 * shares[index]:.2f} %", *_compared(values, _score)])
    measures: list[tuple[str, Callable[[Scores], float], Callable[[float], str]]] = [
        ("mean IoU", lambda run: run.matrix.mean_iou(), _score),
        ("mean accuracy", lambda run: run.matrix.mean_accuracy(), _score),
        ("pixel accuracy", lambda run: run.matrix.pixel_accuracy(), _score),
        ("calibration error", lambda run: run.reliability.ece(), _score),
        ("ms a frame, median", lambda run: run.time_ms(50), _time),
        ("ms a frame, p99", lambda run: run.time_ms(99), _time),
    ]
    rows.append([])
    rows += [
        [name, "", *_compared([measure(run) for run in runs], style)]
        for name, measure, style in measures
    ]
    return "\n".join([*lines, *aligned(rows)])


def _compared(values: list[float], style: Callable[[float], str]) -> list[str]:
    """Return the values, then the differences of the later ones to the first."""
    first, *others = values
    texts = [style(value) for value in values]
    for value in others:
        difference = style(abs(value - first))
        texts.append(difference if math.isnan(value - first) else _sign(value - first) + difference)
    return texts


def _sign(value: float) -> str:
    return "-" if value < 0 else "+"


def _score(value: float) -> str:
    return score_values.as_text(value)


def _time(value: float) -> str:
    return f"{value:.1f}"
