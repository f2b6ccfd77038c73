# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The engine speaks to nobody: no socket, no store of what to report, no variable set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
RUN = """
import os
from pathlib import Path
import numpy as np
before = dict(os.environ)
import lwrf_ros
assert dict(os.environ) == before
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.network import build_network, randomise
from lwrf_ros.segmentation import Segmenter
network = build_network("mobilenet_v2", 11)
randomise(network, seed=0)
segmenter = Segmenter(network, ClassTable.load("camvid"), device="cpu", input_size=(64, 64))
segmenter.segment([np.zeros((64, 64, 3), np.uint8)])
assert "numba" in segmenter.device_name
for descriptor in Path("/proc/self/fd").iterdir():
    if descriptor.is_symlink():
        print(os.readlink(descriptor))
"""


def files_open(home: Path) -> list[str]:
    """Run the engine in a home folder of its own; return what it has open at the end."""
    home.mkdir()
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=REPOSITORY,
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_nothing_is_reported_to_anybody(tmp_path: Path) -> None:
    home = tmp_path / "home"
    opened = files_open(home)
    assert [path for path in opened if path.startswith("socket:") or str(home) in path] == []
    # numba keeps compiled code there where the package's folder cannot be written.
    written = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in written if path.suffix not in (".nbi", ".nbc")] == []
