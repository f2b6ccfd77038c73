# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Class tables: the names and colours behind the indices of a label image."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.class_file import ClassFile, ClassTableError, read_class_file
from lwrf_ros.data import class_tables

__all__ = ["UNLABELLED", "UNLABELLED_NAME", "ClassTable", "ClassTableError"]

UNLABELLED = 255
UNLABELLED_NAME = "unlabelled"
_KEYS = ("name", "colour")
_ENTRY = "{name: road, colour: [128, 64, 128]}"


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

    @classmethod
    def _parse(cls, path: Path) -> ClassTable:
        file = read_class_file(path)
        names: list[str] = []
        colours: list[list[int]] = []
        for index, entry in enumerate(_entries(file)):
            name, colour = _name_and_colour(file, index, entry)
            lines = file.entries[index]
            if name in names:
                first = names.index(name)
                raise file.error(
                    lines.of("name"),
                    f"class {index} is {name!r} again, like class {first} in line "
                    f"{file.entries[first].of('name')}; class names must differ",
                )
            if colour in colours:
                first = colours.index(colour)
                raise file.error(
                    lines.of("colour"),
                    f"class {index} ({name}) has the colour of {names[first]} in line "
                    f"{file.entries[first].of('colour')}, {colour}; colours must differ",
                )
            names.append(name)
            colours.append(colour)
        name = file.content.get("name", path.stem)
        return cls(name, tuple(names), np.array(colours, dtype=np.uint8))


def _entries(file: ClassFile) -> list[Any]:
    """Check what is around the entries, and return them."""
    content = file.content if isinstance(file.content, dict) else {}
    for key in content:
        if key not in ("name", "classes"):
            raise file.error(
                file.top.of(key),
                f"there is the key {_shown(key)}; wanted `classes` and, where the file's name will "
                "not do, `name`",
            )
    name = content.get("name", "unnamed")
    if not isinstance(name, str) or not name.strip():
        raise file.error(
            file.top.of("name"), f"the table has the name {_shown(name)}; wanted text (quote it)"
        )
    entries = content.get("classes")
    if not isinstance(entries, list) or not entries:
        what = "the list `classes` is empty" if entries == [] else "there is no list `classes`"
        raise file.error(
            file.top.of("classes"), f"{what}; wanted one entry like {_ENTRY} for each class"
        )
    if len(entries) > UNLABELLED:
        raise file.error(
            file.entries[UNLABELLED].start,
            f"there are {len(entries)} classes; wanted at most {UNLABELLED}, because labels are 8 "
            "bits wide and 255 means unlabelled",
        )
    return entries


def _name_and_colour(file: ClassFile, index: int, entry: Any) -> tuple[str, list[int]]:
    """Check one entry by itself."""
    lines = file.entries[index]
    if not isinstance(entry, dict):
        raise file.error(lines.start, f"class {index} is {_shown(entry)}; wanted {_ENTRY}")
    for key in entry:
        if key not in _KEYS:
            raise file.error(
                lines.of(key), f"class {index} has the key {_shown(key)}; wanted {_ENTRY}"
            )
    for key in _KEYS:
        if key not in entry:
            raise file.error(lines.start, f"class {index} has no `{key}`; wanted {_ENTRY}")
    name, colour = entry["name"], entry["colour"]
    if not isinstance(name, str) or not name.strip():
        raise file.error(
            lines.of("name"), f"class {index} has the name {_shown(name)}; wanted text (quote it)"
        )
    if name == UNLABELLED_NAME:
        raise file.error(
            lines.of("name"),
            f"class {index} is called {name!r}, which is reserved for index {UNLABELLED}; leave it "
            "out or rename it",
        )
    values = colour if isinstance(colour, list) else []
    if len(values) != 3 or not all(type(v) is int and 0 <= v <= 255 for v in values):
        raise file.error(
            lines.of("colour"),
            f"class {index} ({name}) has the colour {_shown(colour)}; wanted [red, green, blue], "
            "each 0 to 255",
        )
    return name, values


def _shown(value: Any) -> str:
    """Return a value as an error shows it: cut short, whatever a file has there."""
    shown = reprlib.Repr()
    shown.maxlevel, shown.maxstring, shown.maxother = 3, 60, 60
    return shown.repr(value)
