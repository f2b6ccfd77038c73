# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Preparation of a case, once, in a process of its own: the truth, the ONNX file, the counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.benchmark.case import Case, Setting, plain_network
from lwrf_ros.experiments.benchmark.peers.around import PREPROCESS, TAILS
from lwrf_ros.export.models import PRECISIONS, prepared
from lwrf_ros.export.onnx_file import write_onnx
from lwrf_ros.network import RefineNet
from lwrf_ros.network.counts import count_operations, count_parameters
from lwrf_ros.weights.bundled import RANDOM
from lwrf_ros.weights.choice import resolve

_TRIES = 9


@dataclass(frozen=True, eq=False)
class Prepared:
    """Inputs and ground truth that all contestants of a case share.

    Attributes:
        setting: For the contestants.
        weights: What the weights are, in words.
        multiply_adds: Of the network, for one image.
        parameters: Of the network.
        truth: ``(H, W) uint8`` labels of each frame by the plain float32 network.
        tries_ms: Median time of every way around the network that was tried, by name.
    """

    setting: Setting
    weights: str
    multiply_adds: int
    parameters: int
    truth: list[NDArray[np.uint8]]
    tries_ms: dict[str, float]


def prepare(case: Case, frames: list[NDArray[np.uint8]], folder: Path, onnx: bool) -> Prepared:
    """Look into a case.

    Args:
        case: What is to be measured.
        frames: ``(H, W, 3) uint8`` RGB images of the case's size.
        folder: Where the ONNX file goes.
        onnx: Whether a contestant wants one.

    Raises:
        LwrfError: If the case cannot be run.
    """
    torch.set_num_threads(case.threads)
    choice = resolve(case.weights, case.classes, case.backbone, case.decoder, or_random=True)
    found = RANDOM if choice.path is None else str(choice.path)
    case = replace(case, weights=found)
    network = plain_network(case)
    setting = Setting(case, network.num_classes, network.mean, network.std)
    setting, tries_ms = _fastest_around(setting, frames[0])
    found_out = Prepared(
        setting=setting,
        weights=_describe_weights(found),
        multiply_adds=count_operations(network, *case.input_size),
        parameters=count_parameters(network),
        truth=[_truth(network, frame, case.input_size) for frame in frames],
        tries_ms=tries_ms,
    )
    return replace(found_out, setting=_with_onnx(setting, network, folder)) if onnx else found_out


def _describe_weights(found: str) -> str:
    if found == RANDOM:
        return "made up (none come with the package for this network): the labels mean nothing"
    return Path(found).name


def _truth(
    network: RefineNet, frame: NDArray[np.uint8], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Label a frame with the plain network, all in float32 (DESIGN, "Geometry")."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (network.mean, network.std))
    # Not inference_mode: it would mark the weights, and they are still to be exported.
    with torch.no_grad():
        image = torch.from_numpy(frame).permute(2, 0, 1)[None].float()
        image = interpolate(image, size=size, mode="bilinear", align_corners=False)
        # channels_last computes the same and takes a fifth of the time.
        batch = ((image / 255 - mean) / std).contiguous(memory_format=torch.channels_last)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        logits = network(batch)
        scores = interpolate(logits, size=frame.shape[:2], mode="bilinear", align_corners=False)
        labels: NDArray[np.uint8] = scores[0].max(dim=0).indices.to(torch.uint8).numpy()
    return labels


def _fastest_around(setting: Setting, frame: NDArray[np.uint8]) -> tuple[Setting, dict[str, float]]:
    """Try every ordinary way around the network and choose the fastest before and after it."""
    case = setting.case
    cv2.setNumThreads(case.threads)
    out = np.empty((3, *case.input_size), np.float32)
    cells = [-(-side // 4) for side in case.input_size]
    logits = np.random.default_rng(0).normal(size=(setting.num_classes, *cells)).astype(np.float32)
    before = {name: _median_ms(make(setting), frame, out) for name, make in PREPROCESS.items()}
    after = {name: _median_ms(make(setting), logits) for name, make in TAILS.items()}
    chosen = replace(
        setting,
        preprocess=min(before, key=before.__getitem__),
        tail=min(after, key=after.__getitem__),
    )
    return chosen, {**before, **after}


def _median_ms(function: Callable[..., object], *arguments: object) -> float:
    times = []
    for _ in range(_TRIES):
        started = time.perf_counter()
        function(*arguments)
        times.append((time.perf_counter() - started) * 1e3)
    # Without the first, which allocates.
    return float(np.median(times[1:]))


def _with_onnx(setting: Setting, network: RefineNet, folder: Path) -> Setting:
    """Write the network as ONNX, as ``lwrf export`` does, or note what is missing for that."""
    case = setting.case
    path = folder / "network.onnx"
    # On the CPU everyone reads float32 and casts as it likes; on a GPU types are as in the file.
    precision = "fp32" if case.device == "cpu" else case.precision
    if precision not in PRECISIONS:
        problem = f"ONNX files are written in {' or '.join(PRECISIONS)} here, not in {precision}"
        return replace(setting, onnx_problem=problem)
    example = torch.zeros(case.batch, 3, *case.input_size, dtype=PRECISIONS[precision])
    try:
        write_onnx(prepared(network, precision), example, path)
    except LwrfError as error:
        return replace(setting, onnx_problem=str(error))
    return replace(setting, onnx_path=str(path))
