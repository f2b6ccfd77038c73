# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Parameter files that give a node nothing, because they name other nodes: rcl says no word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

_PARAMETERS = "ros__parameters"
_SHOWN = 5


def unheeded(paths: Sequence[str], node: str) -> list[str]:
    """Say which parameter files hold nothing for a node.

    Args:
        paths: Files that rcl has read, so that they are there and well formed.
        node: Full name of the node.

    Returns:
        A sentence for each of them, with the names that it does hold something for.
    """
    found = []
    for path in paths:
        names = node_names(Path(path))
        if names and not any(applies(name, node) for name in names):
            shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
            found.append(
                f"nothing in the parameter file {path} is for this node: it is for {shown}, and "
                f"this one is {node}; write {node} or /** in the file, or start the node with the "
                "file's name (name:= and namespace:= of the launch file)"
            )
    return found


def node_names(path: Path) -> list[str]:
    """Return the names that a parameter file has parameters for, as it writes them.

    Read token by token: of such a file rcl expands neither aliases nor merge keys.

    Raises:
        OSError: If the file cannot be read.
        yaml.YAMLError: If it is no YAML.
    """
    names: list[str] = []
    # For every open mapping the key that a value is awaited for; a list's elements have none.
    keys: list[str | None] = []
    with path.open("rb") as file:
        for event in yaml.parse(file, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.MappingStartEvent):
                if keys and keys[-1] == _PARAMETERS:
                    names.append("/".join(str(key).strip("/") for key in keys[:-1]))
                keys.append(None)
            elif isinstance(event, yaml.SequenceStartEvent):
                keys.append("")
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                keys.pop()
                _take(keys)
            elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)) and keys:
                if keys[-1] is None:
                    keys[-1] = getattr(event, "value", "*")
                else:
                    _take(keys)
    return list(dict.fromkeys(f"/{name}" for name in names))


def _take(keys: list[str | None]) -> None:
    """Note that the awaited value is there; a list goes on awaiting some."""
    if keys and keys[-1] != "":
        keys[-1] = None


def applies(name: str, node: str) -> bool:
    """Tell whether rcl gives the parameters under a name to a node.

    Args:
        name: With a leading slash; `*` stands for one part of a name and `**` for any number.
        node: Full name of the node.
    """
    parts = {"/**": r"(/\w+)*", "/*": r"/\w+"}
    pattern = re.sub(
        r"/\*\*|/\*|.", lambda match: parts.get(match[0], re.escape(match[0])), name, flags=re.S
    )
    return re.fullmatch(pattern, node) is not None
