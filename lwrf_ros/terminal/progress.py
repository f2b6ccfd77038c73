# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The one progress bar of the tools."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

# Where stderr is no terminal, or one that does not tell its width.
FALLBACK_COLUMNS = 100
LOG_EVERY_S = 5.0


def progress_bar(
    description: str,
    total: int | None,
    over: Iterable[Any] | None = None,
    *,
    in_logs: bool,
    unit: str = "frame",
    initial: int = 0,
) -> tqdm[Any]:
    """Make a progress bar on stderr.

    Args:
        description: What is going on.
        total: Their number, None if it is not known.
        over: What to iterate, None to call `update` by hand.
        in_logs: True to write a line every few seconds where stderr is no terminal, False to
            write nothing there.
        unit: What is counted.
        initial: How many were done before.
    """
    terminal = sys.stderr.isatty()
    return tqdm(
        over,
        desc=description,
        total=total,
        unit=unit,
        initial=initial,
        ncols=_columns(),
        # Given, so that tqdm does not ask a terminal that says 0 and then shows nothing.
        nrows=24,
        mininterval=0.1 if terminal else LOG_EVERY_S,
        disable=not (terminal or in_logs),
    )


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or FALLBACK_COLUMNS
    except (OSError, ValueError):
        return FALLBACK_COLUMNS
