# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A card is changed, and nothing else of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lwrf_ros.weights.card import CardError, Score, read_card, scores_of
from lwrf_ros.weights.rewriting import add_scores, rewrite_card

# bfloat16, which NumPy lacks, and values that a conversion would change.
TENSORS = {
    "a": torch.tensor([1.0, -0.0, 3e38], dtype=torch.bfloat16),
    "b": torch.arange(6, dtype=torch.float16).reshape(2, 3) / 3,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_file(TENSORS, tmp_path / "w.safetensors", {"data": "yard", "temperature": "1.0"})
    return tmp_path / "w.safetensors"


def assert_tensors(path: Path) -> None:
    read = load_file(path)
    assert read.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name].view(torch.int16), tensor.view(torch.int16))


def test_entries_are_changed_and_added(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    other = tmp_path / "other.safetensors"
    rewrite_card(path, other, {"temperature": "1.5", "license": "MIT"})
    assert read_card(other) == {"data": "yard", "temperature": "1.5", "license": "MIT"}
    assert_tensors(other)
    assert path.read_bytes() == before
    rewrite_card(path, path, {"temperature": "2.0"})
    assert read_card(path) == {"data": "yard", "temperature": "2.0"}
    assert_tensors(path)


def test_scores_are_added_and_replaced(path: Path) -> None:
    first = Score("streets", "mean IoU", 0.5, {})
    accuracy = Score("streets", "pixel accuracy", 0.8, {})
    add_scores(path, [first, accuracy])
    assert scores_of(read_card(path)) == [first, accuracy]
    again, rooms = Score("streets", "mean IoU", 0.6, {"road": 0.9}), Score("rooms", "x", 0.1, {})
    add_scores(path, [again, rooms])
    assert scores_of(read_card(path)) == [accuracy, again, rooms]
    assert read_card(path)["data"] == "yard"
    assert_tensors(path)


def test_what_has_no_card_is_refused(tmp_path: Path) -> None:
    torch.save(TENSORS, tmp_path / "w.pth")
    for name in ("w.pth", "none.safetensors"):
        with pytest.raises(CardError, match=f"{name} cannot be read as safetensors"):
            rewrite_card(tmp_path / name, tmp_path / "out.safetensors", {})
    assert not (tmp_path / "out.safetensors").exists()


def test_a_target_that_cannot_be_written(path: Path, tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"cannot write .*/none/w"):
        rewrite_card(path, tmp_path / "none" / "w.safetensors", {})
