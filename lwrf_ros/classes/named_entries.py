# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The checks that class tables, class groups and regions share: a list of entries with names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.yaml_file import YamlFile, shown
from lwrf_ros.names import fault_of_name


@dataclass(frozen=True)
class EntryForm:
    """The form of a file's entries.

    Attributes:
        noun: What messages call one, "class" for example.
        required: The keys that each has, `name` among them.
        example: One of them, as YAML.
        optional: Keys that it may have.
        beside: Keys that may stand beside the list.
        reserved: Names that are not allowed, with what to do instead.
    """

    noun: str
    required: tuple[str, ...]
    example: str
    optional: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    reserved: tuple[tuple[str, str], ...] = ()


def checked_entries(file: YamlFile, form: EntryForm) -> list[dict[str, Any]]:
    """Return the entries of a file, each with its keys and a name of its own.

    Raises:
        LwrfError: The file's own, naming the line.
    """
    entries = _list_of_entries(file, form)
    names: list[str] = []
    for index, entry in enumerate(entries):
        _check_keys(file, form, index, entry)
        name, line = entry["name"], file.entries[index].of("name")
        what = f"{form.noun} {index}"
        if fault := fault_of_name(name):
            raise file.error(line, f"{what} has the name {shown(name)}; {fault}")
        for reserved, instead in form.reserved:
            if name == reserved:
                raise file.error(line, f"{what} is called {name!r}, which is reserved {instead}")
        if name in names:
            first = names.index(name)
            raise file.error(
                line,
                f"{what} is {name!r} again, like {form.noun} {first} in line "
                f"{file.entries[first].of('name')}; {form.noun} names must differ",
            )
        names.append(name)
    return entries


def checked_colours(
    file: YamlFile, form: EntryForm, entries: list[dict[str, Any]]
) -> NDArray[np.uint8]:
    """Return the entries' colours, no two alike, as ``(n, 3) uint8 RGB``.

    Raises:
        LwrfError: The file's own, naming the line.
    """
    colours: list[list[int]] = []
    for index, entry in enumerate(entries):
        name, colour, line = entry["name"], entry["colour"], file.entries[index].of("colour")
        values = colour if isinstance(colour, list) else []
        if len(values) != 3 or not all(type(v) is int and 0 <= v <= 255 for v in values):
            raise file.error(
                line,
                f"{form.noun} {index} ({name}) has the colour {shown(colour)}; wanted "
                "[red, green, blue], each 0 to 255",
            )
        if colour in colours:
            first = colours.index(colour)
            raise file.error(
                line,
                f"{form.noun} {index} ({name}) has the colour of {entries[first]['name']} in line "
                f"{file.entries[first].of('colour')}, {colour}; colours must differ",
            )
        colours.append(colour)
    return np.array(colours, dtype=np.uint8)


def _list_of_entries(file: YamlFile, form: EntryForm) -> list[Any]:
    """Check what is around the entries, and return them."""
    key_of_list = file.kind.entries
    content = file.content if isinstance(file.content, dict) else {}
    for key in content:
        if key not in ("name", key_of_list, *form.beside):
            wanted = " and ".join(f"`{one}`" for one in (key_of_list, *form.beside))
            raise file.error(
                file.top.of(key),
                f"there is the key {shown(key)}; wanted {wanted} and, where the file's name will "
                "not do, `name`",
            )
    name = content.get("name", "unnamed")
    if fault := fault_of_name(name):
        raise file.error(
            file.top.of("name"), f"the {file.kind.name} has the name {shown(name)}; {fault}"
        )
    entries = content.get(key_of_list)
    if not isinstance(entries, list) or not entries:
        what = f"the list `{key_of_list}` is empty"
        if entries != []:
            what = f"there is no list `{key_of_list}`"
        raise file.error(
            file.top.of(key_of_list),
            f"{what}; wanted one entry like {form.example} for each {form.noun}",
        )
    return entries


def _check_keys(file: YamlFile, form: EntryForm, index: int, entry: Any) -> None:
    lines, what = file.entries[index], f"{form.noun} {index}"
    if not isinstance(entry, dict):
        raise file.error(lines.start, f"{what} is {shown(entry)}; wanted {form.example}")
    for key in entry:
        if key not in (*form.required, *form.optional):
            raise file.error(
                lines.of(key), f"{what} has the key {shown(key)}; wanted {form.example}"
            )
    for key in form.required:
        if key not in entry:
            raise file.error(lines.start, f"{what} has no `{key}`; wanted {form.example}")
