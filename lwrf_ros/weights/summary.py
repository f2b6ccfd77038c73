# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Summary of a weights file without building its network: for lists and reports."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lwrf_ros.input_file import refuse_special
from lwrf_ros.package_data import bundled_weights
from lwrf_ros.weights.bundled import names
from lwrf_ros.weights.card import CardError, Score, scores_of

# Of batch norm, beside what is learned.
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_TEXTS = ("backbone", "decoder", "classes", "license", "data")


@dataclass(frozen=True)
class Summary:
    """A weights file in short.

    Attributes:
        path: The file.
        short_name: The name that it can be called by beside its stem, empty where there is none.
        sha256: Hash of the file; empty where it cannot be read.
        size_bytes: Its size, 0 where it cannot be read.
        parameters: Learnable parameters, None where they cannot be counted.
        card: The text entries of the file.
        class_names: Its classes, as far as the card names them.
        input_size: ``(height, width)`` in pixels that it was trained at, None where it is not
            told.
        scores: What the card says of how good they are.
        problem: What is wrong with the file or its card; empty for nothing.
    """

    path: Path
    short_name: str = ""
    sha256: str = ""
    size_bytes: int = 0
    parameters: int | None = None
    card: Mapping[str, str] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    input_size: tuple[int, int] | None = None
    scores: tuple[Score, ...] = ()
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as a tree for JSON, without what is not known."""
        found: dict[str, Any] = {
            "file": str(self.path),
            "name": self.path.stem,
            "short_name": self.short_name,
            "sha256": self.sha256,
            "bytes": self.size_bytes,
            "parameters": self.parameters,
            **{key: self.card.get(key) for key in _TEXTS},
            "class_names": list(self.class_names),
            "input_size": self.input_size
            and {
                "width": self.input_size[1],
                "height": self.input_size[0],
            },
            "temperature": _number(self.card, "temperature"),
            "scores": [score.as_json() for score in self.scores],
            "problem": self.problem,
        }
        return {key: value for key, value in found.items() if value not in (None, "", [], 0)}


def rows_of(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what `Summary.as_json` gives as names and texts, for people."""
    size, count = entry.get("input_size"), len(entry.get("class_names", ()))
    network = filter(None, (entry.get("backbone"), entry.get("decoder")))
    rows = [
        ("also called", entry.get("short_name")),
        ("classes", (entry.get("classes") or "") + (f" ({count})" if count else "")),
        ("licence", entry.get("license")),
        ("data", entry.get("data")),
        ("network", ", ".join(network)),
        ("parameters", f"{entry['parameters']:,}" if "parameters" in entry else ""),
        ("size", f"{entry['bytes'] / 1e6:.1f} MB" if "bytes" in entry else ""),
        ("input", f"{size['width']}x{size['height']}" if size else ""),
        ("temperature", f"{entry['temperature']:g}" if "temperature" in entry else ""),
        *(("score", str(Score.from_json(score))) for score in entry.get("scores", ())),
        ("sha256", entry.get("sha256")),
        ("problem", entry.get("problem")),
    ]
    return [(name, text.strip()) for name, text in rows if text and text.strip()]


def summaries() -> list[Summary]:
    """Return what there is to know of all bundled weights."""
    return [summarise(path) for path in bundled_weights()]


def summarise(path: Path) -> Summary:
    """Return what there is to know of a weights file; what is wrong with it is a part of that."""
    short = [name for name, file in names().items() if file == path and name != path.stem]
    known: dict[str, Any] = {"path": path, "short_name": short[0] if short else ""}
    try:
        refuse_special(path, "the weights file", CardError)
        content = path.read_bytes()
    except CardError as error:
        return Summary(**known, problem=str(error))
    except OSError as error:
        return Summary(**known, problem=f"cannot be read: {error.strerror}")
    known |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    try:
        card, parameters = _header(path)
        known |= {"card": card, "parameters": parameters, "class_names": _class_names(card)}
        known |= {"input_size": _input_size(card), "scores": tuple(scores_of(card))}
    except CardError as error:
        return Summary(**known, problem=str(error))
    return Summary(**known)


def _header(path: Path) -> tuple[dict[str, str], int]:
    """Return the card of a safetensors file, and the number of its learnable parameters."""
    # Only here: `lwrf info` runs where nothing is installed.
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise CardError(f"its card cannot be read: {error}") from None

    try:
        with safe_open(path, framework="np") as file:
            learned = [key for key in file.keys() if not key.endswith(_STATISTICS)]  # noqa: SIM118
            shapes = [file.get_slice(key).get_shape() for key in learned]
            return dict(file.metadata() or {}), sum(map(math.prod, shapes))
    except (SafetensorError, OSError, ValueError) as error:
        raise CardError(f"no safetensors file, or damaged or truncated: {error}") from None


def _class_names(card: Mapping[str, str]) -> tuple[str, ...]:
    content = _json(card, "class_names")
    return tuple(map(str, content)) if isinstance(content, list) else ()


def _input_size(card: Mapping[str, str]) -> tuple[int, int] | None:
    content = _json(card, "input_size")
    if not isinstance(content, list) or [type(side) for side in content] != [int, int]:
        return None
    return content[0], content[1]


def _number(card: Mapping[str, str], key: str) -> float | None:
    content = _json(card, key)
    sound = isinstance(content, (int, float)) and math.isfinite(content)
    return float(content) if sound else None


def _json(card: Mapping[str, str], key: str) -> Any:
    try:
        return json.loads(card.get(key, ""))
    except ValueError:
        return None
