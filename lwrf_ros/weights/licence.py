# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The licence of weights according to their card, in one sentence for people."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lwrf_ros.foreign_text import line

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
    licence, data = (line(card.get(key, ""), _LONGEST) for key in ("license", "data"))
    if not licence:
        return ""
    match = _CREATIVE_COMMONS.fullmatch(licence)
    name = f"CC {match['terms']} {match['version']}" if match else licence
    use = ": for non-commercial use" if match and "NC" in match["terms"].split("-") else ""
    return (f"trained on {data} ({name})" if data else f"licence {name}") + use
