# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf calibrate`` to weights whose card names a temperature."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.calibration import Trial
from lwrf_ros.evaluation.loading import load_pairs
from lwrf_ros.evaluation.reliability_plot import plot_reliability
from lwrf_ros.evaluation.temperature import Calibration, calibrate
from lwrf_ros.terminal.options import options_of
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.terminal.table import aligned
from lwrf_ros.weights.bundled import RANDOM
from lwrf_ros.weights.loading import load_choice
from lwrf_ros.weights.rewriting import rewrite_card

KEY = "temperature"
# More digits than these are noise.
DIGITS = 4


def run_calibration(arguments: argparse.Namespace) -> int:
    """Calibrate as the arguments say, write the weights, and return the exit code."""
    target: Path = arguments.output.expanduser()
    if (arguments.data is None) == (arguments.temperature is None):
        raise LwrfError(
            "wanted either --data, to fit the temperature to, or --temperature, to write a given "
            "one"
        )
    _check_target(target)
    options = options_of(EngineOptions, arguments)
    choice = options.choice
    source = choice.path
    if source is None:
        raise LwrfError(
            f"{RANDOM} weights have no card for a temperature; name a weights file, or bundled "
            "weights"
        )
    loaded = load_choice(choice)
    network = loaded.network
    if arguments.temperature is not None:
        network.temperature = arguments.temperature  # refuses what is out of range
        chosen, words = network.temperature, f"temperature {network.temperature:g}, as given"
    else:
        pairs = load_pairs(arguments.data, loaded.classes, arguments.max_frames)
        segmenter = options.segmenter(loaded)
        with progress_bar("calibrating", 2 * len(pairs), in_logs=True) as bar:
            found = calibrate(segmenter, network.temperature, pairs, bar.update)
        print(as_text(found), flush=True)
        if arguments.plot is not None:
            _plot(found, arguments.plot.expanduser(), f"{source.name} on {arguments.data.name}")
        if found.helps:
            chosen = round(found.after.temperature, DIGITS)
            words = f"temperature {chosen:g}"
        else:
            chosen = network.temperature
            words = (
                f"temperature {chosen:g}, as it was: a fitted one does not lower both figures on "
                "frames that it was not fitted to"
            )
    rewrite_card(source, target, {KEY: json.dumps(chosen)})
    print(f"wrote {target}: {words}", flush=True)
    return 0


def as_text(found: Calibration) -> str:
    """Lay out what was measured as a table."""
    before, after = found.before, found.after
    rows = [
        ("", "temperature", "loss (nats a pixel)", "calibration error"),
        ("as the weights are", _text(before.temperature), *_figures(before)),
        ("fitted to all frames", _text(after.temperature), *_figures(after)),
        (
            "fitted to the other half",
            ", ".join(_text(trial.temperature) for trial in found.held_out),
            _text(found.held_out_nll),
            _text(found.held_out_ece),
        ),
    ]
    return "\n".join(aligned(rows))


def _figures(trial: Trial) -> tuple[str, str]:
    return _text(trial.nll()), _text(trial.reliability.ece())


def _text(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _check_target(target: Path) -> None:
    """Refuse early what could not be written after the work."""
    if target.is_dir():
        raise LwrfError(f"{target} is a folder; wanted the name of a file to write")
    if not target.parent.is_dir():
        raise LwrfError(f"there is no folder {target.parent}; make it first")


def _plot(found: Calibration, path: Path, about: str) -> None:
    curves = {
        f"temperature {trial.temperature:.3g}": trial.reliability
        for trial in (found.before, found.after)
    }
    try:
        plot_reliability(path, about, curves)
    except OSError as error:
        raise LwrfError(f"cannot write {path}: {error.strerror}") from error
    print(f"wrote {path}", flush=True)
