# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From arguments to a network with its weights, and to a data set that was checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from lwrf_ros.backbones import BACKBONES, DECODERS
from lwrf_ros.classes import ClassTable
from lwrf_ros.data import bundled_weights, find_weights
from lwrf_ros.network import CheckpointError, RefineNet, WeightsInfo, build_network, load_weights
from lwrf_ros.tools.progress import progress_bar
from lwrf_ros.training.dataset import Pair, check_pairs, find_pairs


@dataclass(frozen=True)
class Loaded:
    """A network that is ready to be measured.

    Attributes:
        network: With its weights.
        classes: Its class table.
        weights: Where the weights came from.
    """

    network: RefineNet
    classes: ClassTable
    weights: WeightsInfo


def load_network(
    weights: str | None, backbone: str | None, decoder: str | None, classes: str
) -> Loaded:
    """Build a network and load its weights.

    Args:
        weights: Path of a weights file; None for the ones that come with the package.
        backbone: Its name; None for the one that the weights' card names, else mobilenet_v2.
        decoder: Its name; None for the one that the weights' card names, else light_weight.
        classes: Name of a bundled class table or path of a YAML file.

    Raises:
        LwrfError: If the class table or the weights cannot be used or do not fit each other.
    """
    table = ClassTable.load(classes)
    backbone, decoder = choose_network(weights, backbone, decoder)
    path = Path(weights) if weights else find_weights(backbone, decoder, classes)
    if path is None:
        there = ", ".join(one.stem for one in bundled_weights()) or "none at all"
        raise CheckpointError(
            f"no weights come with lwrf_ros for backbone {backbone}, decoder {decoder} and classes "
            f"{classes} (bundled: {there}); name a weights file"
        )
    network = build_network(backbone, len(table), decoder)
    return Loaded(network, table, load_weights(network, path))


def choose_network(
    weights: str | None, backbone: str | None, decoder: str | None
) -> tuple[str, str]:
    """Return backbone and decoder: the given ones, else those that a weights file names.

    Args:
        weights: Path of a weights file, None for the ones that come with the package.
        backbone: Its name; None for the one that the weights' card names, else mobilenet_v2.
        decoder: Its name; None for the one that the weights' card names, else light_weight.
    """
    card = _card(Path(weights).expanduser()) if weights else {}
    return (
        backbone or _known(card, "backbone", tuple(BACKBONES)) or "mobilenet_v2",
        decoder or _known(card, "decoder", DECODERS) or "light_weight",
    )


def load_pairs(folder: Path, classes: ClassTable, max_frames: int | None) -> list[Pair]:
    """List a data set's images and masks, all of which can be read and fit the class table.

    Args:
        folder: The data set, or NAME:FOLDER[:SPLIT] of a published one, whose validation set it
            is where no split is named.
        classes: The class table of its masks.
        max_frames: How many to take, the first ones by name; None for all.

    Raises:
        DatasetError: If something is wrong with them; the message lists every mistake.
    """
    pairs = find_pairs(folder)[:max_frames]
    with progress_bar("checking the data", len(pairs), in_logs=False) as bar:
        check_pairs(pairs, classes, bar.update)
    return pairs


def _card(path: Path) -> dict[str, str]:
    """Return what a file says of itself; nothing where it has no card or is broken.

    What is wrong with a file is told by `load_weights`.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError):
        return {}


def _known(card: dict[str, str], key: str, names: tuple[str, ...]) -> str | None:
    return card[key] if card.get(key) in names else None
