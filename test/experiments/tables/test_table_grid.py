# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Tables with groups of columns, laid out by hand."""

from __future__ import annotations

from lwrf_ros.experiments.tables.grid import Grid

GRID = Grid(
    "A table",
    [("size, m", ("paper", "here")), ("a long name", ("here",))],
    [("one", ["1", "10.25"]), ("another", ["200", "-"])],
    ["a note"],
)
for _, cells in GRID.rows:
    cells.append("5")


def test_text() -> None:
    assert GRID.to_text().splitlines() == [
        "A table",
        "",
        "                size, m   a long name",
        "          paper    here          here",
        "one           1   10.25             5",
        "another     200       -             5",
        "",
        "a note",
    ]


def test_a_group_longer_than_its_columns() -> None:
    grid = Grid("t", [("operations, G", ("a", "b")), ("x", ("c",))], [("row", ["1", "2", "3"])])
    assert grid.to_text().splitlines()[2:] == [
        "      operations, G   x",
        "              a   b   c",
        "row           1   2   3",
    ]


def test_markdown() -> None:
    assert GRID.to_markdown().splitlines() == [
        "**A table**",
        "",
        "|  | size, m, paper | size, m, here | a long name, here |",
        "| --- | ---: | ---: | ---: |",
        "| one | 1 | 10.25 | 5 |",
        "| another | 200 | - | 5 |",
        "",
        "a note",
    ]


def test_long_notes_are_wrapped() -> None:
    grid = Grid("t", [("x", ("c",))], [("row", ["3"])], ["word " * 40])
    lines = grid.to_text().splitlines()
    assert all(len(line) <= 100 for line in lines)
    assert lines[-1].startswith("  word")
