# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Light-Weight RefineNet for ROS 2: camera images in, label images and per-class coverage out."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lwrf_ros.classes.class_table import ClassTable
    from lwrf_ros.network import build_network
    from lwrf_ros.package_data import find_weights
    from lwrf_ros.segmentation import Segmenter
    from lwrf_ros.weights.checkpoint import load_weights

__version__ = "0.1.0"
__all__ = ["ClassTable", "Segmenter", "build_network", "find_weights", "load_weights"]

# Where the names above are made. They are imported when they are first asked for: launch files and
# `lwrf --help` import this package, too, and need no torch.
_MODULES = {
    "ClassTable": "lwrf_ros.classes.class_table",
    "Segmenter": "lwrf_ros.segmentation",
    "build_network": "lwrf_ros.network",
    "find_weights": "lwrf_ros.package_data",
    "load_weights": "lwrf_ros.weights.checkpoint",
}


def __getattr__(name: str) -> Any:
    """Import a name that this package hands on (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List them for completion as well, though they are not there yet."""
    return sorted({*globals(), *_MODULES})
