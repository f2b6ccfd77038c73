# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Display and files of a training under way: progress bar, log, curves and weights."""

from __future__ import annotations

from pathlib import Path

import torch

from lwrf_ros.drawing.decoration import decoration
from lwrf_ros.evaluation.score_values import as_text
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.training.journal import Row, draw_curves, write_csv
from lwrf_ros.training.trainer import Trainer
from lwrf_ros.weights.checkpoint import save_weights

WEIGHTS, LOG, CURVES = "weights.safetensors", "log.csv", "curves.png"


class Display:
    """Progress bar, log, curves and weights of a training under way."""

    def __init__(
        self, trainer: Trainer, folder: Path, card: dict[str, str], stored: torch.dtype
    ) -> None:
        self._trainer = trainer
        self._folder = folder
        self._card = card
        self._stored = stored
        self._loss: float | None = None
        self._bar = progress_bar(
            "training",
            trainer.total_steps * trainer.images_per_step,
            in_logs=True,
            unit="image",
            initial=trainer.step * trainer.images_per_step,
        )

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def on_step(self, images: int, loss: float | None, rate: float) -> None:
        """Advance the bar."""
        if loss is not None:
            # Smoothed: the loss of single batches says little.
            self._loss = loss if self._loss is None else 0.95 * self._loss + 0.05 * loss
        shown = {} if self._loss is None else {"loss": f"{self._loss:.3f}"}
        rows = self._trainer.rows
        scored = [row.mean_iou for row in rows if row.mean_iou is not None]
        if scored:
            shown["mIoU"] = as_text(scored[-1], 3)
        self._bar.set_postfix(shown | {"rate": f"{rate:.2g}"}, refresh=False)
        self._bar.update(images)

    def on_epoch(self, rows: list[Row], average: RefineNet | None) -> None:
        """Write the log; the weights and the curves when the network was looked at."""
        write_csv(rows, self._folder / LOG)
        if average is None:
            return
        row = rows[-1]
        card = {**self._card, "epoch": str(row.epoch)}
        if row.mean_iou is not None:
            card["validation_mean_iou"] = as_text(row.mean_iou)
        save_weights(average, self._folder / WEIGHTS, card, self._stored)
        with decoration(CURVES):
            draw_curves(rows, self._folder / CURVES)

    def finish(self) -> None:
        """Say what came of it."""
        rows = self._trainer.rows
        score = rows[-1].mean_iou if rows else None
        found = f", mean IoU {as_text(score)} on the validation set" if score is not None else ""
        print(f"{self._folder / WEIGHTS}: {len(rows)} epochs{found}")
