# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From parameters to a warm engine: classes, groups, regions, network, weights, device."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.classes.regions import Region, load_regions
from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.segmentation.device import slow_precision
from lwrf_ros.weights.bundled import RANDOM
from lwrf_ros.weights.checkpoint import WeightsInfo
from lwrf_ros.weights.choice import Choice, resolve
from lwrf_ros.weights.loading import load_choice

_HASH_SHOWN = 12


class Engine(NamedTuple):
    """An engine that is ready for the first frame.

    Attributes:
        segmenter: Loaded and, where the input size is known, warmed up.
        choice: Which weights, classes, backbone and decoder these are.
        weights: Where its weights came from: a file and its card, or `RANDOM`.
        regions: The regions whose coverage is asked for.
    """

    segmenter: Segmenter
    choice: Choice
    weights: WeightsInfo
    regions: tuple[Region, ...]

    @property
    def provenance(self) -> str:
        """File, hash and terms of use of the weights, in one sentence for the log."""
        info = self.weights
        if info.source == RANDOM:
            return "random weights: the labels mean nothing"
        terms = f", {info.terms}" if info.terms else ""
        return f"weights {info.source} (sha256 {info.sha256[:_HASH_SHOWN]}){terms}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What works and is likely not what was meant, in words for the log."""
        remark = slow_precision(self.segmenter.precision, self.segmenter.device)
        return (remark,) if remark else ()


def load_engine(parameters: Parameters, given: Collection[str] | None = None) -> Engine:
    """Build, load, check and warm up what the parameters ask for.

    Args:
        parameters: The parameters.
        given: Names of those that somebody has set, None for all. A backbone and a decoder that
            nobody has set are those that the weights name.

    Raises:
        LwrfError: With the way out, if any of it is not to be had; nothing is left behind then.
    """
    choice = resolve(
        parameters.weights,
        parameters.classes,
        parameters.backbone if given is None or "backbone" in given else "",
        parameters.decoder if given is None or "decoder" in given else "",
    )
    classes = choice.classes
    groups = ClassGroups.load(parameters.class_groups, classes) if parameters.class_groups else None
    regions = load_regions(parameters.regions) if parameters.regions else ()
    names = groups.table.names if groups else classes.names
    parameters.check_alerts(names, [region.name for region in regions])
    loaded = load_choice(choice)
    segmenter = Segmenter(
        loaded.network,
        classes,
        device=parameters.device,
        precision=parameters.precision,
        input_size=parameters.input_size,
        groups=groups,
        label_size="network" if parameters.label_size == "network" else "image",
        most_images=len(parameters.image_topics),
    )
    if not segmenter.warm_up():
        # The first frame will tell the size; whether the weights can be used at all, any does.
        segmenter.try_out()
    return Engine(segmenter, choice, loaded.weights, regions)
