# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How kernels for a CPU are compiled and kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from lwrf_ros.segmentation.cpu.kernels.kept import kept

# Whether the network's kernels check every address that they use (`cpu/kernels/checks.py`). Their
# code then holds addresses of this process, so it is not kept.
CHECKING = os.environ.get("LWRF_CPU_DEBUG", "") not in ("", "0")
_OPTIONS = {"nogil": True, "fastmath": {"contract", "nsz"}, "error_model": "numpy"}
if CHECKING:
    _OPTIONS["boundscheck"] = True


def _fingerprint() -> str:
    """Return what changes with any kernel: numba looks at the date of one file only."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for name in ("pixels.py", "kernels/*.py"):
        for path in sorted(folder.glob(name)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


_FINGERPRINT = _fingerprint()


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel for one signature, once a machine where the result can be kept.

    Args:
        signature: numba's, in words or as a type.
    """
    return _keeping(
        lambda function, cache: numba.njit(signature, cache=cache, **_OPTIONS)(function)
    )


def compiled_apart(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function that kernels call by its ``address``, whose code they do not repeat."""
    options = {name: value for name, value in _OPTIONS.items() if name != "nogil"}
    return _keeping(
        lambda function, cache: numba.cfunc(signature, cache=cache, **options)(function)
    )


def _keeping(
    compile_it: Callable[[Callable[..., Any], bool], Any],
) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function and keep the result where that can be done."""

    def compile_kernel(function: Callable[..., Any]) -> Any:
        # Part of the name of the file that it is kept in.
        function.__qualname__ += f"-{_FINGERPRINT}"
        if CHECKING:
            return compile_it(function, False)
        return kept(function, lambda cache: compile_it(function, cache))

    return compile_kernel


def called(function: Callable[..., Any]) -> Any:
    """Compile a function that kernels call.

    numba optimises it once more with each function above it: keep such calls few levels deep.
    """
    return numba.njit(**_OPTIONS)(function)
