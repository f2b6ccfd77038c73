# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which values at a tap are looked at: the most activated ones, or those at a given place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.errors import LwrfError
from lwrf_ros.network.probe import TapPlace

Activations = NDArray[np.float32]


@dataclass(frozen=True)
class Unit:
    """A channel, or all of them, at a position of a tap.

    Attributes:
        tap: Where in the decoder.
        channel: Number of the channel, None for all together.
        row: Row of the position.
        column: Column of the position.
        activation: The value in the untouched image; of all channels their Euclidean norm.
    """

    tap: TapPlace
    channel: int | None
    row: int
    column: int
    activation: float

    @property
    def centre_px(self) -> tuple[float, float]:
        """Where in the network's input it is centred, ``(x, y)``.

        The encoders pad so that position i of a stride s is centred on pixel s * i.
        """
        stride = self.tap.stride
        return stride * self.column + 0.5, stride * self.row + 0.5


# The units of one row of the picture, one a tap.
UnitRow = tuple[Unit, ...]


def choose_units(
    taps: Sequence[TapPlace],
    found: Mapping[str, Activations],
    size: tuple[int, int],
    top: int,
    channels: Sequence[int] | None,
    places: Sequence[tuple[float, float]] | None,
) -> list[UnitRow]:
    """Choose what to look at in one image.

    Args:
        taps: Where in the decoder.
        found: ``(C, h, w)`` of each tap for the untouched image, by the tap's name.
        size: ``(height, width)`` of the network's input in pixels.
        top: Number of the most activated channels, where neither channels nor places are given.
        channels: Numbers of channels.
        places: ``(x, y)`` in fractions of the input's width and height.

    Returns:
        A row for each rank, or for each of the places and channels.

    Raises:
        LwrfError: If there is no such channel, or too few are activated.
    """
    if channels is None and places is None:
        by_tap = [most_activated(tap, found[tap.name], top) for tap in taps]
        return list(zip(*by_tap, strict=True))
    for tap in taps:
        width = len(found[tap.name])
        if channels and max(channels) >= width:
            raise LwrfError(
                f"unit is {max(channels)}, but {tap.name} has {width} channels; wanted 0 to "
                f"{width - 1}"
            )
    if places is None:
        return [
            tuple(_peak(tap, found[tap.name], channel) for tap in taps)
            for channel in channels or ()
        ]
    return [
        tuple(_at(tap, found[tap.name], channel, place, size) for tap in taps)
        for place in places
        for channel in (channels or (None,))
    ]


def most_activated(tap: TapPlace, values: Activations, count: int) -> list[Unit]:
    """Return the units with the largest values, each of another channel, largest first.

    An activation like ReLU6 cuts values off, and what is cut off stays as it is when something is
    hidden. So where the largest value of all is reached more than once, the channels that reach it
    are left out.

    Args:
        tap: Where in the decoder.
        values: ``(C, h, w)``.
        count: How many.

    Raises:
        LwrfError: If fewer channels have a value above zero that is not cut off.
    """
    peaks = values.reshape(len(values), -1).max(axis=1)
    usable = peaks > 0
    if np.count_nonzero(values == values.max()) > 1:
        usable &= peaks < values.max()
    if usable.sum() < count:
        raise LwrfError(
            f"{usable.sum()} of {len(values)} channels of {tap.name} are active in the image and "
            f"not cut off by the activation; wanted {count}: lower --top, or name channels by "
            "--unit or a place by --at"
        )
    order = np.argsort(-np.where(usable, peaks, -np.inf), kind="stable")
    return [_peak(tap, values, int(channel)) for channel in order[:count]]


def _peak(tap: TapPlace, values: Activations, channel: int) -> Unit:
    row, column = np.unravel_index(values[channel].argmax(), values.shape[1:])
    return _unit(tap, values, channel, int(row), int(column))


def _at(
    tap: TapPlace,
    values: Activations,
    channel: int | None,
    place: tuple[float, float],
    size: tuple[int, int],
) -> Unit:
    """Return the unit whose centre is nearest to a place."""
    _, rows, columns = values.shape
    row = round((place[1] * size[0] - 0.5) / tap.stride)
    column = round((place[0] * size[1] - 0.5) / tap.stride)
    return _unit(tap, values, channel, min(max(row, 0), rows - 1), min(max(column, 0), columns - 1))


def _unit(tap: TapPlace, values: Activations, channel: int | None, row: int, column: int) -> Unit:
    if channel is None:
        activation = float(np.linalg.norm(values[:, row, column]))
    else:
        activation = float(values[channel, row, column])
    return Unit(tap, channel, row, column, activation)
