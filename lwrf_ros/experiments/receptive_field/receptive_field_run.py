# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf receptive-field`` to a page, numbers and maps in a folder."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.datasets.dataset import read_image
from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.receptive_field.findings import Findings, as_json, as_text
from lwrf_ros.experiments.receptive_field.occluder import Occluder, discrepancy
from lwrf_ros.experiments.receptive_field.page import draw_fields
from lwrf_ros.experiments.receptive_field.units import UnitRow, choose_units
from lwrf_ros.files import replace_file
from lwrf_ros.input_size import check_sides
from lwrf_ros.network.probe import Probe, choose_taps
from lwrf_ros.output_folder import remove_files
from lwrf_ros.segmentation.device import choose_device
from lwrf_ros.segmentation.preprocess import Normalisation
from lwrf_ros.terminal.options import options_of
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.weights.loading import Loaded

PICTURE = "receptive_field.png"
NUMBERS = "receptive_field.json"
MAPS = "maps.npy"
TOP = 3


def measure(arguments: argparse.Namespace) -> int:
    """Measure as the arguments say, write, print, and return the exit code."""
    if arguments.top and (arguments.unit or arguments.at):
        raise LwrfError("--top chooses units, and so do --unit and --at; leave one of them out")
    occluder = Occluder(arguments.patch, arguments.stride, arguments.fill)
    device = choose_device(arguments.device)
    folder = arguments.output.expanduser()
    loaded = options_of(EngineOptions, arguments).load()
    size = _size(arguments.input_size, loaded)
    taps = choose_taps(loaded.network, arguments.tap)
    findings = Findings(loaded, taps, occluder, size, arguments.threshold)

    network = loaded.network.to(device)
    # All are read before the first is measured: a wrong name shall not come up minutes later.
    images = [_prepared(path, loaded, size, device) for path in arguments.images]
    count = len(images) * int(np.prod(occluder.cells(size)))
    with (
        Probe(network, taps) as probe,
        progress_bar("hiding parts", count, in_logs=True, unit="part") as bar,
    ):
        for path, image in zip(arguments.images, images, strict=True):
            rows = _choose(arguments, probe, image, size)
            units = [unit for row in rows for unit in row]
            findings.add(path, rows, discrepancy(probe, image, occluder, units, bar.update))
    written = _write(folder, findings)
    print(as_text(findings) + "\n\n" + "\n".join(f"wrote {path}" for path in written), flush=True)
    return 0


def _choose(
    arguments: argparse.Namespace, probe: Probe, image: Tensor, size: tuple[int, int]
) -> list[UnitRow]:
    found = {name: values[0].cpu().numpy() for name, values in probe(image.unsqueeze(0)).items()}
    return choose_units(
        probe.places, found, size, arguments.top or TOP, arguments.unit, arguments.at
    )


def _size(asked: tuple[int, int] | None, loaded: Loaded) -> tuple[int, int]:
    """Return ``(height, width)`` of the network's input."""
    size = asked or loaded.network.input_size
    if size is None:
        raise LwrfError(f"{loaded.weights.source} names no training size; wanted --input-size WxH")
    return check_sides(size)


def _prepared(path: Path, loaded: Loaded, size: tuple[int, int], device: torch.device) -> Tensor:
    """Return an image ``(3, H, W)`` as the network takes it."""
    pixels = torch.from_numpy(read_image(path)).to(device)
    image = torch.empty(3, *size, device=device)
    network = loaded.network
    Normalisation(network.mean, network.std, device).apply(pixels, "rgb8", image)
    return image


def _write(folder: Path, findings: Findings) -> Sequence[Path]:
    """Write the files and return their paths."""
    content = json.dumps(as_json(findings), indent=2, allow_nan=False)
    remove_files(folder, (PICTURE, NUMBERS, MAPS))
    replace_file(folder / NUMBERS, f"{content}\n".encode())
    np.save(folder / MAPS, findings.maps())
    draw_fields(folder / PICTURE, findings)
    return [folder / name for name in (PICTURE, NUMBERS, MAPS)]
