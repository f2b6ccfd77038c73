# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A square slid over an image, and how much units change under it (Zhou et al. 2015)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.receptive_field.units import Unit
from lwrf_ros.network.probe import Probe

# On a CPU larger batches are slower: a single image's maps fit the caches better.
BATCH = {"cpu": 1, "cuda": 32}
SEED = 0


@dataclass(frozen=True)
class Occluder:
    """The square and its way.

    Attributes:
        patch_px: Its side.
        stride_px: Its step; its centres are the centres of cells of this side.
        fill: What it holds: grey (the normalised image's zero), mean (of the image), or noise
            (of the image's mean and deviation, the same for every run).

    Raises:
        LwrfError: If the step is larger than the side.
    """

    patch_px: int
    stride_px: int
    fill: str

    def __post_init__(self) -> None:
        if self.stride_px > self.patch_px:
            raise LwrfError(
                f"stride is {self.stride_px}, patch {self.patch_px}; wanted a stride of at most "
                f"{self.patch_px}, or parts of the image are never hidden"
            )

    def cells(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the rows and columns of cells that cover ``(height, width)`` pixels."""
        return -(-size[0] // self.stride_px), -(-size[1] // self.stride_px)

    def patches(self, size: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
        """Return the rows and columns of pixels of each square, cell by cell, rows first."""
        rows, columns = self.cells(size)
        for row in range(rows):
            for column in range(columns):
                yield self._span(row, size[0]), self._span(column, size[1])

    def filling(self, image: Tensor) -> Tensor:
        """Return what squares are cut out of: ``(3, H, W)``, as the normalised image."""
        if self.fill == "grey":
            return torch.zeros_like(image)
        filling = image.mean(dim=(1, 2), keepdim=True).expand_as(image)
        if self.fill == "noise":
            generator = torch.Generator().manual_seed(SEED)
            noise = torch.randn(image.shape, generator=generator).to(image.device)
            filling = filling + noise * image.std(dim=(1, 2), keepdim=True)
        return filling

    def _span(self, cell: int, side_px: int) -> slice:
        begin = cell * self.stride_px + (self.stride_px - self.patch_px) // 2
        return slice(max(0, begin), min(side_px, begin + self.patch_px))


def discrepancy(
    probe: Probe,
    image: Tensor,
    occluder: Occluder,
    units: Sequence[Unit],
    on_done: Callable[[int], object] = lambda count: None,
) -> NDArray[np.float32]:
    """Measure how much units change when a part of the image is hidden.

    Args:
        probe: Runs the network.
        image: ``(3, H, W)`` normalised, on the network's device.
        occluder: The square and its way.
        units: What to look at, at taps of the probe.
        on_done: Called with the number of squares after each batch, for a progress bar.

    Returns:
        ``(units, rows, columns)``, a value a cell: the absolute change of the unit's value, or
        the Euclidean norm of the change of all channels.
    """
    size = (image.shape[1], image.shape[2])
    untouched = _at_units(probe(image.unsqueeze(0)), units)
    filling = occluder.filling(image)
    patches = list(occluder.patches(size))
    changes = np.zeros((len(units), len(patches)), dtype=np.float32)
    step = BATCH[image.device.type]
    for begin in range(0, len(patches), step):
        some = patches[begin : begin + step]
        batch = image.repeat(len(some), 1, 1, 1)
        for copy, (rows, columns) in zip(batch, some, strict=True):
            copy[:, rows, columns] = filling[:, rows, columns]
        values = _at_units(probe(batch), units)
        for place, (now, before) in enumerate(zip(values, untouched, strict=True)):
            changes[place, begin : begin + len(some)] = (now - before).norm(dim=1).cpu().numpy()
        on_done(len(some))
    return changes.reshape(len(units), *occluder.cells(size))


def _at_units(found: dict[str, Tensor], units: Sequence[Unit]) -> list[Tensor]:
    """Return ``(N, 1)`` of each unit, ``(N, C)`` of those of all channels."""
    vectors = [found[unit.tap.name][:, :, unit.row, unit.column] for unit in units]
    return [
        vector if unit.channel is None else vector[:, unit.channel : unit.channel + 1]
        for vector, unit in zip(vectors, units, strict=True)
    ]
