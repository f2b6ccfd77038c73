# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Regions of interest: named parts of a camera's image, in fractions of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from lwrf_ros.classes.named_entries import EntryForm, checked_entries
from lwrf_ros.classes.yaml_file import FileKind, YamlFile, read_yaml_file, shown
from lwrf_ros.errors import LwrfError
from lwrf_ros.names import REGION_NAME

_SHAPES = ("rectangle", "polygon")
_LEAST_CORNERS = 3


class RegionsError(LwrfError):
    """Regions that cannot be used; the message names the file and the line."""


_KIND = FileKind("file of regions", "regions", RegionsError)
_FORM = EntryForm(
    "region",
    ("name",),
    "{name: path, rectangle: [0.3, 0.6, 0.7, 1.0]}",
    optional=_SHAPES,
)


@dataclass(frozen=True)
class Region:
    """A part of the image.

    Attributes:
        name: What it is called.
        corners: Its corners in order, ``(x, y)`` in fractions of the image's width and height; 0, 0
            is the left upper corner. Edges may cross: what they go around an odd number of times
            is inside.
    """

    name: str
    corners: tuple[tuple[float, float], ...]


def load_regions(path: str | PathLike[str]) -> tuple[Region, ...]:
    """Read regions from a YAML file; config/regions.yaml shows how it is written.

    Raises:
        RegionsError: If the file cannot be read or breaks a rule of the format; then the message
            names the line.
    """
    file = read_yaml_file(Path(path), _KIND)
    entries = checked_entries(file, _FORM)
    return tuple(_region(file, index, entry) for index, entry in enumerate(entries))


def _region(file: YamlFile, index: int, entry: dict[str, Any]) -> Region:
    name, lines = entry["name"], file.entries[index]
    what = f"region {index} ({name})"
    if not re.fullmatch(REGION_NAME, name):
        raise file.error(
            lines.of("name"),
            f"region {index} has the name {shown(name)}; wanted letters, digits, _ and -, "
            "beginning with a letter",
        )
    shapes = [shape for shape in _SHAPES if shape in entry]
    if len(shapes) != 1:
        raise file.error(
            lines.start,
            f"{what} has {' and '.join(shapes) or 'no shape'}; wanted either "
            "rectangle: [left, top, right, bottom] or polygon: [[x, y], [x, y], [x, y], ...]",
        )
    value, line = entry[shapes[0]], lines.of(shapes[0])
    if shapes == ["rectangle"]:
        if not _are_fractions(value, 4) or value[0] >= value[2] or value[1] >= value[3]:
            raise file.error(
                line,
                f"{what} has the rectangle {shown(value)}; wanted [left, top, right, bottom] in "
                "fractions of the image, 0 to 1, left less than right and top less than bottom",
            )
        left, top, right, bottom = map(float, value)
        return Region(name, ((left, top), (right, top), (right, bottom), (left, bottom)))
    is_list = isinstance(value, list) and len(value) >= _LEAST_CORNERS
    if not is_list or not all(_are_fractions(corner, 2) for corner in value):
        raise file.error(
            line,
            f"{what} has the polygon {shown(value)}; wanted at least three corners [x, y] in "
            "fractions of the image, 0 to 1",
        )
    corners = np.array(value, dtype=float)
    if np.linalg.matrix_rank(corners - corners[0], tol=1e-9) < 2:
        raise file.error(
            line,
            f"{what} has the polygon {shown(value)}, whose corners lie on one line; wanted one "
            "that goes around something",
        )
    return Region(name, tuple((float(x), float(y)) for x, y in value))


def _are_fractions(value: Any, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(type(v) in (int, float) and 0 <= v <= 1 for v in value)
    )
