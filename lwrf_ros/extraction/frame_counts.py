# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Counts of every frame of a recording by outcome."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

from lwrf_ros.extraction.destination import ExtractError


@dataclass
class Account:
    """Counts that grow while frames are extracted.

    ``read = skipped + alike + refused + images_written + images_kept`` at the end of each frame.

    Attributes:
        read: Frames read from the recording.
        skipped: Not selected by ``--every`` or ``--every-s``.
        alike: Left out by ``--different``.
        refused: Frames that cannot be decoded, by the node's reason.
        images_written: New files.
        images_kept: Files that were there already.
        masks_written: New files.
        masks_kept: Files that were there already.
        weights: What the masks were made with, empty if none were to be made.
        advice: What to do with them.
    """

    advice: ClassVar[str] = "correct them before training"

    read: int = 0
    skipped: int = 0
    alike: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    images_written: int = 0
    images_kept: int = 0
    masks_written: int = 0
    masks_kept: int = 0
    weights: str = ""

    @property
    def images(self) -> int:
        """Number of images that are there now."""
        return self.images_written + self.images_kept

    def __str__(self) -> str:
        """Say it in one line, or two with masks."""
        text = (
            f"{_written('image', self.images_written, self.images_kept)}; of {self.read} frames "
            f"{self.skipped} skipped"
        )
        if self.alike:
            text += f", {self.alike} like the one before"
        text += f", {self.refused.total()} refused"
        if self.refused:
            text += f" ({self.refusals()})"
        if self.weights:
            masks = _written("mask", self.masks_written, self.masks_kept)
            text += f"\n{masks}, made with {self.weights}: {self.advice}"
        return text

    def check(self, description: str) -> None:
        """Refuse to call it a success if there is no image.

        Args:
            description: The recording in a few words.

        Raises:
            ExtractError: If none came out.
        """
        if not self.images:
            refused = f" ({self.refusals()})" if self.refused else ""
            raise ExtractError(
                f"no image came out of {description}: of {self.read} frames "
                f"{self.refused.total()} cannot be decoded{refused}; give a recording, or a "
                "--bag-topic, with sound pictures"
            )

    def refusals(self) -> str:
        """Return the refused frames by reason, most frequent first."""
        return ", ".join(f"{reason} {count}" for reason, count in self.refused.most_common())


def _written(noun: str, written: int, kept: int) -> str:
    text = f"{written} {noun}{'' if written == 1 else 's'} written"
    return text + (f", {kept} kept that {'was' if kept == 1 else 'were'} there" if kept else "")
