# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One case from its preparation to the last turn."""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.experiments.benchmark.case import Case
from lwrf_ros.experiments.benchmark.ceilings import Ceilings, measure_ceilings
from lwrf_ros.experiments.benchmark.contestant_process import Contestant, ProcessError, in_process
from lwrf_ros.experiments.benchmark.frames import make_frames, read_frames
from lwrf_ros.experiments.benchmark.peers import PEERS
from lwrf_ros.experiments.benchmark.peers.peer import UnavailableError
from lwrf_ros.experiments.benchmark.preparation import Prepared, prepare
from lwrf_ros.experiments.benchmark.result import CaseResult, Outcome
from lwrf_ros.experiments.benchmark.timing import take_turns
from lwrf_ros.terminal.progress import progress_bar

FRAMES = 4
# Of the measurement that submits ahead, at most.
AHEAD_S = 2.0
# Of each of the machine's figures, at most.
CEILING_S = 1.0


def hold(case: Case, arguments: argparse.Namespace) -> CaseResult:
    """Measure a case.

    Args:
        case: What is measured; its device and precision are settled.
        arguments: Of the command: who takes part, with which frames, for how long.

    Raises:
        LwrfError: If the case cannot be run.
    """
    names = list(dict.fromkeys(arguments.peers))
    frames = _frames(case, arguments)
    outcomes = {name: Outcome(name) for name in names}
    contestants: list[Contestant] = []
    with tempfile.TemporaryDirectory(prefix="lwrf_benchmark_") as folder:
        wants_onnx = any(PEERS[name].onnx for name in names)
        prepared = in_process(prepare, case, frames, Path(folder), wants_onnx)
        before = _ceilings(case, arguments.seconds)
        try:
            _start(prepared, frames, outcomes, contestants)
            started = time.monotonic()
            _measure(case, arguments, outcomes, contestants)
            seconds = time.monotonic() - started
        finally:
            for contestant in contestants:
                contestant.close()
    ceilings = before.best(_ceilings(case, arguments.seconds))
    return CaseResult(prepared, list(outcomes.values()), ceilings, seconds)


def _ceilings(case: Case, seconds: float) -> Ceilings:
    tried_s = min(CEILING_S, seconds / 4)
    return in_process(measure_ceilings, case.device, (case.precision,), case.threads, tried_s)


def _frames(case: Case, arguments: argparse.Namespace) -> list[NDArray[np.uint8]]:
    if arguments.frames is None:
        return make_frames(FRAMES, case.image_size)
    path = arguments.frames.expanduser()
    return read_frames(path, arguments.bag_topic, FRAMES, case.image_size)


def _start(
    prepared: Prepared,
    frames: list[NDArray[np.uint8]],
    outcomes: dict[str, Outcome],
    contestants: list[Contestant],
) -> None:
    """Start everyone, one after the other, so that nobody's start disturbs another's."""
    with progress_bar("starting", len(outcomes), in_logs=False, unit="contestant") as bar:
        for name, outcome in outcomes.items():
            bar.set_description(f"starting {name}")
            try:
                contestant = Contestant(name, prepared.setting, frames)
                contestants.append(contestant)
                outcome.ready = contestant.ready
                outcome.equal_labels = _equal_labels(contestant, prepared)
            except UnavailableError as error:
                outcome.problem = str(error)
            except ProcessError as error:
                outcome.problem, outcome.failed = str(error), True
            bar.update()


def _equal_labels(contestant: Contestant, prepared: Prepared) -> float:
    """Return the share of pixels whose label is the truth's, over all frames."""
    truth, batch = prepared.truth, prepared.setting.case.batch
    shares = []
    for first in range(0, len(truth), batch):
        for place, labels in enumerate(contestant.labels(first)):
            shares.append(np.mean(labels == truth[(first + place) % len(truth)]))
    return float(np.mean(shares))


def _measure(
    case: Case,
    arguments: argparse.Namespace,
    outcomes: dict[str, Outcome],
    contestants: list[Contestant],
) -> None:
    """Let everyone take turns, then ask each for what is measured by itself."""
    running = [one for one in contestants if not outcomes[one.name].problem]
    whole = math.ceil(arguments.seconds)
    with progress_bar(f"{case.backbone} taking turns", whole, in_logs=True, unit="s") as bar:
        turns = take_turns(
            running,
            case.batch,
            arguments.seconds,
            arguments.min_calls,
            # Whole seconds, and no further than the bar.
            lambda passed: bar.update(min(int(passed), whole) - bar.n),
        )
    for contestant in running:
        outcome = outcomes[contestant.name]
        outcome.laps = turns.laps[contestant.name]
        try:
            if problem := turns.failures.get(contestant.name):
                raise ProcessError(problem)
            seconds = min(AHEAD_S, arguments.seconds / 4)
            outcome.ahead_frames_per_s = contestant.run_ahead(seconds)
            outcome.memory = contestant.memory()
        except ProcessError as error:
            outcome.problem, outcome.failed = str(error), True
