# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is imported from `lwrf_ros` itself, and what importing it does not import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lwrf_ros
from lwrf_ros import ClassTable, Segmenter, build_network, find_weights, load_weights
from lwrf_ros.classes.class_table import ClassTable as TheClassTable
from lwrf_ros.network import build_network as the_build_network
from lwrf_ros.package_data import find_weights as the_find_weights
from lwrf_ros.segmentation import Segmenter as TheSegmenter
from lwrf_ros.weights.checkpoint import load_weights as the_load_weights

REPOSITORY = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "numpy", "cv2", "rclpy", "numba", "yaml", "safetensors")


def said(code: str) -> str:
    """Run Python code in a process of its own; return what it prints."""
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**environment, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_the_names_are_those_of_their_modules() -> None:
    assert Segmenter is TheSegmenter
    assert ClassTable is TheClassTable
    assert find_weights is the_find_weights
    assert (build_network, load_weights) == (the_build_network, the_load_weights)


def test_the_package_alone_imports_nothing_heavy() -> None:
    code = f"import sys, lwrf_ros; print([m for m in {HEAVY} if m in sys.modules])"
    assert said(code) == "[]"


def test_a_name_brings_what_it_needs_and_no_more() -> None:
    code = f"import sys; from lwrf_ros import NAME; print([m for m in {HEAVY} if m in sys.modules])"
    assert said(code.replace("NAME", "find_weights")) == "[]"
    assert "torch" not in said(code.replace("NAME", "ClassTable"))
    assert "rclpy" not in said(code.replace("NAME", "Segmenter"))


def test_what_launch_files_import_needs_no_torch() -> None:
    code = "import sys, lwrf_ros.configuration.parameters; print('torch' in sys.modules)"
    assert said(code) == "False"


def test_the_names_are_listed_and_others_are_not_there() -> None:
    names = {"ClassTable", "Segmenter", "build_network", "find_weights", "load_weights"}
    assert names | {"__version__"} <= set(dir(lwrf_ros))
    assert set(lwrf_ros.__all__) == names
    with pytest.raises(AttributeError, match="module 'lwrf_ros' has no attribute 'segmenter_'"):
        lwrf_ros.segmenter_  # noqa: B018
