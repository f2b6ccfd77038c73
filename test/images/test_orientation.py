# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""EXIF's orientation: found in every format that has one, and done to pixels as it says."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from png_files import exif, png

from lwrf_ros.images.orientation import orientation_of, turned

# By EXIF 2.32's table: where the first stored row and column are seen. Stored is 0 1 2 over 3 4 5.
SEEN = {
    0: [[0, 1, 2], [3, 4, 5]],
    1: [[0, 1, 2], [3, 4, 5]],  # row: top, column: left
    2: [[2, 1, 0], [5, 4, 3]],  # top, right
    3: [[5, 4, 3], [2, 1, 0]],  # bottom, right
    4: [[3, 4, 5], [0, 1, 2]],  # bottom, left
    5: [[0, 3], [1, 4], [2, 5]],  # left, top
    6: [[3, 0], [4, 1], [5, 2]],  # right, top
    7: [[5, 2], [4, 1], [3, 0]],  # right, bottom
    8: [[2, 5], [1, 4], [0, 3]],  # left, bottom
}


def file_of(form: str, orientation: int) -> bytes:
    tags, data = Image.Exif(), io.BytesIO()
    tags[0x0112] = orientation
    Image.new("RGB", (30, 20)).save(data, form, exif=tags)
    return data.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientations_are_found(form: str) -> None:
    assert [orientation_of(file_of(form, value)) for value in (1, 3, 6, 8)] == [1, 3, 6, 8]
    # Nothing that EXIF knows.
    assert orientation_of(file_of(form, 9)) == 0


def test_a_png_may_have_it_before_or_behind_the_pixels() -> None:
    values = np.zeros((4, 6), np.uint8)
    assert orientation_of(png(values, parts=[(b"eXIf", exif(6))])) == 6
    assert orientation_of(png(values, behind=[(b"eXIf", exif(6))])) == 6
    assert orientation_of(png(values)) == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff and no more",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0",
        png(np.zeros((4, 6), np.uint8), parts=[(b"eXIf", b"MM\0*\0\0\0\xff nonsense")]),
        png(np.zeros((4, 6), np.uint8), parts=[(b"eXIf", exif(6)[:12])]),
        png(np.zeros((4, 6), np.uint8), parts=[(b"eXIf", exif(6))])[:-30],
    ],
)
def test_what_cannot_be_read_says_nothing(data: bytes) -> None:
    assert orientation_of(data) == 0


@pytest.mark.parametrize("orientation", SEEN)
def test_pixels_are_turned(orientation: int) -> None:
    stored = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert turned(stored, orientation).tolist() == SEEN[orientation]
    colours = np.stack([stored, stored + 10, stored + 20], axis=-1)
    seen = turned(colours, orientation)
    assert (seen[..., 1] - 10).tolist() == SEEN[orientation]
    assert seen.flags.c_contiguous
