# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Class groups: the classes of a table made fewer, for those who ask about less."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED, UNLABELLED_NAME, ClassTable
from lwrf_ros.classes.named_entries import EntryForm, checked_colours, checked_entries
from lwrf_ros.classes.yaml_file import FileKind, YamlFile, read_yaml_file, shown
from lwrf_ros.errors import LwrfError
from lwrf_ros.foreign_text import line
from lwrf_ros.package_data import class_groups


class ClassGroupsError(LwrfError):
    """Class groups that cannot be used; the message names the file and the line."""


_KIND = FileKind("file of class groups", "groups", ClassGroupsError)
_INSTEAD = f"for index {UNLABELLED}; put its classes into the list `unlabelled` beside `groups`"
_FORM = EntryForm(
    "group",
    ("name", "colour", "classes"),
    "{name: person, colour: [220, 20, 60], classes: [pedestrian, bicyclist]}",
    beside=("unlabelled",),
    reserved=((UNLABELLED_NAME, _INSTEAD),),
)


@dataclass(frozen=True, eq=False)
class ClassGroups:
    """Which group each class of a table belongs to.

    The network still decides between the table's classes; a pixel gets the group of its class.

    Attributes:
        table: Names and colours of the G groups; the position is the index in the label image.
        index: ``(256,) uint8``, the group's index by the class', 255 where the class becomes
            unlabelled; 255 stays 255.
        dropped: The indices of the classes that become unlabelled.
    """

    table: ClassTable
    index: NDArray[np.uint8]
    dropped: tuple[int, ...]

    @classmethod
    def load(cls, source: str | PathLike[str], classes: ClassTable) -> ClassGroups:
        """Load bundled groups by name, or a YAML file by path.

        Args:
            source: Name of bundled groups, or a path (with a slash or ending in .yaml or .yml).
            classes: The class table whose classes are grouped.

        Raises:
            ClassGroupsError: If there are no such groups, or they break a rule of the format or do
                not fit the table; then the message names the line.
        """
        text = str(source)
        bundled = class_groups()
        if text in bundled:
            return cls._parse(bundled[text], classes)
        if text.endswith((".yaml", ".yml")) or "/" in text:
            return cls._parse(Path(text), classes)
        raise ClassGroupsError(
            f"there are no class groups {text!r}; wanted one of {', '.join(bundled)}, or the path "
            "of a YAML file"
        )

    @classmethod
    def _parse(cls, path: Path, classes: ClassTable) -> ClassGroups:
        file = read_yaml_file(path, _KIND)
        entries = checked_entries(file, _FORM)
        colours = checked_colours(file, _FORM, entries)
        places = _Places(file, classes)
        for group, entry in enumerate(entries):
            at = file.entries[group].of("classes")
            places.put(entry["classes"], group, f"group {group} ({entry['name']})", at)
        places.put(
            file.content.get("unlabelled", []), UNLABELLED, "unlabelled", file.top.of("unlabelled")
        )
        places.check_all_there(file.top.of("groups"))
        names = tuple(entry["name"] for entry in entries)
        table = ClassTable(file.content.get("name", line(path.stem)), names, colours)
        index = np.full(256, UNLABELLED, dtype=np.uint8)
        index[: len(classes)] = [places.of[name] for name in classes.names]
        dropped = np.flatnonzero(index[: len(classes)] == UNLABELLED)
        return cls(table, index, tuple(dropped.tolist()))


class _Places:
    """Where each class goes, and the line that said so.

    Attributes:
        of: The group's index by the class' name.
    """

    def __init__(self, file: YamlFile, classes: ClassTable) -> None:
        self.of: dict[str, int] = {}
        self._file, self._classes = file, classes
        self._lines: dict[str, int] = {}

    def put(self, names: Any, place: int, where: str, line: int) -> None:
        """Put classes in their place."""
        is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
        if not is_list or not (names or place == UNLABELLED):
            raise self._file.error(
                line, f"{where} has the classes {shown(names)}; wanted a list like [road, pavement]"
            )
        for name in names:
            if name not in self._classes.names:
                raise self._file.error(
                    line,
                    f"{where} has the class {shown(name)}, which the class table "
                    f"{self._classes.name} lacks; wanted one of {', '.join(self._classes.names)}",
                )
            if name in self._lines:
                raise self._file.error(
                    line,
                    f"{where} has the class {name}, which line {self._lines[name]} has put "
                    "somewhere already; wanted every class in one place",
                )
            self.of[name], self._lines[name] = place, line

    def check_all_there(self, line: int) -> None:
        """Check that no class of the table has been left out."""
        missing = [name for name in self._classes.names if name not in self.of]
        if missing:
            raise self._file.error(
                line,
                f"the classes {', '.join(missing)} of {self._classes.name} are in no group; put "
                "each into a group or into the list `unlabelled`, whose pixels become 255",
            )
