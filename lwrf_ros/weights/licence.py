# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the card of a weights file says of their licence, in one sentence for people."""

from __future__ import annotations

import re
from collections.abc import Mapping

# SPDX names of the Creative Commons licences: CC-BY-NC-4.0 is written CC BY-NC 4.0.
_CREATIVE_COMMONS = re.compile(r"CC-(?P<terms>BY(?:-[A-Z]{2})*)-(?P<version>\d\.\d)")
_LONGEST = 120


def terms_of(card: Mapping[str, str]) -> str:
    """Say what the entries `license` (an SPDX name) and `data` of a card mean for use.

    Args:
        card: Text entries by name, as anybody may have written them.

    Returns:
        For example ``trained on CamVid (CC BY-NC 4.0): for non-commercial use``; empty for a
        card without a licence, of which nothing can be said.
    """
    licence, data = (_one_line(card.get(key, "")) for key in ("license", "data"))
    if not licence:
        return ""
    match = _CREATIVE_COMMONS.fullmatch(licence)
    name = f"CC {match['terms']} {match['version']}" if match else licence
    use = ": for non-commercial use" if match and "NC" in match["terms"].split("-") else ""
    return (f"trained on {data} ({name})" if data else f"licence {name}") + use


def _one_line(text: str) -> str:
    """Return a text that a log can take: printable, in one line, and not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
