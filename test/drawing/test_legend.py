# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The legend's picture: every class with its colour and a name, whatever the table."""

from __future__ import annotations

import numpy as np
import pytest

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.drawing.legend import INK, PAPER, draw_class_legend, load_font, share_texts

SWATCH_PX = 20 * 20


def area(picture: np.ndarray, colour: np.ndarray) -> int:
    return int((picture == colour).all(axis=-1).sum())


@pytest.mark.parametrize(("name", "width_px"), [("camvid", 640), ("context", 1280)])
def test_every_class_has_a_swatch_of_its_colour(name: str, width_px: int) -> None:
    table = ClassTable.load(name)
    picture = draw_class_legend(table)
    assert picture.dtype == np.uint8
    assert picture.shape[1:] == (width_px, 3)
    # Not much higher than a camera's image, and on paper all around.
    assert picture.shape[0] < width_px
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == PAPER).all()
    for colour in table.colours:
        assert area(picture, colour) >= SWATCH_PX


def test_names_are_written_in_any_letters() -> None:
    def of(name: str) -> np.ndarray:
        return draw_class_legend(ClassTable("one", (name,), np.array([[255, 0, 0]], np.uint8)))

    for name in ("straße", "дорога", "δρόμος"):
        # A letter that the font lacks is drawn as an empty box, the same for all.
        assert not np.array_equal(of(name), of("\U000f0000" * len(name)))
    assert area(of("road"), np.array(INK)) > area(of("i"), np.array(INK))


def test_bold_is_wider() -> None:
    assert load_font(20, bold=True).getlength("road") > load_font(20).getlength("road")


def test_shares_of_what_is_there_in_the_order_of_the_table() -> None:
    shares = {"wall": 0.00049, "road": 0.25, "sky": 0.0005, "car": 0.0}
    assert share_texts(shares) == {"road": "25.0 %", "sky": "0.1 %"}
    # Of 30 that are there, the 22 largest.
    many = {f"class{n}": n / 465 for n in range(1, 31)}
    assert list(share_texts(many)) == [f"class{n}" for n in range(9, 31)]
