# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The log of a training: what stands in the table and in the picture, and that both are whole."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from lwrf_ros.training.journal import Row, draw_curves, write_csv

HEADER = "epoch,step,loss,rate,mean_iou,pixel_accuracy,seconds"


def rows(count: int, scored: bool = True) -> list[Row]:
    return [
        Row(
            epoch=number,
            step=3 * number,
            loss=2 / number,
            rate=1e-3 * (1 - number / count),
            mean_iou=1 - 1 / number if scored and number % 2 else None,
            pixel_accuracy=1 - 0.5 / number if scored and number % 2 else None,
            seconds=1.5 * number,
        )
        for number in range(1, count + 1)
    ]


def test_table(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_csv(
        [Row(1, 91, 1.25, 0.001, None, None, 3.0), Row(2, 182, 1 / 3, 5e-7, 0.5, 0.875, 1234.5)],
        path,
    )
    assert path.read_text() == (
        f"{HEADER}\n1,91,1.25,0.001,,,3\n2,182,0.333333,5e-07,0.5,0.875,1234.5\n"
    )


def test_a_score_that_is_not_defined_is_no_number(tmp_path: Path) -> None:
    """As of a validation set of one class; not empty, as where nobody looked."""
    write_csv([Row(1, 91, 1.25, 0.001, math.nan, 0.875, 3.0)], tmp_path / "log.csv")
    assert (tmp_path / "log.csv").read_text() == f"{HEADER}\n1,91,1.25,0.001,n/a,0.875,3\n"


def test_steps_are_counted_exactly(tmp_path: Path) -> None:
    write_csv([Row(99_999, 1_234_567, 1, 1, None, None, 1)], tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["epoch"], row["step"]) == ("99999", "1234567")


def test_a_table_without_rows_has_a_header(tmp_path: Path) -> None:
    write_csv([], tmp_path / "log.csv")
    assert (tmp_path / "log.csv").read_text() == f"{HEADER}\n"


@pytest.mark.parametrize(("count", "scored"), [(60, True), (5, False)])
def test_curves_are_a_picture(tmp_path: Path, count: int, scored: bool) -> None:
    draw_curves(rows(count, scored), tmp_path / "curves.png")
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture is not None
    height, width = picture.shape[:2]
    assert (height, width) == (660, 990)
    # A curve above; below, curves where there are scores, and words where there are none.
    blue = np.abs(picture.astype(int) - (180, 119, 31)).max(axis=2) < 20  # tab:blue as BGR
    green = np.abs(picture.astype(int) - (44, 160, 44)).max(axis=2) < 20
    assert blue[: height // 2].sum() > 100
    assert (green[height // 2 :].sum() > 20) == scored


def test_scores_that_are_no_numbers_are_left_blank(tmp_path: Path) -> None:
    odd = [Row(n, n, 1.0, 0.1, math.nan, math.nan, 1.0) for n in (1, 2)]
    draw_curves(odd, tmp_path / "curves.png")
    assert cv2.imread(str(tmp_path / "curves.png")) is not None


@pytest.mark.parametrize("count", [0, 1])
def test_one_point_is_no_curve(tmp_path: Path, count: int) -> None:
    draw_curves(rows(count), tmp_path / "curves.png")
    assert list(tmp_path.iterdir()) == []


# ---- files
