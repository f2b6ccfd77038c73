# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf tables`` to the tables on the screen and files in a folder."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from lwrf_ros.experiments.tables.measured_scores import check, measure, read_data, read_weights
from lwrf_ros.experiments.tables.paper import COUNTED_CLASSES, TABLE_2, Network
from lwrf_ros.experiments.tables.records import as_json
from lwrf_ros.experiments.tables.results import Results, Size, counts_of
from lwrf_ros.experiments.tables.runtime import WARM_UP_PASSES, Passes, passes_of
from lwrf_ros.experiments.tables.tables_report import grids
from lwrf_ros.files import replace_file
from lwrf_ros.input_size import check_sides
from lwrf_ros.machine.about import about_run, cores, describe_device, origin_as_text
from lwrf_ros.output_folder import remove_files
from lwrf_ros.segmentation.device import choose_device
from lwrf_ros.terminal.progress import progress_bar

JSON, MARKDOWN = "tables.json", "tables.md"


def make_tables(arguments: argparse.Namespace) -> int:
    """Measure as the arguments say, print, write, and return the exit code."""
    folder: Path | None = arguments.output and arguments.output.expanduser()
    device = describe_device(arguments.device, [arguments.precision])
    (precision,) = device.precisions
    threads = arguments.threads or cores()
    torch.set_num_threads(threads)
    timed = 2 in arguments.only and not arguments.no_runtime
    results = Results(
        tables=tuple(sorted(set(arguments.only))),
        sizes=_sizes(arguments.size) if timed else (),
    )
    weights = read_weights(arguments.weights)
    data = read_data(arguments.data, weights)
    pairs = check(weights, data, arguments.max_frames)
    results.counts = counts_of(row.network for row in results.rows())
    for one in weights:
        description = f"scoring {one.network.backbone} on {one.dataset}"
        with progress_bar(description, len(pairs[one.dataset]), in_logs=True) as bar:
            results.scores[one.network, one.dataset] = measure(
                one, data[one.dataset], pairs[one.dataset], device.name, precision, bar.update
            )
    if timed:
        results.passes = _time(results.sizes, arguments.passes, device.name, precision)
    about = about_run(arguments.command_line, device.words)
    about["settings"] = {"precision": _in_words(precision, device.name), "threads": threads}
    _show(results, about, folder)
    return 0


def _sizes(sizes: Sequence[Size]) -> tuple[Size, ...]:
    return tuple(dict.fromkeys(check_sides(size, "--size") for size in sizes))


def _time(
    sizes: tuple[Size, ...], passes: int, device: str, precision: str
) -> dict[tuple[Network, Size], Passes]:
    """Time the networks of Table 2, a backbone after the other: those of one fit any memory."""
    networks = [row.network for row in TABLE_2]
    total = len(networks) * len(sizes) * (passes + WARM_UP_PASSES)
    found: dict[tuple[Network, Size], Passes] = {}
    with progress_bar("timing", total, in_logs=True, unit="pass") as bar:
        for backbone in dict.fromkeys(network.backbone for network in networks):
            bar.set_description(f"timing {backbone}")
            found |= passes_of(
                [network for network in networks if network.backbone == backbone],
                COUNTED_CLASSES,
                sizes,
                passes,
                choose_device(device),
                precision,
                bar.update,
            )
    return found


def _in_words(precision: str, device: str) -> str:
    """Return the precision and what torch makes of it: fp32 is not always that on a GPU."""
    tf32 = device != "cpu" and precision == "fp32" and torch.backends.cudnn.allow_tf32
    return f"{precision}, convolutions in TF32 where the GPU has it" if tf32 else precision


def _show(results: Results, about: dict[str, Any], folder: Path | None) -> None:
    settings, machine = about["settings"], about["machine"]
    about_runs = f"{machine['device']}, {settings['threads']} threads, {settings['precision']}"
    tables = grids(results, about_runs)
    print("\n\n".join(grid.to_text() for grid in tables), end="\n\n")
    print(origin_as_text(about), flush=True)
    if folder is None:
        return
    text = json.dumps(as_json(about, results), indent=2, allow_nan=False)
    remove_files(folder, (JSON, MARKDOWN))
    replace_file(folder / JSON, f"{text}\n".encode())
    parts = [grid.to_markdown() for grid in tables]
    parts.append(f"```\n{origin_as_text(about)}\n```")
    replace_file(folder / MARKDOWN, ("\n\n".join(parts) + "\n").encode())
    print("\n" + "\n".join(f"wrote {folder / name}" for name in (JSON, MARKDOWN)), flush=True)
