# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a mask stands for: numbers, colours of the class table, palettes in any order."""

from __future__ import annotations

import numpy as np
import pytest

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.mask_meaning import AS_STORED, BY_COLOURS, BY_PALETTE, labels_of
from lwrf_ros.datasets.stored_mask import MaskError, StoredMask

ROAD, PERSON, SKY = [128, 64, 128], [220, 20, 60], [70, 130, 180]
TABLE = ClassTable("street", ("road", "person", "sky"), np.array([ROAD, PERSON, SKY], np.uint8))
NO = 255


def coloured(*rows: list[list[int]]) -> StoredMask:
    return StoredMask(np.array(rows, np.uint8))


def indexed(values: list[int], palette: list[list[int]]) -> StoredMask:
    return StoredMask(np.array([values], np.uint8), np.array(palette, np.uint8).reshape(-1, 3))


def error_of(mask: StoredMask) -> str:
    with pytest.raises(MaskError) as caught:
        labels_of(mask, TABLE)
    return str(caught.value)


# ---- numbers


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_numbers_are_class_indices(dtype: type) -> None:
    labels, how = labels_of(StoredMask(np.array([[0, 2, NO], [1, 1, 0]], dtype)), TABLE)
    assert (labels.tolist(), labels.dtype, how) == ([[0, 2, NO], [1, 1, 0]], np.uint8, AS_STORED)


def test_numbers_of_no_class_have_a_count_and_a_place() -> None:
    mask = StoredMask(np.array([[0, 1, 2], [0, 7, 3], [3, 1, NO]], np.uint8))
    assert error_of(mask) == (
        "holds the indices 3, 7; the table has classes 0 to 2, and 255 for unlabelled (3 pixels, "
        "the first at x 1, y 1)"
    )


def test_numbers_over_8_bits() -> None:
    mask = StoredMask(np.array([[0, 26001], [65535, 1]], np.uint16))
    assert "holds the indices 26001, 65535; the table has classes 0 to 2" in error_of(mask)
    with pytest.raises(MaskError, match=r"26001, 65535; wanted 0 to 255 \(2 pixels, the first"):
        labels_of(mask, None)
    stretched = StoredMask(np.array([[0, 257, 514]], np.uint16))
    assert error_of(stretched).endswith("as 8 bits stretched to 16: divide by 257")


# ---- colours


def test_colours_of_the_table_are_translated() -> None:
    labels, how = labels_of(coloured([ROAD, SKY], [PERSON, ROAD]), TABLE)
    assert (labels.tolist(), labels.dtype, how) == ([[0, 2], [1, 0]], np.uint8, BY_COLOURS)


def test_every_colour_of_the_largest_table() -> None:
    count = 255
    colours = np.random.default_rng(3).permutation(2**24)[:count]
    colours = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1).astype(np.uint8)
    table = ClassTable("large", tuple(map(str, range(count))), colours)
    order = np.random.default_rng(4).permutation(count).reshape(5, 51)
    np.testing.assert_array_equal(labels_of(StoredMask(colours[order]), table).labels, order)


def test_colours_of_no_class_have_counts_and_places() -> None:
    odd, white = [129, 64, 128], [255, 255, 255]
    assert error_of(coloured([ROAD, odd, ROAD], [white, white, PERSON])) == (
        "holds colours that no class of 'street' has: (255, 255, 255) in 2 pixels, the first at "
        "x 0, y 1, (129, 64, 128) in 1 pixel, the first at x 1, y 0 (3 pixels, the first at x 1, "
        "y 0 altogether); give the class its colour in the class table, or save class indices (255 "
        "for none)"
    )


def test_colours_that_went_through_jpeg_or_smoothing() -> None:
    shades = [[128, 64, 80 + shade] for shade in range(48)]
    assert "so many come of JPEG, smoothing or scaling" in error_of(coloured([ROAD, *shades]))


def test_indices_in_three_channels() -> None:
    assert "all of it is grey: class indices have to be saved in one channel" in error_of(
        coloured([[0, 0, 0], [1, 1, 1]])
    )


def test_colours_without_a_table() -> None:
    with pytest.raises(MaskError, match="holds colours; wanted one channel"):
        labels_of(coloured([ROAD, SKY]), None)


# ---- palettes


def test_a_palette_in_the_tables_order_is_read_by_index() -> None:
    assert labels_of(indexed([2, 0, 1, NO], [ROAD, PERSON, SKY]), TABLE)[1] == AS_STORED


@pytest.mark.parametrize(
    ("palette", "values", "wanted"),
    [
        ([SKY, PERSON, ROAD], [0, 1, 2], [2, 1, 0]),
        ([PERSON, ROAD], [0, 0, 1], [1, 1, 0]),
        # Behind what is used there may be anything, also black again and again.
        ([[0, 0, 0], SKY, ROAD, [0, 0, 0]], [1, 2, 1], [2, 0, 2]),
        # Two places of one colour are one class; 255 stays unlabelled in a colour of its own.
        ([ROAD, ROAD, *[[0, 0, 0]] * 253, [255, 255, 255]], [0, 1, NO], [0, 0, NO]),
        # Of the table, though its index is that of no class.
        ([*[[0, 0, 0]] * 7, PERSON], [7, 7], [1, 1]),
    ],
)
def test_a_palette_with_the_classes_in_another_order_is_translated(
    palette: list[list[int]], values: list[int], wanted: list[int]
) -> None:
    labels, how = labels_of(indexed(values, palette), TABLE)
    assert (labels.tolist(), how) == ([wanted], BY_PALETTE)
    # Without a table there is nothing that its colours could say.
    assert labels_of(indexed(values, palette), None).labels.tolist() == [values]


@pytest.mark.parametrize(
    "palette",
    [
        [[1, 2, 3], [4, 5, 6], [7, 8, 9]],  # a labelling tool's own colours
        [[0, 0, 0], [1, 1, 1], [2, 2, 2]],  # shades of grey
        [[9, 9, 9], PERSON, [8, 8, 8]],  # one of the table's, where the table has it
        [[9, 9, 9], [8, 8, 8], [7, 7, 7], ROAD],  # of the table, but not used
    ],
)
def test_a_palette_of_other_colours_is_read_by_index(palette: list[list[int]]) -> None:
    labels, how = labels_of(indexed([0, 1, 2], palette), TABLE)
    assert (labels.tolist(), how) == ([[0, 1, 2]], AS_STORED)


def test_shades_of_grey_say_nothing() -> None:
    """They are how a palette stands in for grey, whatever colours the table has."""
    colours = np.array([[2, 2, 2], [1, 1, 1], [0, 0, 0]], np.uint8)
    table = ClassTable("grey", ("a", "b", "c"), colours)
    greys = [[shade] * 3 for shade in range(256)]
    assert labels_of(indexed([0, 1, 2], greys), table).labels.tolist() == [[0, 1, 2]]


def test_a_palette_that_is_partly_the_tables_is_refused() -> None:
    assert error_of(indexed([0, 1, 2], [PERSON, [9, 9, 9], SKY])) == (
        "its palette and its indices say different things: index 0 is shown in the colour of class "
        "1 (person), and index 1 in one that no class has ((9, 9, 9)); wanted the table's colours "
        "in the table's order, or indices without a palette (greyscale)"
    )


def test_an_index_beyond_the_palette() -> None:
    assert "index 3 in one that no class has (none)" in error_of(indexed([0, 3], [PERSON]))
    assert "holds the index 3" in error_of(indexed([0, 3], [ROAD]))
