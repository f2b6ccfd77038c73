# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The Triton kernels in Triton's interpreter, beside compiled ones in the same process."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import lwrf_ros.segmentation.cuda

FOLDER = Path(lwrf_ros.segmentation.cuda.__file__).parent


def loaded(name: str) -> ModuleType:
    """Execute one of the package's modules once more, apart from what is imported."""
    spec = importlib.util.spec_from_file_location(f"apart_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def interpreted() -> ModuleType:
    """Return `cuda/launch.py` over interpreted kernels.

    Triton decides when a kernel is defined, and where there is a GPU other tests need it compiled.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")
        kernels = loaded("kernels")
    launch = loaded("launch")
    launch.input_kernel, launch.label_kernel = kernels.input_kernel, kernels.label_kernel
    return launch
