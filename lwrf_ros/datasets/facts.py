# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What was counted in the masks of a data set, and what of it looks like a mistake."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED, UNLABELLED_NAME, ClassTable
from lwrf_ros.datasets.mask_meaning import AS_STORED, BY_PALETTE
from lwrf_ros.terminal.table import aligned

# From this share of unlabelled pixels on, most of the work of labelling seems to be missing.
NEARLY_ALL = 0.95
# What to do with masks that count from 1; said in an error, too.
FROM_1 = f"take 1 off each value, so that 1 becomes 0, and 0 becomes {UNLABELLED} (unlabelled)"
_TOLD = 3


@dataclass(eq=False)
class Facts:
    """What was counted in the masks of a data set.

    Attributes:
        pixels: ``(C,) int64``, pixels by class.
        masks: ``(C,) int64``, masks that show each class.
        unlabelled: Pixels that are 255.
        blank: Names of the masks without a labelled pixel.
        total: Number of masks.
        readings: How many masks were read in which way, as of `mask_meaning.MaskLabels.how`.
    """

    pixels: NDArray[np.int64]
    masks: NDArray[np.int64]
    unlabelled: int = 0
    blank: list[str] = field(default_factory=list)
    total: int = 0
    readings: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, num_classes: int) -> Facts:
        """Return those of no masks, for C classes."""
        return cls(np.zeros(num_classes, np.int64), np.zeros(num_classes, np.int64))

    def add(self, name: str, histogram: NDArray[np.int64], how: str) -> None:
        """Count a mask.

        Args:
            name: What it is called.
            histogram: ``(256,)``, its pixels by class index.
            how: How it was read.
        """
        labelled = histogram[: len(self.pixels)]
        self.pixels += labelled
        self.masks += labelled > 0
        self.unlabelled += int(histogram[UNLABELLED])
        if not labelled.any():
            self.blank.append(name)
        self.total += 1
        self.readings[how] += 1


def tell(facts: Facts, classes: ClassTable, what: str) -> None:
    """Print what was counted, and what looks like a mistake, on stderr.

    Args:
        facts: What was counted.
        classes: The class table.
        what: The set in words: "the training set".
    """
    print("\n".join(as_text(facts, classes, what)), file=sys.stderr, flush=True)


def as_text(facts: Facts, classes: ClassTable, what: str) -> list[str]:
    """Return what was counted as a table by class, then what looks like a mistake."""
    everything = max(1, int(facts.pixels.sum()) + facts.unlabelled)
    rows = [["  class", "pixels", "share", "masks"]]
    for name, pixels, masks in zip(
        (*classes.names, f"{UNLABELLED_NAME} ({UNLABELLED})"),
        (*facts.pixels.tolist(), facts.unlabelled),
        (*(str(count) for count in facts.masks.tolist()), ""),
        strict=True,
    ):
        rows.append([f"  {name}", f"{pixels}", f"{pixels / everything:.2%}", masks])
    lines = [f"{what}: {_masks(facts.total)}", *aligned(rows)]
    for how, count in facts.readings.items():
        if how:
            lines.append(f"  {count} of {_masks(facts.total)}: {how}")
    lines += [f"warning: {what}: {text}" for text in warnings_of(facts, classes)]
    return lines + [f"note: {what}: {text}" for text in notes_of(facts, classes)]


def warnings_of(facts: Facts, classes: ClassTable) -> list[str]:
    """Return what looks like a mistake in a data set, a sentence each."""
    found = []
    labelled = int(facts.pixels.sum())
    share = facts.unlabelled / max(1, labelled + facts.unlabelled)
    occurring = np.flatnonzero(facts.pixels).tolist()
    missing = [name for name, pixels in zip(classes.names, facts.pixels, strict=True) if not pixels]
    if len(occurring) == 1 and facts.unlabelled:
        found.append(
            f"every pixel is {classes.names[occurring[0]]} ({occurring[0]}) or {UNLABELLED}, which "
            "means unlabelled and is no class; a mask of two classes holds 0 and 1"
        )
    elif missing:
        verb = "occurs" if len(missing) == 1 else "occur"
        text = f"{len(missing)} of {len(classes)} classes never {verb}: {', '.join(missing)}"
        if facts.unlabelled:
            text += f" ({UNLABELLED}, {share:.1%} of all pixels, is unlabelled and no class)"
        found.append(text)
    if share >= NEARLY_ALL:
        found.append(f"{share:.1%} of all pixels are unlabelled ({UNLABELLED})")
    if facts.blank:
        listed = ", ".join(facts.blank[:_TOLD]) + (", …" if len(facts.blank) > _TOLD else "")
        found.append(
            f"{len(facts.blank)} of {_masks(facts.total)} without a labelled pixel: {listed}"
        )
    if facts.readings[BY_PALETTE] and facts.readings[AS_STORED]:
        found.append(
            "some masks were read by the colours of their palette and others by index; were they "
            "exported in the same way?"
        )
    if labelled and not facts.pixels[0] and facts.readings[AS_STORED]:
        found.append(
            f"index 0 ({classes.names[0]}) never occurs; do these masks count from 1? {FROM_1}"
        )
    return found


def notes_of(facts: Facts, classes: ClassTable) -> list[str]:
    """Return what is right for most data sets, and a mistake in others that look the same."""
    if facts.pixels[0] and not facts.unlabelled and facts.readings[AS_STORED]:
        return [
            f"no pixel is {UNLABELLED} (unlabelled), so every 0 is {classes.names[0]}; if these "
            f"masks count from 1 and 0 is nothing: {FROM_1}"
        ]
    return []


def _masks(count: int) -> str:
    return f"{count} mask{'' if count == 1 else 's'}"
