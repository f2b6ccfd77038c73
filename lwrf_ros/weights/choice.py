# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The one answer to: which weights, with which classes, on which backbone and decoder? No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from lwrf_ros.backbones import BACKBONES, DECODERS, DEFAULT_BACKBONE, DEFAULT_DECODER
from lwrf_ros.classes.class_table import UNLABELLED, ClassTable
from lwrf_ros.classes.yaml_file import shown
from lwrf_ros.foreign_text import line
from lwrf_ros.names import fault_of_name
from lwrf_ros.package_data import class_tables
from lwrf_ros.weights.bundled import (
    BUNDLED,
    DEFAULT_CLASSES,
    RANDOM,
    WeightsChoiceError,
    find,
    find_for,
    is_path,
)
from lwrf_ros.weights.card import read_card

_LISTED = 6


@dataclass(frozen=True, eq=False)
class Choice:
    """Weights, classes and network that go together, as far as the weights' card tells.

    Attributes:
        path: The weights file, None for random weights.
        card: What the file says of itself; empty where it has no card.
        classes: The class table.
        backbone: Name of the encoder.
        decoder: Name of the decoder's form.
    """

    path: Path | None
    card: Mapping[str, str]
    classes: ClassTable
    backbone: str
    decoder: str


def resolve(
    weights: str | PathLike[str] = "",
    classes: str = "",
    backbone: str = "",
    decoder: str = "",
    or_random: bool = False,
    to_learn: bool = False,
) -> Choice:
    """Find out which weights, classes and network are meant.

    Args:
        weights: A bundled name (the file's stem, or a class table's name alone for those of the
            default network), the path of a file (with a slash or a suffix, or a `Path`), or
            `RANDOM`. Empty or `BUNDLED`: the bundled ones for these classes and this network.
        classes: Name of a bundled class table or path of a YAML file. Empty: those that the
            weights' card names; where it names none, the default ones.
        backbone: Its name. Empty: the one that the card names, else the default one.
        decoder: Its name. Empty: the one that the card names, else the default one.
        or_random: Whether to choose random weights where empty ones find none.
        to_learn: Whether the weights are where a training begins: `classes` are what it is to
            learn then, and may be others than the weights'.

    Raises:
        LwrfError: If there are no such weights or classes, or if the weights' card names other
            classes, another backbone or decoder. A file that is missing or broken is not looked
            into; loading says what is wrong with it.
    """
    if weights == RANDOM:
        return _random(classes, backbone, decoder)
    if weights in ("", BUNDLED):
        table = DEFAULT_CLASSES if to_learn else classes or DEFAULT_CLASSES
        # First: that there is no such table is said before that there are no weights for it.
        ClassTable.load(table)
        try:
            path = find_for(backbone or DEFAULT_BACKBONE, decoder or DEFAULT_DECODER, table)
        except WeightsChoiceError:
            if not or_random:
                raise
            return _random(classes, backbone, decoder)
    else:
        path = find_file(weights)
    card = read_card(path)
    return Choice(
        path,
        card,
        ClassTable.load(classes) if classes and to_learn else _classes(card, classes, path),
        _part("backbone", card, backbone, BACKBONES, path) or DEFAULT_BACKBONE,
        _part("decoder", card, decoder, DECODERS, path) or DEFAULT_DECODER,
    )


def find_file(weights: str | PathLike[str]) -> Path:
    """Return the file of weights that are given by name or by path.

    Raises:
        WeightsChoiceError: If it is a name, and no bundled weights are called so.
    """
    text = fspath(weights)
    if isinstance(weights, str) and not is_path(weights):
        return find(weights)
    try:
        return Path(text).expanduser()
    except RuntimeError:  # a ~ without a home folder: the file is looked for as it is written
        return Path(text)


def _random(classes: str, backbone: str, decoder: str) -> Choice:
    table = ClassTable.load(classes or DEFAULT_CLASSES)
    return Choice(None, {}, table, backbone or DEFAULT_BACKBONE, decoder or DEFAULT_DECODER)


