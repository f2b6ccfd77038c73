# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf benchmark`` to figures on the screen and files in a folder."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from functools import reduce
from itertools import product
from pathlib import Path
from typing import Any

from lwrf_ros.drawing.decoration import decoration
from lwrf_ros.experiments.benchmark import over_dds
from lwrf_ros.experiments.benchmark.benchmark_report import about_as_text, case_as_text
from lwrf_ros.experiments.benchmark.case import Case
from lwrf_ros.experiments.benchmark.ceilings import Ceilings
from lwrf_ros.experiments.benchmark.contest import hold
from lwrf_ros.experiments.benchmark.contestant_process import in_process
from lwrf_ros.experiments.benchmark.plot import plot_benchmark
from lwrf_ros.experiments.benchmark.records import as_json, write_csv
from lwrf_ros.experiments.benchmark.result import CaseResult
from lwrf_ros.files import replace_file
from lwrf_ros.machine.about import Device, about_run, cores, describe_device
from lwrf_ros.output_folder import remove_files
from lwrf_ros.terminal.exit_codes import EXIT_DONE, EXIT_UNEXPECTED

JSON, CSV, PLOT = "benchmark.json", "benchmark.csv", "benchmark.png"


def benchmark(arguments: argparse.Namespace) -> int:
    """Measure as the arguments say, print, write, and return the exit code."""
    folder: Path | None = arguments.output and arguments.output.expanduser()
    if arguments.dds:
        over_dds.import_ros()
    device = in_process(describe_device, arguments.device, tuple(arguments.precision))
    about = about_run(arguments.command_line, device.words)
    results = []
    for case in list_cases(arguments, device, arguments.threads or cores()):
        results.append(hold(case, arguments))
        print(case_as_text(results[-1]), end="\n\n", flush=True)
    words = about_as_text(about, reduce(Ceilings.best, (one.ceilings for one in results)))
    print(words, flush=True)
    dds = over_dds.measure(arguments.image_size) if arguments.dds else []
    for row in dds:
        print(over_dds.as_text(row), flush=True)
    if folder is not None:
        _write(folder, {**about, "over_dds": dds}, words, results)
    failed = any(outcome.failed for result in results for outcome in result.outcomes)
    return EXIT_UNEXPECTED if failed else EXIT_DONE


def list_cases(arguments: argparse.Namespace, device: Device, threads: int) -> Iterator[Case]:
    """List every combination of what was asked for."""
    for backbone, image_size, input_size, precision, batch in product(
        arguments.backbone,
        arguments.image_size,
        arguments.input_size,
        device.precisions,
        arguments.batch,
    ):
        yield Case(
            backbone=backbone,
            decoder=arguments.decoder,
            classes=arguments.classes,
            weights=arguments.weights,
            image_size=image_size,
            input_size=image_size if input_size == "image" else input_size,
            device=device.name,
            precision=precision,
            batch=batch,
            threads=threads,
        )


def _write(folder: Path, about: dict[str, Any], words: str, results: list[CaseResult]) -> None:
    """Write the files and say so."""
    text = json.dumps(as_json(about, results), indent=2, allow_nan=False)
    remove_files(folder, (JSON, CSV, PLOT))
    replace_file(folder / JSON, f"{text}\n".encode())
    write_csv(folder / CSV, results)
    written = [JSON, CSV]
    if any(result.measured() for result in results):
        with decoration(PLOT):
            plot_benchmark(folder / PLOT, words, results)
            written.append(PLOT)
    print("\n" + "\n".join(f"wrote {folder / name}" for name in written), file=sys.stderr)
