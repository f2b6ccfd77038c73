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
    environment = dict(os.environ, PYTHONPATH=str(folder), OMP_NUM_THREADS="1")
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


def test_every_decoder_fits_it(extended: Path) -> None:
    python(extended, "-c", CHECK)


def test_it_is_trained_evaluated_exported_and_measured(extended: Path) -> None:
    lwrf = ("-m", "lwrf_ros.cli.main")
    table = ("--classes", "tiny.yaml")
    python(
        extended,
        *lwrf,
        "train",
        "train",
        *table,
        "--backbone",
        "stack",
        "--epochs",
        "1",
        "-o",
        "run",
    )
    scores = python(
        extended, *lwrf, "evaluate", "run/weights.safetensors", "--data", "train", *table
    )
    assert "stack" in scores
    assert "mean IoU" in scores
    for needed in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed: no export to ONNX")
    python(extended, *lwrf, "export", "run/weights.safetensors", *table, "-o", "stack.onnx")
    assert (extended / "stack.onnx").stat().st_size > 100_000
