# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Package data, however it is installed: class tables, groups, mappings, weights, configuration."""

from __future__ import annotations

import sys
import sysconfig
from importlib import resources
from pathlib import Path

_ROOT = Path(str(resources.files("lwrf_ros.data")))
_PACKAGE = "lwrf_ros"


def class_tables() -> dict[str, Path]:
    """Return the bundled class tables by name."""
    return {path.stem: path for path in sorted((_ROOT / "classes").glob("*.yaml"))}


def class_groups() -> dict[str, Path]:
    """Return the bundled class groups by name, ``<class table>_<purpose>``."""
    return {path.stem: path for path in sorted((_ROOT / "groups").glob("*.yaml"))}


def class_mappings() -> dict[str, Path]:
    """Return the bundled mappings of a teacher's classes by name, that of the class table."""
    return {path.stem: path for path in sorted((_ROOT / "mappings").glob("*.yaml"))}


def bundled_weights() -> list[Path]:
    """Return the bundled weights files; their names are ``<backbone>-<decoder>-<classes>``."""
    return sorted((_ROOT / "weights").glob("*.safetensors"))


def find_weights(backbone: str, decoder: str, classes: str) -> Path | None:
    """Return the bundled weights for a network and a bundled class table, if there are any."""
    path = _ROOT / "weights" / f"{backbone}-{decoder}-{classes}.safetensors"
    return path if path.is_file() else None


def config_path(name: str) -> Path:
    """Return a file of ``config/``: from the source tree or from the installed share folder.

    Raises:
        FileNotFoundError: If it is in neither; the installation is incomplete then.
    """
    # A source tree, an install next to lib/pythonX.Y/site-packages (colcon), and a virtual
    # environment or a system prefix (pip).
    candidates = [_ROOT.parents[1] / "config" / name]
    prefixes = [*_ROOT.parents, Path(sysconfig.get_path("data")), Path(sys.prefix)]
    candidates += [prefix / "share" / _PACKAGE / "config" / name for prefix in prefixes]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"config/{name} of {_PACKAGE} is not installed; looked beside the sources and under "
        f"share/{_PACKAGE} of {sys.prefix}: install the package again"
    )
