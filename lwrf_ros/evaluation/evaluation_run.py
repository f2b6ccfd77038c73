# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf evaluate`` to scores on the screen and files in a folder."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.datasets.dataset import Pair
from lwrf_ros.drawing.decoration import decoration
from lwrf_ros.evaluation import score_values
from lwrf_ros.evaluation.confusion_plot import plot_confusion
from lwrf_ros.evaluation.evaluation_report import Evaluation, as_json, as_text
from lwrf_ros.evaluation.loading import load_pairs
from lwrf_ros.evaluation.prediction import as_the_node_does, averaged
from lwrf_ros.evaluation.reliability_plot import plot_reliability
from lwrf_ros.evaluation.scores import Scores, score
from lwrf_ros.evaluation.worst_frames import draw_worst_frames
from lwrf_ros.files import replace_file
from lwrf_ros.output_folder import remove_files
from lwrf_ros.segmentation.device import choose_device, choose_precision
from lwrf_ros.terminal.options import options_of
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.weights.loading import Loaded

SCORES = "scores.json"
RELIABILITY = "reliability.png"
CONFUSION = "confusion.png"
WORST = "worst.png"


def evaluate(arguments: argparse.Namespace) -> int:
    """Evaluate as the arguments say, print, write, and return the exit code."""
    folder: Path | None = arguments.output and arguments.output.expanduser()
    device = choose_device(arguments.device)
    chosen = [choose_precision(name, device) for name in arguments.precision]
    loaded = options_of(EngineOptions, arguments).load()
    pairs = load_pairs(arguments.data, loaded.classes, arguments.max_frames)
    evaluation = _evaluate(arguments, loaded, pairs, list(dict.fromkeys(chosen)))
    content = json.dumps(as_json(evaluation), indent=2, allow_nan=False)
    print(content if arguments.json else as_text(evaluation), flush=True)
    if folder is not None:
        written = _write(evaluation, folder, content)
        # What goes to stdout shall stay JSON.
        to = sys.stderr if arguments.json else sys.stdout
        print("\n" + "\n".join(f"wrote {path}" for path in written), file=to, flush=True)
    return 0


def _evaluate(
    arguments: argparse.Namespace, loaded: Loaded, pairs: list[Pair], precisions: list[str]
) -> Evaluation:
    scales = tuple(arguments.scales)
    runs: list[Scores] = []
    for precision in precisions:
        segmenter = options_of(EngineOptions, arguments, precision=precision).segmenter(loaded)
        if scales == (1.0,) and not arguments.flip:
            predict = as_the_node_does(segmenter, arguments.min_confidence)
        else:
            predict = averaged(
                segmenter,
                loaded.network.temperature,
                scales,
                arguments.flip,
                arguments.min_confidence,
            )
        description = f"evaluating in {segmenter.precision}"
        with progress_bar(description, len(pairs), in_logs=True) as bar:
            runs.append(
                score(
                    pairs,
                    predict,
                    len(loaded.classes),
                    segmenter.precision,
                    # Pictures are of the first precision.
                    0 if runs else arguments.worst,
                    bar.update,
                )
            )
        device, input_size = segmenter.device_name, segmenter.input_size
        segmenter.close()
    return Evaluation(
        loaded=loaded,
        data=arguments.data,
        device=device,
        input_size=input_size,
        scales=scales,
        flip=arguments.flip,
        min_confidence=arguments.min_confidence,
        runs=tuple(runs),
    )


def _write(evaluation: Evaluation, folder: Path, content: str) -> list[Path]:
    """Write the files and return their paths."""
    first = evaluation.runs[0]
    about = f"{Path(evaluation.loaded.weights.source).name} on {evaluation.data.name}"
    frames = f"{len(first.frames)} frame{'s' if len(first.frames) > 1 else ''}"
    remove_files(folder, (SCORES, RELIABILITY, CONFUSION, WORST))
    replace_file(folder / SCORES, f"{content}\n".encode())
    with decoration(RELIABILITY):
        plot_reliability(
            folder / RELIABILITY,
            f"{about}, {frames}",
            {run.precision: run.reliability for run in evaluation.runs},
        )
    with decoration(CONFUSION):
        mean_iou = f"mean IoU {score_values.as_text(first.matrix.mean_iou())}"
        plot_confusion(
            folder / CONFUSION,
            f"{about}, {frames}, {first.precision}: {mean_iou}",
            first.matrix,
            evaluation.loaded.classes.names,
        )
    if first.worst:
        with decoration(WORST):
            draw_worst_frames(
                folder / WORST,
                f"The worst {len(first.worst)} of {frames} by IoU: {about}, {first.precision}",
                first.worst,
                evaluation.loaded.classes,
            )
    written = (folder / name for name in (SCORES, RELIABILITY, CONFUSION, WORST))
    return [path for path in written if path.exists()]
