# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The one rule for names that files give: every reader, screen and message can hold them."""

from __future__ import annotations

LONGEST = 128
# A region's, as it stands behind the @ of an alert.
REGION_NAME = r"[A-Za-z][A-Za-z0-9_-]*"


def fault_of_name(name: object) -> str | None:
    """Say what is wrong with the name of a class, a group, a region or a class table.

    Names go into messages and pictures, onto terminals, and into JSON, CSV and YAML.

    Args:
        name: What a file has there.

    Returns:
        What it is and what is wanted, to follow a "has the name ...;"; None for a good name.
    """
    if not isinstance(name, str) or not name.strip():
        return "wanted text (quote it)"
    if len(name) > LONGEST:
        return f"it has {len(name)} characters; wanted at most {LONGEST}"
    for character in name:
        if not character.isprintable():
            return f"it has the character U+{ord(character):04X}; wanted printable text in one line"
    return None
