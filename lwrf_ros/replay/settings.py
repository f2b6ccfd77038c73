# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The node's engine for a replay, and everything that its labels depend on, in words."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

import torch

import lwrf_ros
from lwrf_ros.configuration.engine import Engine, load_engine
from lwrf_ros.configuration.engine_options import EngineOptions

# What computes something on the way from a message to labels, by the name that people know.
_COMPUTING = {
    "torch": ("torch",),
    "numpy": ("numpy",),
    "simplejpeg": ("simplejpeg",),
    "av": ("av",),
    "opencv": ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
    "numba": ("numba",),
    "triton": ("triton",),
    "rclpy": ("rclpy", "ros-rclpy"),
    "rosbags": ("rosbags",),
    "mcap": ("mcap",),
}


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
        "max_value_16bit": options.max_value_16bit,
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
