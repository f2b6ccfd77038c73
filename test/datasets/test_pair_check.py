# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whether a mask lies on its image: EXIF turns both, or whoever counts on it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from png_files import exif, png
from tiny_dataset import COLOURS, TABLE

from lwrf_ros.datasets.dataset import count_facts, find_pairs, read_image, read_truth
from lwrf_ros.datasets.pair_check import OUT_OF_EXIF, look_at

# Every turn and mirror of it is another.
SCENE = np.array([[0] * 16 + [1] * 16] * 8 + [[2] * 32] * 8, np.uint8)


def write(root: Path, image_turn: int, mask: np.ndarray, mask_turn: int, form: str) -> list[str]:
    """Write a pair whose stored image is SCENE, and return what is wrong with it."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    tags = Image.Exif()
    if image_turn:
        tags[0x0112] = image_turn
    path = root / f"images/a.{form.lower()}"
    Image.fromarray(COLOURS[SCENE]).save(path, form, exif=tags, quality=95)
    parts = [(b"eXIf", exif(mask_turn))] if mask_turn else []
    (root / "masks/a.png").write_bytes(png(mask, parts=parts))
    (pair,) = find_pairs(root)
    return look_at(pair, len(TABLE)).problems


def disagreement(root: Path) -> float:
    """Return the share of pixels whose colour is not that of the mask's class."""
    (pair,) = find_pairs(root)
    image, truth = read_image(pair.image).astype(int), read_truth(pair)
    nearest = np.abs(image[..., None, :] - COLOURS.astype(int)).sum(-1).argmin(-1)
    return float((nearest != truth).mean())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", [2, 3, 4, 6])
def test_the_same_turn_of_both_is_done_to_both(tmp_path: Path, turn: int, form: str) -> None:
    assert write(tmp_path, turn, SCENE, turn, form) == []
    # What JPEG does along the borders is not meant.
    assert disagreement(tmp_path) < 0.05


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_mask_that_says_that_it_is_upright_lies_on_what_is_displayed(
    tmp_path: Path, form: str
) -> None:
    assert write(tmp_path, 3, SCENE[::-1, ::-1], 1, form) == []
    assert disagreement(tmp_path) < 0.05


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("turn", "said"), [(2, "mirrored left to right"), (3, "turned by 180°")])
def test_a_mask_that_says_nothing_may_be_upside_down(
    tmp_path: Path, turn: int, said: str, form: str
) -> None:
    (problem,) = write(tmp_path, turn, SCENE, 0, form)
    assert problem.startswith(f"{tmp_path}/images/a.{form.lower()}: EXIF says that it is {said}, ")
    problems: list[str] = []
    count_facts(find_pairs(tmp_path), TABLE, problems)
    assert problems == [problem, OUT_OF_EXIF]


def test_a_quarter_turn_is_told_by_the_size(tmp_path: Path) -> None:
    assert write(tmp_path / "displayed", 6, SCENE.T[:, ::-1], 0, "JPEG") == []
    assert disagreement(tmp_path / "displayed") < 0.05
    (problem,) = write(tmp_path / "stored", 6, SCENE, 0, "JPEG")
    assert "masks/a.png: is 32x16, its image is 16x32; EXIF: the image is turned by 90°" in problem


def test_a_mask_that_turns_alone(tmp_path: Path) -> None:
    (problem,) = write(tmp_path, 0, SCENE, 3, "PNG")
    assert problem.startswith(
        f"{tmp_path}/masks/a.png: EXIF says that it is turned by 180°, and of its image a.png that "
        "it is not turned; wanted the same of both"
    )


@pytest.mark.parametrize("orientation", [0, 1])
def test_nothing_is_turned_where_nothing_is_said(tmp_path: Path, orientation: int) -> None:
    assert write(tmp_path, orientation, SCENE, 0, "JPEG") == []
    assert disagreement(tmp_path) < 0.05
