# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Weights files with another card: what was measured of them later goes where it travels along."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from lwrf_ros.files import replace_file
from lwrf_ros.weights.card import SCORES, CardError, Score, scores_of, with_scores


def rewrite_card(source: Path, target: Path, entries: Mapping[str, str]) -> None:
    """Copy a weights file with entries of its card changed or added.

    Tensors and the card's other entries stay as they are. The file is written whole or not at
    all, so the target may be the source.

    Args:
        source: A safetensors file.
        target: The file to write.
        entries: Text by name.

    Raises:
        CardError: If the source is no safetensors file (others have no card), or the target
            cannot be written.
    """
    card, tensors = _read(source)
    _write(target, tensors, {**card, **entries})


def add_scores(path: Path, scores: list[Score]) -> None:
    """Put scores into a weights file's card.

    One of the same metric on the same data takes the place of the earlier one.

    Args:
        path: A safetensors file; it is written anew, whole or not at all.
        scores: What was measured.

    Raises:
        CardError: If the file has no card, or one whose scores are not of their form, or cannot
            be written.
    """
    card, tensors = _read(path)
    new = {(score.data, score.metric) for score in scores}
    # Those of older cards have no data by name, and stay in entries of their own.
    earlier = scores_of(card) if SCORES in card else []
    kept = [score for score in earlier if (score.data, score.metric) not in new]
    _write(path, tensors, with_scores(card, [*kept, *scores]))


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            card = dict(file.metadata() or {})
            return card, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CardError(
            f"{path} cannot be read as safetensors ({error}), and only such files have a card; "
            "load it and write it with lwrf_ros.weights.checkpoint.save_weights first"
        ) from error


def _write(path: Path, tensors: dict[str, Tensor], card: dict[str, str]) -> None:
    try:
        replace_file(path, safetensors.torch.save(tensors, metadata=card))
    except OSError as error:
        raise CardError(f"cannot write {path}: {error.strerror}") from error
