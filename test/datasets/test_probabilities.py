# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Probabilities that a teacher stored: found by name, read as they are, refused where wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_dataset import TABLE, write_dataset

from lwrf_ros.datasets.dataset import check_pairs, find_pairs
from lwrf_ros.datasets.pair import DatasetError
from lwrf_ros.datasets.probabilities import (
    find_probabilities,
    read_probabilities,
    resize_probabilities,
)


def store(path: Path, **arrays: np.ndarray) -> Path:
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **arrays)
    return path


def test_found_by_the_images_name(tmp_path: Path) -> None:
    assert find_probabilities(tmp_path) == {}
    folder = tmp_path / "probabilities"
    one = store(folder / "a.npz", probabilities=np.zeros((2, 1, 1), np.uint8))
    (folder / "notes.txt").write_text("not one of them")
    (folder / "._a.npz").write_text("a Mac's")
    composed, taken_apart = "\N{LATIN SMALL LETTER A WITH DIAERESIS}", "a\N{COMBINING DIAERESIS}"
    two = store(folder / f"{taken_apart}.npz", probabilities=np.zeros((2, 1, 1), np.uint8))
    assert find_probabilities(tmp_path) == {"a": one, composed: two}


def test_read_as_they_are(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = store(tmp_path / "p" / "a.npz", probabilities=values)
    read = read_probabilities(path, 2)
    assert read.dtype == np.uint8 and np.array_equal(read, values)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"other": np.zeros((2, 3, 4), np.uint8)}, "has no array 'probabilities'"),
        ({"probabilities": np.zeros((2, 3, 4), np.float32)}, "float32 of shape (2, 3, 4)"),
        ({"probabilities": np.zeros((3, 3, 4), np.uint8)}, "uint8 of shape (3, 3, 4)"),
        ({"probabilities": np.zeros((3, 4), np.uint8)}, "uint8 of shape (3, 4)"),
        ({"probabilities": np.zeros((2, 0, 4), np.uint8)}, "uint8 of shape (2, 0, 4)"),
        ({"probabilities": np.array([object()])}, "cannot be read as probabilities"),
    ],
)
def test_what_is_something_else_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], said: str
) -> None:
    path = store(tmp_path / "p" / "a.npz", **arrays)
    with pytest.raises(DatasetError) as caught:
        read_probabilities(path, 2)
    assert str(path) in str(caught.value) and said in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"no archive at all"])
def test_a_damaged_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="cannot be read as probabilities"):
        read_probabilities(path, 2)


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 256, (2, 40, 40), dtype=np.uint8)
    path = store(tmp_path / "p" / "a.npz", probabilities=values)
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(DatasetError, match="cannot be read as probabilities"):
        read_probabilities(path, 2)


def test_every_mistake_is_listed_before_the_training(tmp_path: Path) -> None:
    root = write_dataset(tmp_path, 3, (8, 8))
    pairs = find_pairs(root)
    store(root / "probabilities" / f"{pairs[0].name}.npz", probabilities=np.zeros(3, np.uint8))
    (root / "probabilities" / f"{pairs[2].name}.npz").write_bytes(b"?")
    with pytest.raises(DatasetError) as caught:
        check_pairs(find_pairs(root), TABLE)
    assert "2 mistakes" in str(caught.value)


def test_stretched_with_half_pixel_centres() -> None:
    values = np.array([[[0, 100]], [[200, 0]]], np.uint8)
    wide = resize_probabilities(values, (2, 4))
    assert wide.tolist() == [[[0, 25, 75, 100]] * 2, [[200, 150, 50, 0]] * 2]
    assert resize_probabilities(values, (1, 2)) is values
