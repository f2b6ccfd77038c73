# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf train`` with the probabilities of a teacher: a whole training, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from tiny_dataset import TABLE, write_dataset, write_table

from lwrf_ros.cli.main import main

SIZE = (32, 48)
CLASSES = len(TABLE)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three images, of which two have probabilities."""
    root = write_dataset(tmp_path / "train", 3, SIZE)
    write_table(tmp_path)
    store(root, 0)
    store(root, 1)
    return root


def store(root: Path, index: int) -> None:
    image = sorted((root / "images").iterdir())[index]
    taught = np.full((CLASSES, 8, 12), 255 // CLASSES, np.uint8)
    (root / "probabilities").mkdir(exist_ok=True)
    np.savez_compressed(root / "probabilities" / f"{image.stem}.npz", probabilities=taught)


def train(data: Path, out: Path, *options: str) -> int:
    table = data.parent / "tiny.yaml"
    fixed = ("--device", "cpu", "--workers", "1", "--cache-mib", "16", "--epochs", "1")
    arguments = ["--classes", str(table), "-o", str(out), *fixed, *options]
    return main(["train", str(data), *arguments])


def test_a_training_by_the_distilling_recipe(data: Path, tmp_path: Path) -> None:
    store(data, 2)
    assert train(data, tmp_path / "out", "--recipe", "distill", "--batch", "2") == 0
    with safe_open(tmp_path / "out" / "weights.safetensors", framework="np") as file:
        recipe = json.loads(file.metadata()["recipe"])
    assert (recipe["hard"], recipe["distill"]) == (0, 1)


def test_images_that_would_teach_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(data, tmp_path / "out", "--recipe", "distill") == 2
    said = capsys.readouterr().err
    assert "1 of 3 images have no stored probabilities" in said and "--set hard=1" in said
    assert not (tmp_path / "out").exists()


def test_no_probabilities_at_all(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (data / "probabilities").iterdir():
        path.unlink()
    assert train(data, tmp_path / "out", "--set", "distill=0.5") == 2
    said = capsys.readouterr().err
    assert "none of the 3 images has any" in said and "lwrf label --probabilities" in said


def test_probabilities_beside_masks_for_some_images(data: Path, tmp_path: Path) -> None:
    assert train(data, tmp_path / "out", "--recipe", "plain", "--set", "distill=0.5") == 0


def test_probabilities_that_are_left_aside_are_mentioned(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(data, tmp_path / "out", "--recipe", "plain") == 0
    assert "2 images have stored probabilities, which are left aside" in capsys.readouterr().err


def test_a_training_keeps_its_memory(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    monkeypatch.setattr("lwrf_ros.cli.train.keep_all_freed_memory", lambda: told.append(True))
    assert train(data, tmp_path / "out", "--recipe", "plain") == 0
    assert told == [True]
