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
from lwrf_ros.configuration.engine import Engine, load_engine
from lwrf_ros.configuration.parameters import CAMERA_SIZE, Parameters
from lwrf_ros.weights.choice import Choice, resolve

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
        weights: As `lwrf_ros.weights.choice.resolve` takes them, and so the next three.
        backbone: Encoder; empty for what the weights name.
        decoder: Form of the decoder; empty for what the weights name.
        classes: Class table: a bundled name or a path; empty for what the weights name.
        class_groups: Groups of the classes that the labels are in: a bundled name or a path; empty
            for the classes.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, fp32, fp16 or bf16.
        input_size: ``(height, width)`` in pixels, "image" for the image's own, None for the
            weights' own.
        min_confidence: Pixels less probable than this (0..1) are unlabelled.
        overlay_alpha: Weight of the colours in the overlay, 0..1.
    """

    weights: str = ""
    backbone: str = ""
    decoder: str = ""
    classes: str = ""
    class_groups: str = ""
    device: str = "auto"
    precision: str = "auto"
    input_size: tuple[int, int] | Literal["image"] | None = None
    min_confidence: float = 0.0
    overlay_alpha: float = Parameters.overlay_alpha

    @property
    def choice(self) -> Choice:
        """Which weights, classes and network these are; errors as of `resolve`."""
        return resolve(self.weights, self.classes, self.backbone, self.decoder)

    @property
    def parameters(self) -> Parameters:
        """The node's parameters that ask for the same; errors as of `resolve`."""
        choice = self.choice
        if self.input_size == "image":
            height = width = CAMERA_SIZE
        else:
            height, width = self.input_size or (0, 0)
        return Parameters(
            backbone=choice.backbone,
            decoder=choice.decoder,
            classes=self.classes,
            class_groups=self.class_groups,
            weights=self.weights,
            device=self.device,
            precision=self.precision,
            input_width=width,
            input_height=height,
            min_confidence=self.min_confidence,
        )


def open_engine(options: EngineOptions) -> Engine:
    """Load and warm up the engine, deterministic: the same frame gives the same bytes.

    On a GPU that is torch's switch for cuDNN, which stays on in this process.

    Raises:
        LwrfError: If any of it is not to be had.
    """
    torch.backends.cudnn.deterministic = True
    return load_engine(options.parameters)


def settings_of(engine: Engine, options: EngineOptions) -> dict[str, Any]:
    """Return everything that the labels depend on."""
    segmenter, choice = engine.segmenter, engine.choice
    size = segmenter.input_size
    return {
        "backbone": choice.backbone,
        "decoder": choice.decoder,
        "classes": options.classes or choice.classes.name,
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
