# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From a teacher's classes to one's own, as a YAML file says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.classes.yaml_file import FileKind, YamlFile, read_yaml_file, shown
from lwrf_ros.labelling.errors import LabelError
from lwrf_ros.package_data import class_mappings


class MappingError(LabelError):
    """A mapping that cannot be used; the message names the file and the line."""


_KIND = FileKind("class mapping", "classes", MappingError)
_EXAMPLE = "classes: {road: [0, sidewalk], person: 11}"


@dataclass(frozen=True, eq=False)
class Mapping:
    """Which of the own classes each of a teacher's classes is.

    Attributes:
        members: ``(C + 1, K) float32``: 1 where the teacher's class is the own class; the last row
            is everything that is no own class.
    """

    members: NDArray[np.float32]

    @classmethod
    def identity(cls, classes: int) -> Mapping:
        """Return the mapping of a teacher whose classes are one's own."""
        return cls._of(list(range(classes)), classes)

    @classmethod
    def load(cls, source: str, table: ClassTable, teacher_classes: int) -> Mapping:
        """Read a mapping.

        Args:
            source: Name of a bundled mapping, or the path of a YAML file.
            table: The own classes.
            teacher_classes: How many the teacher has, 0 where its file does not tell: then the
                mapping's list of names does, or the highest index in it.

        Raises:
            MappingError: If there is no such mapping, or it names what the table or the teacher
                does not have.
        """
        bundled = class_mappings()
        if source not in bundled and "/" not in source and not source.endswith((".yaml", ".yml")):
            raise MappingError(
                f"there is no mapping {source!r}; wanted one of {', '.join(bundled)}, or the path "
                "of a YAML file"
            )
        path = bundled.get(source) or Path(source).expanduser()
        return cls._parse(read_yaml_file(path, _KIND), table, teacher_classes)

    @classmethod
    def _parse(cls, file: YamlFile, table: ClassTable, teacher_classes: int) -> Mapping:
        content = file.content if isinstance(file.content, dict) else {}
        for key in content:
            if key not in ("classes", "names"):
                raise file.error(
                    file.top.of(key), f"there is the key {shown(key)}; wanted `classes`, `names`"
                )
        chosen = content.get("classes")
        if not isinstance(chosen, dict) or not chosen:
            raise file.error(
                file.top.of("classes"), f"there are no `classes`; wanted {_EXAMPLE}, for example"
            )
        names = _names(file, content.get("names", []), teacher_classes)
        count = teacher_classes or len(names)
        own: dict[int, int] = {}
        line = file.top.of("classes")
        for name, members in chosen.items():
            if name not in table.names:
                raise file.error(
                    line,
                    f"the class {shown(name)} is not one of the table {table.name!r}; it has "
                    f"{', '.join(table.names)}",
                )
            for member in members if isinstance(members, list) else [members]:
                index = _index(file, line, name, member, names, count)
                if index in own:
                    raise file.error(
                        line,
                        f"the teacher's class {shown(member)} belongs to {table.names[own[index]]} "
                        f"and to {name}; leave one of them out",
                    )
                own[index] = table.names.index(name)
        count = count or max(own, default=0) + 1
        return cls._of([own.get(index, len(table)) for index in range(count)], len(table))

    @classmethod
    def _of(cls, own: list[int], classes: int) -> Mapping:
        members = np.zeros((classes + 1, len(own)), dtype=np.float32)
        members[own, range(len(own))] = 1.0
        return cls(members)

    @property
    def teacher_classes(self) -> int:
        """How many classes the teacher has, K."""
        return self.members.shape[1]

    def apply(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sum up the teacher's classes.

        Args:
            probabilities: ``(K, h, w) float32``.

        Returns:
            ``(C + 1, h, w) float32``; the last plane is what makes the sum 1.
        """
        count, height, width = probabilities.shape
        own = np.empty((len(self.members), height, width), dtype=np.float32)
        flat = own.reshape(len(self.members), -1)
        np.matmul(self.members[:-1], probabilities.reshape(count, -1), out=flat[:-1])
        flat[-1] = np.maximum(1.0 - flat[:-1].sum(axis=0), 0.0)
        return own


def _names(file: YamlFile, names: Any, teacher_classes: int) -> list[str]:
    line = file.top.of("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise file.error(line, "`names` is no list of texts; wanted the teacher's classes in order")
    if names and teacher_classes and len(names) != teacher_classes:
        raise file.error(
            line, f"there are {len(names)} `names`, but the teacher has {teacher_classes} classes"
        )
    return names


def _index(file: YamlFile, line: int, own: str, member: Any, names: list[str], count: int) -> int:
    if isinstance(member, str):
        if names.count(member) != 1:
            what = "is in `names` more than once" if member in names else "is not in `names`"
            raise file.error(
                line, f"{own} has the teacher's class {shown(member)}, which {what}; use its index"
            )
        return names.index(member)
    if type(member) is not int or member < 0 or (count and member >= count):
        wanted = f"an index from 0 to {count - 1}" if count else "an index from 0 up"
        raise file.error(
            line, f"{own} has the teacher's class {shown(member)}; wanted {wanted}, or a name"
        )
    return member
