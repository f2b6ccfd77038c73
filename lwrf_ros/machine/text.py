# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The result of `collect`, as text to paste into a bug report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lwrf_ros.weights.summary import rows_of

_NAME_WIDTH = 16


def as_text(found: dict[str, Any]) -> str:
    """Write it as sections of aligned lines.

    Args:
        found: What `collect` returns.
    """
    lines = []
    for name in ("lwrf_ros", "machine", "ros", "dds", "torch", "libraries"):
        lines += [name, *(_line(key, value) for key, value in found[name].items())]
    lines += ["weights"]
    for entry in found["weights"]:
        lines.append(f"  {Path(entry['file']).name}")
        lines += [f"  {_line(*row)}" for row in rows_of(entry)]
    if not found["weights"]:
        lines.append("  none came with this installation")
    tables = ", ".join(f"{name} ({count})" for name, count in found["class_tables"].items())
    lines += ["class tables (classes)", f"  {tables}"]
    lines += ["class groups", f"  {', '.join(found['class_groups'])}"]
    if found["remarks"]:
        lines += ["worth a look", *(f"  - {remark}" for remark in found["remarks"])]
    return "\n".join(lines)


def _line(name: str, value: Any) -> str:
    return f"  {name:<{_NAME_WIDTH}} {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        if "problem" in value:
            return str(value["problem"])
        # A part's version says by itself what it is.
        rest = [f"{k}: {_shown(v)}" for k, v in value.items() if k != "version"]
        return ", ".join([str(value["version"]), *rest] if "version" in value else rest)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
