# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Class tables: the names and colours behind the indices of a label image."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from lwrf_ros.data import class_tables
from lwrf_ros.errors import LwrfError

UNLABELLED = 255
UNLABELLED_NAME = "unlabelled"
_ENTRY = "{name: road, colour: [128, 64, 128]}"


class ClassTableError(LwrfError):
    """A class table that cannot be used; the message names the file and the entry."""


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
            ClassTableError: If there is no such table or it breaks a rule of the format.
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
        try:
            content = yaml.safe_load(path.expanduser().read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ClassTableError(f"there is no class table {path}; check the path") from None
        except OSError as error:
            raise ClassTableError(f"cannot read the class table {path}: {error}") from error
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise ClassTableError(f"the class table {path} is not valid YAML: {error}") from error
        except (ValueError, RuntimeError) as error:  # a null character; a ~ without a home folder
            raise ClassTableError(f"cannot open the class table {path}: {error}") from error
        entries = content.get("classes") if isinstance(content, dict) else None
        if not isinstance(entries, list) or not entries:
            raise ClassTableError(
                f"the class table {path} has no list `classes`; wanted one entry like {_ENTRY} "
                "for each class"
            )
        if len(entries) > UNLABELLED:
            raise ClassTableError(
                f"the class table {path} has {len(entries)} classes; wanted at most {UNLABELLED}, "
                "because labels are 8 bits wide and 255 means unlabelled"
            )
        names: list[str] = []
        colours: list[list[int]] = []
        for index, entry in enumerate(entries):
            where = f"class {index} of {path}"
            name, colour = cls._parse_entry(entry, where)
            if name in names:
                raise ClassTableError(f"{where} is {name!r} again; class names must differ")
            if colour in colours:
                other = names[colours.index(colour)]
                raise ClassTableError(
                    f"{where} ({name}) has the colour of {other}, {colour}; colours must differ"
                )
            names.append(name)
            colours.append(colour)
        return cls(
            str(content.get("name", path.stem)), tuple(names), np.array(colours, dtype=np.uint8)
        )

    @staticmethod
    def _parse_entry(entry: Any, where: str) -> tuple[str, list[int]]:
        if not isinstance(entry, dict) or set(entry) != {"name", "colour"}:
            raise ClassTableError(f"{where} is {entry!r}; wanted {_ENTRY}")
        name, colour = entry["name"], entry["colour"]
        if not isinstance(name, str) or not name.strip():
            raise ClassTableError(f"{where} has the name {name!r}; wanted text (quote it)")
        if name == UNLABELLED_NAME:
            raise ClassTableError(
                f"{where} is called {name!r}, which is reserved for index {UNLABELLED}; "
                "leave it out or rename it"
            )
        values = colour if isinstance(colour, list) else []
        if len(values) != 3 or not all(type(v) is int and 0 <= v <= 255 for v in values):
            raise ClassTableError(
                f"{where} ({name}) has the colour {colour!r}; wanted [red, green, blue], each 0 to "
                "255"
            )
        return name, values
