# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The card of a weights file: the text entries beside its tensors, read and rewritten."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lwrf_ros.errors import LwrfError

SCORES = "scores"
# What scores were called before there was one entry for them; `lwrf train` still writes its own.
_SCORE_WORDS = ("iou", "accuracy", "calibration")


class CardError(LwrfError):
    """A card that cannot be read or written."""


@dataclass(frozen=True)
class Score:
    """How good weights are on some data.

    Attributes:
        data: What was scored on, in words; empty where the card does not say.
        metric: What was measured: "mean IoU", "pixel accuracy".
        value: The number.
        classes: The same measure of each class, by name; empty where it is not told.
    """

    data: str
    metric: str
    value: float
    classes: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """Return it as an entry of the card's list."""
        entry: dict[str, Any] = {"data": self.data, "metric": self.metric, "value": self.value}
        return entry | ({"classes": dict(self.classes)} if self.classes else {})

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Score:
        """Read an entry of the card's list.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: If it is not of that form.
        """
        return cls(
            str(entry["data"]),
            str(entry["metric"]),
            _finite(entry["value"]),
            {str(name): _finite(value) for name, value in entry.get("classes", {}).items()},
        )

    def __str__(self) -> str:
        return f"{self.metric} {self.value:g}" + (f" on {self.data}" if self.data else "")


def read_card(path: Path) -> dict[str, str]:
    """Return a file's card; nothing where it has none or is broken.

    What is wrong with a file is told by `lwrf_ros.weights.checkpoint.load_weights`.
    """
    # Only here: `lwrf info` runs where nothing is installed.
    from safetensors import SafetensorError, safe_open

    if not path.is_file():  # a pipe would wait for somebody to write
        return {}
    try:
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError):
        return {}


def scores_of(card: Mapping[str, str]) -> list[Score]:
    """Return the scores that a card names.

    Raises:
        CardError: If its entry `scores` is not of its form.
    """
    if SCORES not in card:
        return _older_scores(card)
    try:
        return [Score.from_json(entry) for entry in json.loads(card[SCORES])]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CardError(
            f"the card's scores are {card[SCORES][:60]!r} ({error!r}); wanted a JSON list of "
            '{"data": "...", "metric": "mean IoU", "value": 0.6}: write them with `with_scores`'
        ) from None


def with_scores(card: Mapping[str, str], scores: list[Score]) -> dict[str, str]:
    """Return a card with these scores instead of those that it had."""
    return {**card, SCORES: json.dumps([score.as_json() for score in scores])}


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no score")
    return number


def _older_scores(card: Mapping[str, str]) -> list[Score]:
    found = []
    for name in sorted(card):
        if any(word in name for word in _SCORE_WORDS):
            try:
                found.append(Score("", name.replace("_", " "), _finite(card[name]), {}))
            except ValueError:
                continue
    return found
