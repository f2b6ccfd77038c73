# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From arguments to a data set that was checked."""

from __future__ import annotations

from pathlib import Path

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.dataset import Pair, check_pairs, find_pairs
from lwrf_ros.datasets.facts import tell
from lwrf_ros.terminal.progress import progress_bar


def load_pairs(folder: Path, classes: ClassTable, max_frames: int | None) -> list[Pair]:
    """List a data set's images and masks, all of which can be read and fit the class table.

    What was counted in the masks, and what looks like a mistake, is printed on stderr.

    Args:
        folder: The data set, or NAME:FOLDER[:SPLIT] of a published one, whose validation set it
            is where no split is named.
        classes: The class table of its masks.
        max_frames: How many to take, the first ones by name; None for all.

    Raises:
        DatasetError: If something is wrong with them; the message lists every mistake.
    """
    pairs = find_pairs(folder, classes=classes)[:max_frames]
    with progress_bar("checking the data", len(pairs), in_logs=False) as bar:
        facts = check_pairs(pairs, classes, bar.update)
    tell(facts, classes, str(folder))
    return pairs
