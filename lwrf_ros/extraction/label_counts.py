# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Counts of every labelled image by outcome, and of the labels by class."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lwrf_ros.classes.class_table import UNLABELLED, UNLABELLED_NAME
from lwrf_ros.extraction.frame_counts import Account

if TYPE_CHECKING:
    from lwrf_ros.labelling.labeller import Labels

# Of the listed classes; the others are few pixels.
LEAST_PERCENT = 0.05


@dataclass
class LabelAccount(Account):
    """Counts that grow while images are labelled.

    Attributes:
        probabilities_written: New files.
        names: The classes by index.
        pixels: Pixels by class index in the masks that were written, 255 for unlabelled.
        confidences: Of each of these masks that has labels, the mean probability of its labels.
    """

    advice: ClassVar[str] = "look at some before training"

    probabilities_written: int = 0
    names: tuple[str, ...] = ()
    pixels: Counter[int] = field(default_factory=Counter)
    confidences: list[float] = field(default_factory=list)

    def add(self, labels: Labels) -> None:
        """Count a mask that was written."""
        self.masks_written += 1
        counts = np.bincount(labels.mask.ravel(), minlength=UNLABELLED + 1)
        self.pixels.update({int(index): int(counts[index]) for index in np.flatnonzero(counts)})
        if labels.confidence:
            self.confidences.append(labels.confidence)

    def __str__(self) -> str:
        """Say it in a few lines."""
        lines = [super().__str__()]
        if self.probabilities_written:
            count = self.probabilities_written
            lines.append(f"{count} file{'' if count == 1 else 's'} of probabilities written")
        total = self.pixels.total()
        if total:
            shares = [
                (UNLABELLED_NAME if index == UNLABELLED else self.names[index], 100 * count / total)
                for index, count in self.pixels.most_common()
            ]
            listed = [f"{name} {share:.1f} %" for name, share in shares if share >= LEAST_PERCENT]
            lines.append(f"pixels: {', '.join(listed)}")
        if self.confidences:
            lines.append(f"mean confidence of the labels: {np.mean(self.confidences):.3f}")
        return "\n".join(lines)
