# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Requirements of contestants, and the message where one is missing."""

from __future__ import annotations

from typing import Any

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers.peer import UnavailableError
from lwrf_ros.optional import import_optional


def need_module(name: str, package: str) -> Any:
    """Import a module that is not among the package's own dependencies.

    Raises:
        UnavailableError: If it is not installed, with the command that installs it.
    """
    try:
        return import_optional(name)
    except ImportError as error:
        raise UnavailableError(f"{error}: pip install {package}") from error


def need_onnx(setting: Setting) -> str:
    """Return the path of the network's ONNX file.

    Raises:
        UnavailableError: If it could not be written.
    """
    if setting.onnx_path is None:
        raise UnavailableError(setting.onnx_problem)
    return setting.onnx_path


def need_precision(setting: Setting, name: str, *precisions: str) -> None:
    """Refuse a case in a precision that a contestant does not have.

    Raises:
        UnavailableError: If the case's precision is none of these.
    """
    if setting.case.precision not in precisions:
        raise UnavailableError(
            f"{name} is measured in {' and '.join(precisions)} here: --precision"
        )
