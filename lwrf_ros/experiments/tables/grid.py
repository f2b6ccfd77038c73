# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A table with groups of columns, as text for a terminal and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import wrap

_GAP = "   "
_NOTE_COLUMNS = 100


@dataclass
class Grid:
    """Rows under groups of columns.

    Attributes:
        title: The line above it.
        groups: What a group of columns is of, and what the columns in it are.
        rows: The name of each and its cells, as many as there are columns.
        notes: Lines below it.
    """

    title: str
    groups: list[tuple[str, tuple[str, ...]]]
    rows: list[tuple[str, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_text(self) -> str:
        """Lay it out in columns; a group's name stands above the whole of it."""
        names = [name for _, columns in self.groups for name in columns]
        widths = [
            max([len(name), *(len(cells[column]) for _, cells in self.rows)])
            for column, name in enumerate(names)
        ]
        first = 0
        spans = []
        for title, columns in self.groups:
            own = range(first, first + len(columns))
            span = sum(widths[column] for column in own) + len(_GAP) * (len(columns) - 1)
            # A long name makes the group's first column wider.
            widths[first] += max(0, len(title) - span)
            spans.append(title.rjust(max(span, len(title))))
            first += len(columns)
        left = max((len(name) for name, _ in self.rows), default=0)
        lines = [self.title, "", _GAP.join([" " * left, *spans])]
        for name, cells in [("", names), *self.rows]:
            padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
            lines.append(_GAP.join([name.ljust(left), *padded]))
        lines += [""] if self.notes else []
        for note in self.notes:
            lines += wrap(note, _NOTE_COLUMNS, subsequent_indent="  ")
        return "\n".join(line.rstrip() for line in lines)

    def to_markdown(self) -> str:
        """Lay it out as a Markdown table, whose heads name group and column."""
        heads = [f"{title}, {name}" for title, columns in self.groups for name in columns]
        lines = [f"**{self.title}**", "", _marked(["", *heads])]
        lines.append(_marked(["---", *["---:"] * len(heads)]))
        lines += [_marked([name, *cells]) for name, cells in self.rows]
        for note in self.notes:
            lines += ["", note]
        return "\n".join(lines)


def _marked(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
