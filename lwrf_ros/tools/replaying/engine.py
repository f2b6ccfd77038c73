# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The node's engine for a replay, and everything that its labels depend on, in words."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal

import torch

import lwrf_ros
from lwrf_ros.node.engine import Engine, load_engine
from lwrf_ros.node.parameters import CAMERA_SIZE, RANDOM_WEIGHTS, Parameters
from lwrf_ros.tools.evaluation.loading import choose_network

# What computes something on the way from a message to labels, by the name that people know.
_COMPUTING = {
    "torch": ("torch",),
    "numpy": ("numpy",),
    "opencv": ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
    "numba": ("numba",),
    "triton": ("triton",),
    "rclpy": ("rclpy", "ros-rclpy"),
    "rosbags": ("rosbags",),
    "mcap": ("mcap",),
}


@dataclass(frozen=True)
class EngineOptions:
    """Which network makes the labels, and how; the names are those of the node's parameters.

    Attributes:
        weights: Path of a weights file, ``random``, or None for the bundled ones.
        backbone: Encoder, None for what the weights name.
        decoder: Form of the decoder, None for what the weights name.
        classes: Class table: a bundled name or a path.
        class_groups: Groups of the classes that the labels are in: a bundled name or a path; empty
            for the classes.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, fp32, fp16 or bf16.
        input_size: ``(height, width)`` in pixels, "image" for the image's own, None for the
            weights' own.
        min_confidence: Pixels less probable than this (0..1) are unlabelled.
        overlay_alpha: Weight of the colours in the overlay, 0..1.
    """

    weights: str | None = None
    backbone: str | None = None
    decoder: str | None = None
    classes: str = "camvid"
    class_groups: str = ""
    device: str = "auto"
    precision: str = "auto"
    input_size: tuple[int, int] | Literal["image"] | None = None
    min_confidence: float = 0.0
    overlay_alpha: float = Parameters.overlay_alpha


def open_engine(options: EngineOptions) -> Engine:
    """Load and warm up the engine, deterministic: the same frame gives the same bytes.

    On a GPU that is torch's switch for cuDNN, which stays on in this process.

    Raises:
        LwrfError: If any of it is not to be had.
    """
    torch.backends.cudnn.deterministic = True
    named = None if options.weights == RANDOM_WEIGHTS else options.weights
    backbone, decoder = choose_network(named, options.backbone, options.decoder)
    if options.input_size == "image":
        height = width = CAMERA_SIZE
    else:
        height, width = options.input_size or (0, 0)
    return load_engine(
        Parameters(
            backbone=backbone,
            decoder=decoder,
            classes=options.classes,
            class_groups=options.class_groups,
            weights=options.weights or "",
            device=options.device,
            precision=options.precision,
            input_width=width,
            input_height=height,
        )
    )


def settings_of(engine: Engine, options: EngineOptions) -> dict[str, Any]:
    """Return everything that the labels depend on."""
    segmenter = engine.segmenter
    backbone, decoder = choose_network(
        None if options.weights == RANDOM_WEIGHTS else options.weights,
        options.backbone,
        options.decoder,
    )
    size = segmenter.input_size
    return {
        "backbone": backbone,
        "decoder": decoder,
        "classes": options.classes,
        "class_groups": options.class_groups,
        "weights": engine.weights.source,
        "weights_sha256": engine.weights.sha256,
        "weights_terms": engine.weights.terms,
        "device": segmenter.device_name,
        "precision": segmenter.precision,
        "input_size": list(size) if size else None,
        "batch": 1,
        "min_confidence": options.min_confidence,
        "overlay_alpha": options.overlay_alpha,
    }


def versions() -> dict[str, str]:
    """Return the versions of this package, of Python and of what computes, by name."""
    found = {"lwrf_ros": lwrf_ros.__version__, "python": platform.python_version()}
    for name, packages in _COMPUTING.items():
        for package in packages:
            try:
                found[name] = metadata.version(package)
                break
            except metadata.PackageNotFoundError:
                continue
    return found
