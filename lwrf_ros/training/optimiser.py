# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The optimiser of a recipe, initial weights, and the running average of weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from lwrf_ros.network.decoder import BottleneckUnit, ChainedResidualPooling, ResidualConvUnit
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.training.recipe import Recipe

# Adam's second moment. Lower than the customary 0.999: trainings here have few steps.
_SECOND_BETA = 0.99


def initialise(network: RefineNet, generator: torch.Generator) -> None:
    """Draw initial weights for a training from scratch.

    Convolutions keep the spread of their input (He et al. 2015). The links of CRP and the last
    convolutions of residual units start small: many of them follow each other without
    normalisation, and all are added to the sum.

    Args:
        network: The network; batch norm stays as it was built.
        generator: Source of the random numbers.
    """
    chained: set[int] = set()
    for module in network.modules():
        if isinstance(module, ChainedResidualPooling):
            chained.update(map(id, module.stages))
        elif isinstance(module, (ResidualConvUnit, BottleneckUnit)):
            chained.add(id(module.last))
    encoder = {id(module) for module in network.encoder.modules()}
    with torch.no_grad():
        for module in network.modules():
            if not isinstance(module, nn.Conv2d):
                continue
            fan_in = module.weight[0].numel()
            # The encoder's convolutions are followed by batch norm and a ReLU, the decoder's
            # by a sum.
            gain = 2.0 if id(module) in encoder else 1.0
            spread = (gain / fan_in) ** 0.5
            if id(module) in chained:
                spread *= 0.5
            module.weight.normal_(0, spread, generator=generator)
            if module.bias is not None:
                module.bias.zero_()
        network.classifier.weight.mul_(0.1)


def build_optimiser(network: RefineNet, heads: nn.Module, recipe: Recipe) -> Optimizer:
    """Build the optimiser: encoder and decoder apart, no decay for norms and biases.

    Every group has its peak learning rate under ``peak``.
    """
    groups = []
    others = [*network.decoder.parameters(), *network.classifier.parameters(), *heads.parameters()]
    for parameters, rate in (
        (list(network.encoder.parameters()), recipe.encoder_rate),
        (others, recipe.decoder_rate),
    ):
        kernels = [p for p in parameters if p.requires_grad and p.ndim > 1]
        vectors = [p for p in parameters if p.requires_grad and p.ndim == 1]
        for members, decay in ((kernels, recipe.weight_decay), (vectors, 0.0)):
            if members:
                groups.append({"params": members, "lr": rate, "peak": rate, "weight_decay": decay})
    return choose_optimiser(groups, recipe)


def choose_optimiser(groups: list[dict[str, Any]], recipe: Recipe) -> Optimizer:
    """Build the optimiser that a recipe names, for groups of parameters with rate and decay."""
    if recipe.optimiser == "sgd":
        return SGD(groups, momentum=recipe.momentum)
    return AdamW(groups, betas=(recipe.momentum, _SECOND_BETA))


def set_rate(optimiser: Optimizer, factor: float) -> None:
    """Set every group's learning rate to a share of its peak."""
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor


class RunningAverage:
    """An exponential running average of a network's weights and batch norm statistics.

    Args:
        network: The network that is averaged; the average starts at its weights.
        decay: Share that the average keeps at each step; 0 follows the network.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        # Read through the network's own tensors: no look-up a step.
        self._live = _floating(network)
        self._values = {name: value.clone() for name, value in self._live.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the network's present weights."""
        self.steps += 1
        # Early weights are forgotten soon.
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        if not self.decay:
            decay = 0.0
        torch._foreach_lerp_(list(self._values.values()), list(self._live.values()), 1 - decay)

    @torch.no_grad()
    def copy_to(self, network: nn.Module) -> None:
        """Write the average into another network of the same form."""
        for name, value in _floating(network).items():
            value.copy_(self._values[name])

    def state(self) -> dict[str, object]:
        """Return what `restore` takes."""
        return {"steps": self.steps, "values": self._values}

    @torch.no_grad()
    def restore(self, state: dict[str, object]) -> None:
        """Continue from a saved state."""
        self.steps = int(state["steps"])  # type: ignore[call-overload]
        values: dict[str, Tensor] = state["values"]  # type: ignore[assignment]
        for name, value in values.items():
            self._values[name].copy_(value)


def _floating(network: nn.Module) -> dict[str, Tensor]:
    """Return parameters and buffers by name, without batch norm's counters."""
    entries = [*network.named_parameters(), *network.named_buffers()]
    return {name: value.detach() for name, value in entries if value.is_floating_point()}
