# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a training starts from: given weights, a given encoder, or nothing."""

from __future__ import annotations

import argparse

from lwrf_ros.network import build_network
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.weights.bundled import BUNDLED, DEFAULT_CLASSES, find_for
from lwrf_ros.weights.checkpoint import WeightsInfo, count_classes, load_weights
from lwrf_ros.weights.choice import find_file
from lwrf_ros.weights.pretrained import load_encoder


def first_weights(
    arguments: argparse.Namespace, num_classes: int
) -> tuple[RefineNet | None, WeightsInfo | None]:
    """Load the weights that the arguments name.

    Args:
        arguments: Those of ``lwrf train``, of which --init and --encoder exclude each other.
        num_classes: Number of classes that will be trained.

    Returns:
        The weights and where they came from, None and None if none are named. Those of --init
        have as many classes as their file; of those of --encoder only the encoder means anything.

    Raises:
        LwrfError: If a file cannot be read or is not of this backbone, or there are no bundled
            weights for it.
    """
    if arguments.encoder is not None:
        network = build_network(arguments.backbone, num_classes, arguments.decoder)
        return network, load_encoder(network, arguments.encoder)
    if arguments.init is None:
        return None, None
    if arguments.init in ("", BUNDLED):
        # Whatever classes are to be trained: those of the weights may be others.
        source = find_for(arguments.backbone, arguments.decoder, DEFAULT_CLASSES)
    else:
        source = find_file(arguments.init)
    # Without a classifier this is no network: then 1, and `load_weights` says what is missing.
    count = count_classes(source) or 1
    network = build_network(arguments.backbone, count, arguments.decoder)
    return network, load_weights(network, source)
