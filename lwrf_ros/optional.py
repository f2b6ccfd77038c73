# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Packages that single tools use, and that report to nobody when they are imported here."""

from __future__ import annotations

import importlib
import os
from types import ModuleType


def import_optional(name: str) -> ModuleType:
    """Import a package that the rest of lwrf_ros does without.

    ONNX Runtime's wheels (1.32, for one) report use to their maker over the network unless a
    variable is set before they are imported. A robot's software speaks to nobody unasked
    (docs/security.md), so it is set here, for this process and its children, unless the user did.

    Args:
        name: Name of the module.

    Raises:
        ImportError: If it is not installed, or broken.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return importlib.import_module(name)
