# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From names or paths to a network with its weights and its class table."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.network import RefineNet, build_network, randomise
from lwrf_ros.weights.bundled import RANDOM
from lwrf_ros.weights.checkpoint import WeightsInfo, load_weights
from lwrf_ros.weights.choice import Choice, resolve

_SEED = 0


@dataclass(frozen=True)
class Loaded:
    """A network that is ready to be used.

    Attributes:
        network: With its weights.
        classes: Its class table.
        weights: Where the weights came from: a file and its card, or `RANDOM`.
    """

    network: RefineNet
    classes: ClassTable
    weights: WeightsInfo


def load(
    weights: str | PathLike[str] = "", classes: str = "", backbone: str = "", decoder: str = ""
) -> Loaded:
    """Build a network and load its weights; `resolve` says what the arguments may be.

    Raises:
        LwrfError: If any of them is not to be had, or they do not fit each other.
    """
    return load_choice(resolve(weights, classes, backbone, decoder))


def load_choice(choice: Choice) -> Loaded:
    """Build the network of a choice and load its weights.

    Raises:
        CheckpointError: If the weights cannot be used or do not fit the network.
    """
    network = build_network(choice.backbone, len(choice.classes), choice.decoder)
    if choice.path is None:
        randomise(network, _SEED)
        return Loaded(network, choice.classes, WeightsInfo(RANDOM, "own"))
    return Loaded(network, choice.classes, load_weights(network, choice.path))
