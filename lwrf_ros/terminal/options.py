# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Options of the command line as fields of a dataclass: declared once, whoever takes them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import MISSING, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


def option(default: Any, help: str, **more: Any) -> Any:
    """Declare a field of a dataclass that is an option as well, called like the field.

    Args:
        default: Default of both.
        help: What ``--help`` says.
        more: More that `add_argument` takes: type, choices, metavar, action.
    """
    return field(default=default, metadata={"help": help, **more})


def add_options(
    parser: argparse._ActionsContainer,
    kind: type,
    *names: str,
    **changes: Mapping[str, Any],
) -> None:
    """Add fields of a dataclass to a parser.

    Args:
        parser: The parser, or a group of it.
        kind: The dataclass.
        names: Names of the fields; all that are options where none are given.
        changes: By name what is another way for this parser: default, help, nargs, …
    """
    declared = {entry.name: entry for entry in fields(kind) if "help" in entry.metadata}
    for name in names or declared:
        entry = declared[name]
        default = {} if entry.default is MISSING else {"default": entry.default}
        settings = {**default, **entry.metadata, **changes.get(name, {})}
        parser.add_argument("--" + name.replace("_", "-"), **settings)


def options_of(kind: type[T], arguments: argparse.Namespace, **given: Any) -> T:
    """Make a dataclass of parsed arguments.

    Args:
        kind: The dataclass.
        arguments: The arguments; those that they have not keep the fields' defaults.
        given: Fields that are not taken from there.
    """
    parsed = vars(arguments)
    names = (entry.name for entry in fields(kind))  # type: ignore[arg-type]
    return kind(**{**{name: parsed[name] for name in names if name in parsed}, **given})
