# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Meaning of the values in the masks of the paper's data sets, by the bundled class tables."""

from __future__ import annotations

from functools import lru_cache

from lwrf_ros.classes.class_table import UNLABELLED, ClassTable
from lwrf_ros.datasets.pair import Numbering, numbering

# Of Cityscapes' label ids, those that are evaluated, in the order of the training indices.
_CITYSCAPES_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_CITYSCAPES_LAST_ID = 33


def _as_they_are(title: str, table: str, num_classes: int) -> Numbering:
    meanings = {index: index for index in range(num_classes)} | {UNLABELLED: UNLABELLED}
    values = f"{title}'s masks have 0 to {num_classes - 1}, and {UNLABELLED} for unlabelled"
    return numbering(title, table, num_classes, values, meanings)


@lru_cache
def voc() -> Numbering:
    """PASCAL VOC: 0 is the background, 255 the outlines and what is difficult."""
    return _as_they_are("PASCAL VOC", "voc", 21)


@lru_cache
def person_part() -> Numbering:
    """PASCAL-Person-Part: 0 is the background, then head, torso, arms and legs."""
    return _as_they_are("PASCAL-Person-Part", "person_part", 7)


@lru_cache
def context() -> Numbering:
    """PASCAL-Context in the order of its 59_labels.txt: 0 is everything else."""
    return _as_they_are("PASCAL-Context", "context", 60)


@lru_cache
def context_by_alphabet() -> Numbering:
    """PASCAL-Context as MMSegmentation's converter numbers it: background, then by alphabet."""
    names = ClassTable.load("context").names
    by_alphabet = [names[0], *sorted(names[1:])]
    meanings = {value: names.index(name) for value, name in enumerate(by_alphabet)}
    values = f"PASCAL-Context's masks have 0 to {len(names) - 1}, and {UNLABELLED} for unlabelled"
    return numbering(
        "PASCAL-Context", "context", len(names), values, meanings | {UNLABELLED: UNLABELLED}
    )


@lru_cache
def nyu40_from_0() -> Numbering:
    """NYUDv2 as the paper's authors distribute it: wall is 0, unlabelled 255."""
    return _as_they_are("NYUDv2", "nyu40", 40)


@lru_cache
def nyu40_from_1() -> Numbering:
    """NYUDv2 as classMapping40 counts: 0 is unlabelled, wall 1.

    A mask with 255 is refused: it counts from 0, and every class would be taken for another.
    """
    meanings = {0: UNLABELLED} | {value: value - 1 for value in range(1, 41)}
    values = "in this layout of NYUDv2, masks have 1 to 40, and 0 for unlabelled"
    return numbering("NYUDv2", "nyu40", 40, values, meanings)


@lru_cache
def cityscapes() -> Numbering:
    """Cityscapes' label ids: 19 of 34 are evaluated; the licence plate's -1 is stored as 255."""
    meanings = dict.fromkeys([*range(_CITYSCAPES_LAST_ID + 1), UNLABELLED], UNLABELLED)
    meanings |= {value: index for index, value in enumerate(_CITYSCAPES_IDS)}
    values = f"Cityscapes' label ids are 0 to {_CITYSCAPES_LAST_ID}"
    return numbering("Cityscapes", "cityscapes", len(_CITYSCAPES_IDS), values, meanings)
