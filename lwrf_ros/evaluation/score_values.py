# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A score that may not be defined: as text, and as a number that JSON has."""

from __future__ import annotations

import math

UNDEFINED = "n/a"


def as_text(value: float | None, digits: int = 4) -> str:
    """Return a score with so many digits behind the point, "n/a" where it is NaN or None."""
    number = as_number(value)
    return UNDEFINED if number is None else f"{number:.{digits}f}"


def as_number(value: float | None) -> float | None:
    """Return a score, None where it is none or not finite."""
    return float(value) if value is not None and math.isfinite(value) else None
