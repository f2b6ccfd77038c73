# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""All that was measured, as numbers: JSON for programs, a table for people."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import lwrf_ros
from lwrf_ros.experiments.receptive_field.field import (
    CentredMean,
    FieldSize,
    Map,
    pixel_map,
    size_of,
)
from lwrf_ros.experiments.receptive_field.occluder import Occluder
from lwrf_ros.experiments.receptive_field.units import Unit, UnitRow
from lwrf_ros.network.probe import TapPlace
from lwrf_ros.terminal.table import aligned
from lwrf_ros.weights.loading import Loaded


@dataclass(frozen=True, eq=False)
class Finding:
    """A unit of an image and what was found.

    Attributes:
        unit: The unit.
        cells: ``(rows, columns) float32``: its change when the cell's square is hidden.
        size: Size of its receptive field.
    """

    unit: Unit
    cells: NDArray[np.float32]
    size: FieldSize


@dataclass(frozen=True, eq=False)
class Row:
    """The findings that belong beside each other, one a tap.

    Attributes:
        image: The image's file.
        number: Place among the rows of this image, from 1.
        findings: In the order of the taps.
    """

    image: Path
    number: int
    findings: tuple[Finding, ...]


class Findings:
    """Collects what is measured.

    Args:
        loaded: Network and weights.
        taps: Where in the decoder.
        occluder: The square and its way.
        size: ``(height, width)`` of the network's input in pixels.
        threshold: Share of the largest change that a receptive field begins at.
    """

    def __init__(
        self,
        loaded: Loaded,
        taps: Sequence[TapPlace],
        occluder: Occluder,
        size: tuple[int, int],
        threshold: float,
    ) -> None:
        self.loaded = loaded
        self.taps = list(taps)
        self.occluder = occluder
        self.size = size
        self.threshold = threshold
        self.rows: list[Row] = []
        self._means = [CentredMean(size) for _ in taps]

    def add(self, image: Path, units: Sequence[UnitRow], changes: NDArray[np.float32]) -> None:
        """Add an image.

        Args:
            image: Its file.
            units: Row by row.
            changes: ``(units, rows, columns)`` of all of them, row by row.
        """
        waiting = iter(changes)
        for number, row in enumerate(units, start=1):
            found = [self._found(unit, next(waiting), place) for place, unit in enumerate(row)]
            self.rows.append(Row(image, number, tuple(found)))

    def pixels(self, finding: Finding) -> Map:
        """Return the changes of a unit pixel by pixel, as shares of the largest."""
        return pixel_map(finding.cells, self.occluder.stride_px, self.size)

    def mean_map(self, place: int) -> Map:
        """Return the centred mean at a tap, ``(2 * height, 2 * width)``."""
        return self._means[place].mean()

    def mean_size(self, place: int) -> FieldSize:
        """Measure the centred mean at a tap; shares are of the image."""
        mean = self._means[place]
        size = size_of(mean.mean(), mean.centre_px, self.threshold)
        # The mean is twice as wide and high as the image.
        return FieldSize(size.side_px, 4 * size.share, size.spread_px)

    def maps(self) -> NDArray[np.float32]:
        """Return all that was measured, ``(rows, taps, rows of cells, columns of cells)``."""
        return np.stack([[finding.cells for finding in row.findings] for row in self.rows])

    def _found(self, unit: Unit, cells: NDArray[np.float32], place: int) -> Finding:
        values = pixel_map(cells, self.occluder.stride_px, self.size)
        self._means[place].add(values, unit.centre_px)
        return Finding(unit, cells, size_of(values, unit.centre_px, self.threshold))


def as_json(findings: Findings) -> dict[str, Any]:
    """Return everything but the maps as a tree for JSON."""
    loaded, network = findings.loaded, findings.loaded.network
    height, width = findings.size
    return {
        "weights": {"path": loaded.weights.source, "sha256": loaded.weights.sha256},
        "network": {"backbone": network.backbone, "decoder": network.decoder_name},
        "settings": {
            "input_size": {"width": width, "height": height},
            "patch_px": findings.occluder.patch_px,
            "stride_px": findings.occluder.stride_px,
            "fill": findings.occluder.fill,
            "threshold": findings.threshold,
        },
        "taps": [
            {
                "name": tap.name,
                "stride": tap.stride,
                "mean": _means(findings, place),
                "centred_mean": _size(findings.mean_size(place)),
            }
            for place, tap in enumerate(findings.taps)
        ],
        "units": [
            {"image": str(row.image), "row": row.number, **_finding(finding)}
            for row in findings.rows
            for finding in row.findings
        ],
        "versions": {
            "lwrf_ros": lwrf_ros.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def as_text(findings: Findings) -> str:
    """Lay out the means by tap as a table."""
    loaded, occluder = findings.loaded, findings.occluder
    height, width = findings.size
    images = len({row.image for row in findings.rows})
    lines = [
        f"weights  {loaded.weights.source}  (sha256 {loaded.weights.sha256[:12]}…)",
        f"network  {loaded.network.decoder_name} {loaded.network.backbone}, input {width}x{height}",
        f"way      squares of {occluder.patch_px} px ({occluder.fill}) every "
        f"{occluder.stride_px} px; field from {100 * findings.threshold:g} % of a unit's largest "
        "change",
        f"units    {len(findings.rows)} a tap, in {images} image{'s' if images > 1 else ''}",
        "",
    ]
    table = [["mean of the units", "side px", "share", "spread px", "side px of the centred mean"]]
    for place, tap in enumerate(findings.taps):
        mean, centred = _means(findings, place), findings.mean_size(place)
        cells = [f"{mean['side_px']:.0f}", f"{100 * mean['share']:.1f} %"]
        cells.append("-" if mean["spread_px"] is None else f"{mean['spread_px']:.0f}")
        table.append([tap.name, *cells, f"{centred.side_px:.0f}"])
    return "\n".join([*lines, *aligned(table)])


def _means(findings: Findings, place: int) -> dict[str, Any]:
    """Return the means of the units' sizes at a tap; of the spread over those that have one."""
    sizes = [_size(row.findings[place].size) for row in findings.rows]
    means: dict[str, Any] = {}
    for key in sizes[0]:
        values = [value for size in sizes if (value := size[key]) is not None]
        means[key] = float(np.mean(values)) if values else None
    return means


def _size(size: FieldSize) -> dict[str, float | None]:
    return {"side_px": size.side_px, "share": size.share, "spread_px": size.spread_px}


def _finding(finding: Finding) -> dict[str, Any]:
    unit = finding.unit
    x, y = unit.centre_px
    return {
        "tap": unit.tap.name,
        "channel": "all" if unit.channel is None else unit.channel,
        "position": {"row": unit.row, "column": unit.column},
        "centre_px": {"x": x, "y": y},
        "activation": unit.activation,
        "largest_change": float(finding.cells.max()),
        **_size(finding.size),
    }
