# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Everything that was measured for the tables, before it becomes text or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from lwrf_ros.experiments.tables.measured_scores import Measured
from lwrf_ros.experiments.tables.paper import COUNTED_CLASSES, COUNTED_SIZE, TABLES, Network, Row
from lwrf_ros.experiments.tables.runtime import Passes
from lwrf_ros.network import build_network
from lwrf_ros.network.counts import count_operations, count_parameters

Size = tuple[int, int]


class Counts(NamedTuple):
    """Of a network for 21 classes on 512x512.

    Attributes:
        parameters: Learnable parameters.
        operations: Multiply-adds of its convolutions.
    """

    parameters: int
    operations: int


@dataclass
class Results:
    """Measured results.

    Attributes:
        tables: The numbers of the tables that were asked for.
        counts: By network.
        scores: By network and data set.
        passes: By network and size (height, width) in pixels.
        sizes: The sizes that were timed; none where the runtime was left out.
    """

    tables: tuple[int, ...]
    counts: dict[Network, Counts] = field(default_factory=dict)
    scores: dict[tuple[Network, str], Measured] = field(default_factory=dict)
    passes: dict[tuple[Network, Size], Passes] = field(default_factory=dict)
    sizes: tuple[Size, ...] = ()

    def rows(self) -> list[Row]:
        """Return the rows of the tables that were asked for."""
        return [row for number in self.tables for row in TABLES[number]]

    def speed_up(self, network: Network, size: Size) -> float | None:
        """Return how many times as fast as the original on its backbone a network is.

        By medians of passes that took turns.
        """
        own = self.passes.get((network, size))
        original = self.passes.get((network.original, size))
        if own is None or original is None or network == network.original:
            return None
        return original.median_ms / own.median_ms


def counts_of(networks: Iterable[Network]) -> dict[Network, Counts]:
    """Count networks, each once; nothing is computed and no memory taken."""
    found: dict[Network, Counts] = {}
    for network in dict.fromkeys(networks):
        with torch.device("meta"):
            built = build_network(network.backbone, COUNTED_CLASSES, network.decoder)
        found[network] = Counts(count_parameters(built), count_operations(built, *COUNTED_SIZE))
    return found


def paper_speed_up(row: Row, original: Row | None) -> float | None:
    """Return the same of the paper's means on 625x468."""
    if original is None or original is row or row.runtime is None or original.runtime is None:
        return None
    return original.runtime.mean_ms / row.runtime.mean_ms
