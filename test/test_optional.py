# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""ONNX Runtime keeps no store of what to report, whichever tool imports it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
VARIABLE = "ORT_DISABLE_TELEMETRY"
# As `lwrf export`, `lwrf benchmark`, `lwrf label` and `lwrf info` do it.
WAYS = {
    "export": "from lwrf_ros.export.onnx_file import require; require('onnxruntime')",
    "benchmark": "from lwrf_ros.experiments.benchmark.peers.needs import need_module; "
    "need_module('onnxruntime', 'onnxruntime')",
    "label": "from pathlib import Path; from lwrf_ros.labelling.model import require; "
    "require('onnxruntime', 'onnxruntime', Path('teacher.onnx'))",
    "info": "from lwrf_ros.machine.part_probe import probe; print(probe('onnxruntime'))",
}


def run(code: str, home: Path, **variables: str) -> str:
    """Run Python code in a home folder of its own and return what it printed."""
    kept = {key: value for key, value in os.environ.items() if key != VARIABLE}
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**kept, **places, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
def test_onnx_runtime_reports_nothing(code: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing to silence")
    run(code, tmp_path)
    assert [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name] == []


@pytest.mark.parametrize(("given", "seen"), [({}, "1"), ({VARIABLE: "0"}, "0")])
@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
def test_it_is_told_before_the_import_unless_the_user_said_otherwise(
    code: str, given: dict[str, str], seen: str, tmp_path: Path
) -> None:
    stand_in = f"""
import os
from pathlib import Path
Path(__file__).with_name("seen").write_text(str(os.environ.get("{VARIABLE}")))
get_available_providers = list
"""
    (tmp_path / "onnxruntime.py").write_text(stand_in)
    path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    run(code, tmp_path, PYTHONPATH=path, **given)
    assert (tmp_path / "seen").read_text() == seen
