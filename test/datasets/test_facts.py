# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is told of a data set before anything is done with it, and what of it is warned of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from tiny_dataset import TABLE

from lwrf_ros.datasets.facts import Facts, as_text, notes_of, tell, warnings_of
from lwrf_ros.datasets.mask_meaning import AS_STORED, BY_COLOURS, BY_PALETTE

NO = 255


def facts_of(*masks: Sequence[int], how: str = AS_STORED) -> Facts:
    """Return the facts of masks that hold these numbers."""
    facts = Facts.of(3)
    for number, values in enumerate(masks):
        facts.add(f"{number}.png", np.bincount(values, minlength=256), how)
    return facts


def warnings(*masks: Sequence[int]) -> list[str]:
    return warnings_of(facts_of(*masks), TABLE)


def test_every_class_and_what_is_unlabelled_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    facts = facts_of([0, 0, 1, NO], [2, 2, 2, 2], [2, 1, NO, NO])
    assert facts.pixels.tolist() == [2, 2, 5]
    assert facts.masks.tolist() == [1, 2, 2]
    tell(facts, TABLE, "the training set")
    seen = capsys.readouterr()
    assert seen.out == ""
    # Of 12 pixels.
    assert seen.err.splitlines() == [
        "the training set: 3 masks",
        "  class              pixels    share   masks",
        "  red                     2   16.67%       1",
        "  green                   2   16.67%       2",
        "  blue                    5   41.67%       2",
        "  unlabelled (255)        3   25.00%",
    ]


def test_masks_that_were_translated_are_told() -> None:
    lines = as_text(facts_of([0, 1, 2], [0, 1, 2], how=BY_COLOURS), TABLE, "data")
    assert (
        lines[-1]
        == "  2 of 2 masks: in the class table's colours, which were translated to class indices"
    )
    facts = facts_of([0, 1, 2, NO], [0, 1, 2])
    facts.add("2.png", np.bincount([1], minlength=256), BY_PALETTE)
    lines = as_text(facts, TABLE, "data")
    assert lines[-2].startswith(
        "  1 of 3 masks: a palette with the class table's colours in another or"
    )
    assert lines[-1].startswith("warning: data: some masks were read by the colours of their pale")


def test_nothing_looks_like_a_mistake() -> None:
    assert warnings([0, 1, 2, NO]) == []
    assert notes_of(facts_of([0, 1, 2, NO]), TABLE) == []


def test_classes_that_never_occur() -> None:
    assert warnings([0, 1, 1], [0]) == ["1 of 3 classes never occurs: blue"]
    assert warnings([0, 1, 1], [0, NO]) == [
        "1 of 3 classes never occurs: blue (255, 20.0% of all pixels, is unlabelled and no class)"
    ]
    assert warnings([2, 1]) == [
        "1 of 3 classes never occurs: red",
        "index 0 (red) never occurs; do these masks count from 1? take 1 off each value, so that 1 "
        "becomes 0, and 0 becomes 255 (unlabelled)",
    ]
    assert warnings([0, 0]) == ["2 of 3 classes never occur: green, blue"]


def test_two_values_of_which_one_is_no_class() -> None:
    """As programs write masks of black and white."""
    assert warnings([0, 0, NO, NO], [0]) == [
        "every pixel is red (0) or 255, which means unlabelled and is no class; a mask of two "
        "classes holds 0 and 1"
    ]


def test_nearly_all_unlabelled() -> None:
    sparse = [0, 1, 2, *[NO] * 57]
    assert warnings(sparse) == ["95.0% of all pixels are unlabelled (255)"]
    assert warnings(sparse[:-1]) == []


def test_masks_without_a_label_are_named() -> None:
    (text,) = warnings([0, 1, 2], [NO], [NO, NO], [0], [NO], [NO])
    assert text == "4 of 6 masks without a labelled pixel: 1.png, 2.png, 4.png, …"


def test_counting_from_1_without_the_last_class() -> None:
    """Right for masks that are labelled throughout; else told by nothing in them."""
    (text,) = notes_of(facts_of([0, 1, 2]), TABLE)
    assert text.startswith("no pixel is 255 (unlabelled), so every 0 is red; if these masks count")
    assert notes_of(facts_of([0, 1, 2], how=BY_COLOURS), TABLE) == []
    assert notes_of(facts_of([0, 1, 2], how="numbered as in PASCAL VOC"), TABLE) == []


def test_no_masks_at_all() -> None:
    assert as_text(Facts.of(3), TABLE, "data")[-1].startswith("warning: data: 3 of 3 classes")
