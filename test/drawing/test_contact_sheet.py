# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The frames on the sheet are spread evenly over runs of any length."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lwrf_ros.drawing.contact_sheet import FRAMES_ON_SHEET, KEPT, ContactSheet


@pytest.mark.parametrize("frames", [12, 13, 71, 72, 73, 500, 2000])
def test_spread(frames: int) -> None:
    sheet = ContactSheet()
    for number in range(frames):
        sheet.add(np.zeros((3, 4, 3), np.uint8), number)
    numbers = [thumbnail.number for thumbnail in sheet.chosen()]
    assert len(numbers) == FRAMES_ON_SHEET
    assert numbers[0] == 1
    steps = np.diff(numbers)
    assert steps.min() > 0
    # An even step, give or take the grid on which frames are kept.
    even = (frames - 1) / (FRAMES_ON_SHEET - 1)
    grid = max(1.0, 2 * frames / KEPT)
    assert np.abs(steps - even).max() <= grid
    assert len(sheet._kept) <= KEPT


@pytest.mark.parametrize("frames", [1, 3, 7])
def test_short_run_shows_all(frames: int, tmp_path: Path) -> None:
    sheet = ContactSheet()
    for number in range(frames):
        sheet.add(np.full((30, 20, 3), (0, 255, 0), np.uint8), number)
    path = tmp_path / "sheet.png"
    sheet.write(path, "title", None, {"grass": (0, 200, 0)}, {})
    green = (cv2.imread(str(path)) == (0, 255, 0)).all(axis=-1).astype(np.uint8)
    assert cv2.connectedComponents(green)[0] - 1 == frames


def test_sizes_that_change() -> None:
    sheet = ContactSheet()
    for height, width in ((30, 40), (400, 20), (1, 2000)):
        sheet.add(np.zeros((height, width, 3), np.uint8), 0)
    assert len({thumbnail.pixels.shape[1] for thumbnail in sheet.chosen()}) == 1