def _part(
    kind: str, card: Mapping[str, str], given: str, known: Mapping | tuple[str, ...], path: Path
) -> str:
    """Return the name of a part of the network: the given one if the card does not differ."""
    # A name that this version does not know says nothing; loading tells whether the file fits.
    named = card.get(kind, "") if card.get(kind) in known else ""
    if given and named and given != named:
        raise WeightsChoiceError(
            f"the {kind} is {given}, and {path} says that it was trained with {named}; wanted "
            f"{kind} {named}, or weights of a {given}"
        )
    return given or named


def _classes(card: Mapping[str, str], given: str, path: Path) -> ClassTable:
    """Return the given class table if the card does not differ, else the card's."""
    names = _class_names(card, path)
    if not given:
        return _table_of_card(card, names, path)
    table = ClassTable.load(given)
    if names is not None and table.names != names:
        same = [one == other for one, other in zip(table.names, names, strict=False)]
        at = same.index(False) if False in same else len(same)
        raise WeightsChoiceError(
            f"the class table {table.name} has {_named(table.names, at)}, and {path} was trained "
            f"with {_named(names, at)}: its labels would be called wrongly; leave classes out, or "
            "give the table that the weights were trained with"
        )
    return table


def _named(names: tuple[str, ...], at: int) -> str:
    here = f"{names[at]!r} at index {at}" if at < len(names) else f"nothing at index {at}"
    return f"{len(names)} classes, {here}"


def _class_names(card: Mapping[str, str], path: Path) -> tuple[str, ...] | None:
    """Return the names that a card gives its classes, None where it does not or in no list.

    Raises:
        WeightsChoiceError: If one is not as names have to be.
    """
    try:
        content = json.loads(card.get("class_names", ""))
    except ValueError:
        return None
    sound = (
        isinstance(content, list)
        and 0 < len(content) <= UNLABELLED
        and all(isinstance(name, str) and name.strip() for name in content)
        and len(set(content)) == len(content)
    )
    if not sound:
        return None
    for index, name in enumerate(content):
        if fault := fault_of_name(name):
            raise WeightsChoiceError(
                f"{path} has a card whose class {index} has the name {shown(name)}; {fault}: mend "
                "its entry class_names (lwrf_ros.weights.rewriting.rewrite_card)"
            )
    return tuple(content)


def _table_of_card(
    card: Mapping[str, str], names: tuple[str, ...] | None, path: Path
) -> ClassTable:
    called = card.get("classes", "")
    if names is None and not called:
        return ClassTable.load(DEFAULT_CLASSES)
    bundled = ClassTable.load(called) if called in class_tables() else None
    if bundled is not None and names in (None, bundled.names):
        return bundled
    colours = _colours(card, len(names or ()))
    if names is not None and colours is not None:
        return ClassTable(line(called or path.stem), names, colours)
    what = f"a class table {called!r}, which does not come with lwrf_ros"
    if bundled is not None:
        what = f"a class table {called!r} with other classes than the one that comes with lwrf_ros"
    raise WeightsChoiceError(
        f"{path} was trained with {what}, and says no colours for it; give its YAML file as "
        f"classes (--classes FILE){_listing(names)}"
    )


def _listing(names: tuple[str, ...] | None) -> str:
    if names is None:
        return ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f": {', '.join(names[:_LISTED])}{more}"


def _colours(card: Mapping[str, str], count: int) -> np.ndarray | None:
    """Return ``(count, 3) uint8 RGB`` colours of a card, None where it has none that will do."""
    try:
        colours = np.array(json.loads(card.get("class_colours", "")))
    except ValueError:
        return None
    sound = (
        colours.shape == (count, 3)
        and colours.dtype.kind == "i"
        and colours.min() >= 0
        and colours.max() <= 255
        and len(np.unique(colours, axis=0)) == count
    )
    return colours.astype(np.uint8) if sound else None
