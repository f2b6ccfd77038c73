# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Class tables: the names and colours behind the indices of a label image."""

from __future__ import annotations

import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.named_entries import EntryForm, checked_colours, checked_entries
from lwrf_ros.classes.yaml_file import FileKind, read_yaml_file
from lwrf_ros.errors import LwrfError
from lwrf_ros.foreign_text import line
from lwrf_ros.package_data import class_tables

UNLABELLED = 255
UNLABELLED_NAME = "unlabelled"


class ClassTableError(LwrfError):
    """A class table that cannot be used; the message names the file and the line."""


_KIND = FileKind("class table", "classes", ClassTableError)
_FORM = EntryForm(
    "class",
    ("name", "colour"),
    "{name: road, colour: [128, 64, 128]}",
    reserved=((UNLABELLED_NAME, f"for index {UNLABELLED}; leave it out or rename it"),),
)


@dataclass(frozen=True, eq=False)
class ClassTable:
    """Names and colours by class index.

    Attributes:
        name: What the table is called, "camvid" for example.
        names: C names; the position is the index in the label image.
        colours: ``(C, 3) uint8 RGB``.
    """

    name: str
    names: tuple[str, ...]
    colours: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def load(cls, source: str | PathLike[str]) -> ClassTable:
        """Load a bundled table by name, or a YAML file by path.

        Args:
            source: Name of a bundled table, or a path (with a slash or ending in .yaml or .yml).

        Raises:
            ClassTableError: If there is no such table, or it breaks a rule of the format; then the
                message names the line.
        """
        text = str(source)
        bundled = class_tables()
        if text in bundled:
            return cls._parse(bundled[text])
        if text.endswith((".yaml", ".yml")) or "/" in text:
            return cls._parse(Path(text))
        raise ClassTableError(
            f"there is no class table {text!r}; wanted one of {', '.join(bundled)}, or the path of "
            "a YAML file"
        )

    def as_yaml(self) -> str:
        """Return the table as the text of a YAML file that `load` reads."""
        entries = (
            f"  - {{name: {_quoted(name)}, colour: {colour}}}\n"
            for name, colour in zip(self.names, self.colours.tolist(), strict=True)
        )
        return f"name: {_quoted(self.name)}\nclasses:\n{''.join(entries)}"

    @classmethod
    def _parse(cls, path: Path) -> ClassTable:
        file = read_yaml_file(path, _KIND)
        entries = checked_entries(file, _FORM)
        if len(entries) > UNLABELLED:
            raise file.error(
                file.entries[UNLABELLED].start,
                f"there are {len(entries)} classes; wanted at most {UNLABELLED}, because labels "
                "are 8 bits wide and 255 means unlabelled",
            )
        colours = checked_colours(file, _FORM, entries)
        names = tuple(entry["name"] for entry in entries)
        return cls(file.content.get("name", line(path.stem)), names, colours)


def _quoted(text: str) -> str:
    """Quote a text for YAML, so that none is taken for a number or a truth value."""
    return json.dumps(text, ensure_ascii=False)
