# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From parameters to a warm engine: classes, groups, regions, network, weights, device."""

from __future__ import annotations

from typing import NamedTuple

from lwrf_ros.class_groups import ClassGroups
from lwrf_ros.classes import ClassTable
from lwrf_ros.data import bundled_weights, find_weights
from lwrf_ros.network import (
    CheckpointError,
    RefineNet,
    WeightsInfo,
    build_network,
    load_weights,
    randomise,
)
from lwrf_ros.node.parameters import RANDOM_WEIGHTS, Parameters
from lwrf_ros.regions import Region, load_regions
from lwrf_ros.segmentation import Segmenter

_HASH_SHOWN = 12


class Engine(NamedTuple):
    """An engine that is ready for the first frame.

    Attributes:
        segmenter: Loaded and, where the input size is known, warmed up.
        weights: Where its weights came from: a file and its card, or `RANDOM_WEIGHTS`.
        regions: The regions whose coverage is asked for.
    """

    segmenter: Segmenter
    weights: WeightsInfo
    regions: tuple[Region, ...]

    @property
    def provenance(self) -> str:
        """File, hash and terms of use of the weights, in one sentence for the log."""
        info = self.weights
        if info.source == RANDOM_WEIGHTS:
            return "random weights: the labels mean nothing"
        terms = f", {info.terms}" if info.terms else ""
        return f"weights {info.source} (sha256 {info.sha256[:_HASH_SHOWN]}){terms}"


def load_engine(parameters: Parameters) -> Engine:
    """Build, load, check and warm up what the parameters ask for.

    Raises:
        LwrfError: With the way out, if any of it is not to be had; nothing is left behind then.
    """
    classes = ClassTable.load(parameters.classes)
    groups = ClassGroups.load(parameters.class_groups, classes) if parameters.class_groups else None
    regions = load_regions(parameters.regions) if parameters.regions else ()
    names = groups.table.names if groups else classes.names
    parameters.check_alerts(names, [region.name for region in regions])
    network = build_network(parameters.backbone, len(classes), parameters.decoder)
    weights = _load(network, parameters)
    segmenter = Segmenter(
        network,
        classes,
        device=parameters.device,
        precision=parameters.precision,
        input_size=parameters.input_size,
        groups=groups,
        label_size="network" if parameters.label_size == "network" else "image",
    )
    segmenter.warm_up()
    return Engine(segmenter, weights, regions)


def _load(network: RefineNet, parameters: Parameters) -> WeightsInfo:
    if parameters.weights == RANDOM_WEIGHTS:
        randomise(network, seed=0)
        return WeightsInfo(RANDOM_WEIGHTS, "own")
    if parameters.weights:
        return load_weights(network, parameters.weights)
    path = find_weights(parameters.backbone, parameters.decoder, parameters.classes)
    if path is None:
        there = ", ".join(p.stem for p in bundled_weights()) or "none at all"
        raise CheckpointError(
            f"no weights come with lwrf_ros for backbone {parameters.backbone}, decoder "
            f"{parameters.decoder} and classes {parameters.classes} (bundled, by these three: "
            f"{there}); set the parameter weights to the path of a file, or to {RANDOM_WEIGHTS} to "
            "try the node with an untrained network"
        )
    return load_weights(network, path)
