# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The backbone that docs/backbones.md adds: a copy of the package with its file and line works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny_dataset import write_dataset, write_table

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENT = REPOSITORY / "docs" / "backbones.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHECK = """
import torch
from lwrf_ros.backbones import DECODERS
from lwrf_ros.network import build_network, randomise
from lwrf_ros.segmentation.simplify import Rewrites, simplify

for decoder in DECODERS:
    network = build_network("stack", 5, decoder)
    randomise(network, seed=1)
    image = torch.randn(1, 3, 67, 101, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        logits = network(image)
        simplified = simplify(network, Rewrites(join_sums=True, merge_last_stage=True))(image)
    assert logits.shape == (1, 5, 17, 26), logits.shape
    error = (logits - simplified).abs().max() / logits.abs().max()
    assert error < 1e-5, (decoder, error)
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package to which the document's two pieces were added."""
    folder = tmp_path_factory.mktemp("extended")
    package = folder / "lwrf_ros"
    shutil.copytree(REPOSITORY / "lwrf_ros", package, ignore=shutil.ignore_patterns("__pycache__"))
    encoder, line = BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
    (package / "network" / "encoders" / "stack.py").write_text(encoder, encoding="utf-8")
    registry = package / "backbones.py"
    text = registry.read_text(encoding="utf-8")
    end = text.index("}", text.index("BACKBONES = {"))
    registry.write_text(text[:end] + line + text[end:], encoding="utf-8")
    write_dataset(folder / "train", 4, (48, 64))
    write_table(folder)
    return folder


def python(folder: Path, *arguments: str) -> str:
    """Run Python with the extended package and return what it printed."""
    environment = dict(os.environ, PYTHONPATH=str(folder))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# One process for all: most of what it takes is its imports.
WORK = """
import sys
from lwrf_ros.cli.main import main

table = ("--classes", "tiny.yaml")
assert main(["train", "train", *table, "--backbone", "stack", "--epochs", "1", "-o", "run"]) == 0
assert main(["evaluate", "run/weights.safetensors", "--data", "train", *table]) == 0
if "export" in sys.argv:
    assert main(["export", "run/weights.safetensors", *table, "-o", "stack.onnx"]) == 0
"""


def test_every_decoder_fits_it_and_it_is_trained_evaluated_and_exported(extended: Path) -> None:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    scores = python(extended, "-c", CHECK + WORK, *([] if missing else ["export"]))
    assert "stack" in scores
    assert "mean IoU" in scores
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed: no export to ONNX")
    assert (extended / "stack.onnx").stat().st_size > 100_000
