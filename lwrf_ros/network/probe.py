# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Values inside the decoder, read off a running network: what enters and what leaves a part."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn

from lwrf_ros.errors import LwrfError
from lwrf_ros.network.decoder import Level
from lwrf_ros.network.refinenet import Encoder, RefineNet

if TYPE_CHECKING:
    from typing_extensions import Self


class TapPlace(NamedTuple):
    """A place in the decoder.

    Attributes:
        name: What it is called.
        stride: Input pixels per position.
        module: A part of the decoder that maps one map ``(N, C, h, w)`` to another.
        behind: Whether it is what leaves the part, not what enters it.
    """

    name: str
    stride: int
    module: nn.Module
    behind: bool


def tap_places(network: RefineNet) -> dict[str, TapPlace]:
    """Return the places around every CRP by name, in the order in which the network computes them.

    ``strideN.sum`` is what enters CRP at the level of that stride: the sum of its paths, behind
    the activation; ``strideN.crp`` is what leaves it.

    Args:
        network: Of it are used ``decoder.levels``, deepest first, each with its ``crp``, and the
            strides of ``encoder.taps``.
    """
    encoder = cast("Encoder", network.encoder)
    strides = dict.fromkeys(tap.stride for tap in reversed(encoder.taps))
    levels = cast("list[Level]", list(network.decoder.levels))
    places = [
        TapPlace(f"stride{stride}.{'crp' if behind else 'sum'}", stride, level.crp, behind)
        for stride, level in zip(strides, levels, strict=True)
        for behind in (False, True)
    ]
    return {place.name: place for place in places}


def choose_taps(network: RefineNet, names: Sequence[str] | None) -> list[TapPlace]:
    """Return the places of these names, in the order in which the network computes them.

    Args:
        network: The network.
        names: None for the three of the paper's Fig. 3: before and behind CRP at the deepest
            level, and the sum of the next level.

    Raises:
        LwrfError: If there is no such place.
    """
    places = tap_places(network)
    if names is None:
        return list(places.values())[:3]
    for name in names:
        if name not in places:
            raise LwrfError(f"tap is {name!r}; wanted one of {', '.join(places)}")
    return [place for name, place in places.items() if name in names]


class Probe:
    """Runs a network no further than its last tap, and returns what is there.

    The network's own `forward` runs, with hooks on the parts; use it as a context manager, which
    takes the hooks off again.

    Args:
        network: The network, in evaluation mode.
        places: Where to look, in the order in which the network computes them.

    Attributes:
        places: The same.
    """

    def __init__(self, network: nn.Module, places: Sequence[TapPlace]) -> None:
        self.places = list(places)
        self._network = network
        self._found: dict[str, Tensor] = {}
        self._last = self.places[-1].name
        self._hooks = [self._hook(place) for place in self.places]

    def __call__(self, batch: Tensor) -> dict[str, Tensor]:
        """Map normalised images ``(N, 3, H, W)`` to each tap's ``(N, C, h, w)``, by name."""
        self._found = {}
        with torch.inference_mode(), suppress(_LastTapReached):
            self._network(batch)
        return self._found

    def __enter__(self) -> Self:
        """Return the probe."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the hooks off."""
        for hook in self._hooks:
            hook.remove()

    def _hook(self, place: TapPlace) -> torch.utils.hooks.RemovableHandle:
        name, module = place.name, place.module
        if place.behind:
            return module.register_forward_hook(lambda _, ins, out: self._keep(name, out))
        return module.register_forward_pre_hook(lambda _, ins: self._keep(name, ins[0]))

    def _keep(self, name: str, values: Tensor) -> None:
        # A copy: whatever follows may work in place.
        self._found[name] = values.clone()
        if name == self._last:
            raise _LastTapReached


class _LastTapReached(Exception):  # noqa: N818  # it is no error: the rest is not needed
    """Ends a pass through the network."""
