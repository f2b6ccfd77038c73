# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Text that comes from files, made fit for a log and a terminal: escaped, and bounded."""

from __future__ import annotations

LONGEST_LINE = 300
# A list of all that is wrong with a data set is meant to be whole.
LONGEST_PARAGRAPH = 200_000


def line(text: str, longest: int = LONGEST_LINE) -> str:
    r"""Return a text in one line.

    What is not printable (line breaks, a terminal's escape sequences, lone surrogates) is written
    as Python writes it, ``\\x1b``. White space around and within becomes single spaces.

    Args:
        text: The text.
        longest: Characters to keep; what is longer ends in an ellipsis.
    """
    # Cut first: nobody shall wait for 20 MB to be escaped.
    return _bounded(_escaped(" ".join(text[: 2 * longest].split()), ""), longest)


def paragraph(text: str, longest: int = LONGEST_PARAGRAPH) -> str:
    """Return a text that may have several lines; else as `line`."""
    return _bounded(_escaped(text[: 2 * longest], "\n\t"), longest)


def _escaped(text: str, allowed: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in allowed else c.encode("unicode_escape").decode() for c in text
    )


def _bounded(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
