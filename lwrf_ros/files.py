# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Files in folders: which are there, in which order, and how they are written whole or not."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PurePath

_DIGITS = re.compile(r"(\d+)")


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole: whoever is killed on the way leaves the old one."""
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def listed(folder: Path) -> list[Path]:
    """Return what is in a folder in natural order, without what is hidden.

    Hidden is what begins with a dot: what a file manager keeps for itself, files that are being
    written, and the ``._NAME`` that macOS puts beside NAME on a stick or a network drive, which has
    its ending but not its kind of content.
    """
    return sorted((one for one in folder.iterdir() if not is_hidden(one)), key=natural_order)


def is_hidden(path: PurePath) -> bool:
    """Tell by its name whether a file or folder is hidden."""
    return path.name.startswith(".")


def natural_order(path: PurePath | str) -> tuple[list[list[str | int]], str]:
    """Return what names are sorted by: numbers by their value, frame_2 before frame_10.

    Args:
        path: A name or a path; of a path in this order the folders, the name and its ending.
    """
    parts = [str(path)]
    if isinstance(path, PurePath):
        parts = [*path.parent.parts, path.stem, path.suffix]
    # What is equal so far (07 and 7) is told apart by its text: there is only one order.
    return [_with_numbers(composed(part)) for part in parts], str(path)


def composed(name: str) -> str:
    """Return a name as most systems write it: macOS writes ä as a and two dots (Unicode's NFD)."""
    return unicodedata.normalize("NFC", name)


def _with_numbers(text: str) -> list[str | int]:
    # Text and digits take turns, text first: numbers are only ever compared with numbers.
    return [int(part) if index % 2 else part for index, part in enumerate(_DIGITS.split(text))]
