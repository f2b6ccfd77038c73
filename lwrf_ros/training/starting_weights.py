# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Starting points of a training: given weights, a given encoder, or nothing."""

from __future__ import annotations

import argparse

from lwrf_ros.network import build_network
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.weights.bundled import RANDOM, find
from lwrf_ros.weights.checkpoint import WeightsInfo, count_classes, load_weights
from lwrf_ros.weights.choice import Choice, resolve
from lwrf_ros.weights.pretrained import load_encoder


def starting_choice(arguments: argparse.Namespace) -> Choice:
    """Find out what is trained: which network, for which classes, beginning with which file.

    Args:
        arguments: Those of ``lwrf train``; what they leave open is as the card of --init says.

    Raises:
        LwrfError: If there are no such weights or classes, or the card names another backbone or
            decoder.
    """
    network = arguments.backbone, arguments.decoder
    if arguments.init is None:
        return resolve(RANDOM, arguments.classes, *network)
    if arguments.init == RANDOM:
        find(RANDOM)  # There are no such weights, and that is the error.
    return resolve(arguments.init, arguments.classes, *network, to_learn=True)


def first_weights(
    arguments: argparse.Namespace, choice: Choice
) -> tuple[RefineNet | None, WeightsInfo | None]:
    """Load the weights that the arguments name.

    Args:
        arguments: Those of ``lwrf train``, of which --init and --encoder exclude each other.
        choice: What `starting_choice` made of them.

    Returns:
        The weights and where they came from, None and None if none are named. Those of --init
        have as many classes as their file; of those of --encoder only the encoder means anything.

    Raises:
        LwrfError: If a file cannot be read or is not of this backbone.
    """
    if arguments.encoder is not None:
        network = build_network(choice.backbone, len(choice.classes), choice.decoder)
        return network, load_encoder(network, arguments.encoder)
    if choice.path is None:
        return None, None
    # Without a classifier this is no network: then 1, and `load_weights` says what is missing.
    count = count_classes(choice.path) or 1
    network = build_network(choice.backbone, count, choice.decoder)
    return network, load_weights(network, choice.path)
