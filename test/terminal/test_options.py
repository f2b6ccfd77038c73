# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Options declared as fields: what the parser takes, and what comes out of it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import pytest

from lwrf_ros.terminal.options import add_options, option, options_of


@dataclass(frozen=True)
class Lamp:
    colour: str = option("white", "its colour", choices=("white", "red"))
    most_watts: int = option(40, "at most (default: %(default)s)", type=int, metavar="W")
    inside: bool = True


def parser(*names: str, **changes: dict[str, object]) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    add_options(made, Lamp, *names, **changes)
    return made


def test_a_field_is_an_option_of_the_same_name() -> None:
    given = parser().parse_args(["--most-watts", "60", "--colour", "red"])
    assert options_of(Lamp, given) == Lamp("red", 60)
    assert options_of(Lamp, parser().parse_args([])) == Lamp()
    assert "--most-watts W" in parser().format_help()
    assert "at most (default: 40)" in parser().format_help()
    assert "inside" not in parser().format_help()


def test_only_those_named_are_declared_and_the_others_keep_their_default() -> None:
    some = parser("colour")
    with pytest.raises(SystemExit):
        some.parse_args(["--most-watts", "60"])
    assert options_of(Lamp, some.parse_args([]), inside=False) == Lamp("white", 40, False)


def test_a_parser_may_declare_one_in_another_way() -> None:
    several = parser("colour", colour={"nargs": "+", "default": ["red"], "help": "its colours"})
    assert several.parse_args([]).colour == ["red"]
    assert several.parse_args(["--colour", "white", "red"]).colour == ["white", "red"]
    assert "its colours" in several.format_help()
    with pytest.raises(SystemExit):
        several.parse_args(["--colour", "blue"])  # what is not changed stays
