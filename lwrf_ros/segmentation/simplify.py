# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Rewrites of a trained network that keep its output and save work."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from lwrf_ros.network.decoder import Level
from lwrf_ros.network.encoders.blocks import ConvNorm
from lwrf_ros.network.refinenet import RefineNet


@dataclass(frozen=True)
class Rewrites:
    """Which rewrites to apply beside the folding of batch norm, which always pays.

    Attributes:
        merge_pairs: A level's two 1x1 in a row become one (the ResNet decoders have such pairs).
        join_sums: The 1x1s of a level whose results are added become one over the concatenated
            taps.
        merge_last_stage: The last CRP stage and the convolution that follows the sum of the
            stages become one.
        separable_pool: A 5x5 max-pool becomes 5x1 and 1x5.
        split_classifier: The 3x3 classifier becomes a 1x1 to nine times the channels, one set for
            each of its taps, and a `ShiftedSum` of the nine. A convolution to few channels leaves
            half of a CPU's vector lanes empty, a matrix product to nine times as many does not.
    """

    merge_pairs: bool = True
    join_sums: bool = False
    merge_last_stage: bool = False
    separable_pool: bool = False
    split_classifier: bool = False


class Simplified(nn.Module):
    """A network in evaluation mode without what it needs in training only.

    Args:
        network: The network; it stays as it is.
        rewrites: Which rewrites to apply.
    """

    def __init__(self, network: RefineNet, rewrites: Rewrites) -> None:
        super().__init__()
        self.encoder = fold_batch_norm(network.encoder)
        self.tap_counts = list(network.decoder.tap_counts)
        levels = cast("list[Level]", list(network.decoder.levels))
        # The shallowest level hands on to the classifier.
        simplified = [
            SimplifiedLevel(level, level.project or network.classifier, rewrites)
            for level in levels
        ]
        self.levels = nn.ModuleList(simplified)
        # Behind the last level; whoever can do it better on his device puts an Identity here.
        self.assemble: nn.Module = nn.Identity()
        if rewrites.split_classifier:
            self.assemble = simplified[-1].split()

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` to ``(N, C, ceil(H/4), ceil(W/4))``, as `RefineNet` does."""
        waiting: list[Tensor] = list(self.encoder(image))
        path: Tensor | None = None
        for level, count in zip(self.levels, self.tap_counts, strict=True):
            path = level([waiting.pop() for _ in range(count)], path)
        logits: Tensor = self.assemble(path)
        return logits


class SimplifiedLevel(nn.Module):
    """One resolution of the decoder, with the convolution that its result goes into.

    Args:
        level: The level that it is made of.
        follower: What follows the level's CRP: its 1x1 upwards, or the classifier.
        rewrites: Which rewrites to apply.
    """

    def __init__(self, level: Level, follower: nn.Conv2d, rewrites: Rewrites) -> None:
        super().__init__()
        reduce = cast("list[nn.Conv2d]", list(copy.deepcopy(level.reduce)))
        adapt = copy.deepcopy(level.adapt)
        if adapt is not None and rewrites.merge_pairs:
            reduce = [chained(conv, adapt) for conv in reduce]
            adapt = None
        self.joined = rewrites.join_sums and len(reduce) > 1
        self.reduce = nn.ModuleList([side_by_side(reduce)] if self.joined else reduce)
        self.adapt = adapt
        self.activation: Callable[[Tensor], Tensor] = level.activation
        stages = cast("list[nn.Conv2d]", list(copy.deepcopy(level.crp.stages)))
        self.last: nn.Conv2d | None = None
        if rewrites.merge_last_stage:
            self.last = chained(stages.pop(), follower)
        self.stages = nn.ModuleList(stages)
        self.follower = copy.deepcopy(follower)
        self.pool = pool(rewrites.separable_pool)

    def forward(self, taps: Sequence[Tensor], deeper: Tensor | None) -> Tensor:
        """Fuse taps ``(N, c, H, W)`` of one size with the deeper path ``(N, width, h, w)``."""
        if self.joined:
            taps = [torch.cat(list(taps), dim=1)]
        total: Tensor | None = None
        for tap, reduce in zip(taps, self.reduce, strict=True):
            total = reduce(tap) if total is None else total + reduce(tap)
        assert total is not None  # a level is built from at least one tap
        if self.adapt is not None:
            total = self.adapt(total)
        if deeper is not None:
            size = total.shape[2:]
            total = total + interpolate(deeper, size=size, mode="bilinear", align_corners=True)
        link = self.activation(total)
        out = link
        for stage in self.stages:
            link = stage(self.pool(link))
            out = out + link
        if self.last is None:
            return self.follower(out)
        # follower(out + stage(pool(link))) = follower(out) + (follower * stage)(pool(link))
        return self.follower(out) + self.last(self.pool(link))

    def split(self) -> ShiftedSum:
        """Turn the 3x3 that follows into a 1x1 a tap, and return what puts them together."""
        bias = self.follower.bias
        assert bias is not None  # the classifier has one
        self.follower = taps_apart(self.follower)
        if self.last is not None:
            self.last = taps_apart(self.last)
        return ShiftedSum(bias.detach())


class ShiftedSum(nn.Module):
    """The sum that a 3x3 convolution makes of its nine taps, each computed as a 1x1.

    Args:
        bias: ``(C,)`` that is added.
    """

    def __init__(self, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("bias", bias)

    bias: Tensor

    def forward(self, parts: Tensor) -> Tensor:
        """Map ``(N, 9 * C, H, W)``, tap by tap (rows first), to ``(N, C, H, W)``."""
        count, _, height, width = parts.shape
        padded = pad(parts, (1, 1, 1, 1)).view(count, 3, 3, -1, height + 2, width + 2)
        total = self.bias.view(1, -1, 1, 1).expand(count, -1, height, width)
        for row in range(3):
            for column in range(3):
                tap = padded[:, row, column, :, row : row + height, column : column + width]
                total = total + tap
        return total


def simplify(network: RefineNet, rewrites: Rewrites) -> Simplified:
    """Return a network with the same output in fewer steps.

    Args:
        network: The network; its weights and `state_dict` stay as they are.
        rewrites: Which rewrites to apply.

    Returns:
        The network in evaluation mode, with parameters of its own that need no gradients.
    """
    return Simplified(network, rewrites).eval().requires_grad_(False)


def fold_batch_norm(encoder: nn.Module) -> nn.Module:
    """Return a copy of an encoder in which every batch norm is part of its convolution."""
    folded = copy.deepcopy(encoder).eval()
    for module in folded.modules():
        if isinstance(module, ConvNorm):
            norm = module.norm
            assert norm.running_mean is not None and norm.running_var is not None  # as built
            # In double precision: the rounding of the product is then all that is added.
            scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
            weight = module.conv.weight.double() * scale.view(-1, 1, 1, 1)
            bias = norm.bias.double() - norm.running_mean.double() * scale
            module.conv = _with(module.conv, weight, bias)
            module.norm = nn.Identity()  # type: ignore[assignment]
    return folded


def chained(first: nn.Conv2d, second: nn.Conv2d) -> nn.Conv2d:
    """Return one convolution that is a 1x1 followed by another convolution, without its bias.

    Where the second is padded with zeros, so is the first's output: it has no bias, so that zeros
    outside stay zeros. The second's bias is left to whoever adds the results up; a 1x1 that is
    merged has none.
    """
    weight = torch.einsum(
        "omyx,mi->oiyx", second.weight.double(), first.weight[:, :, 0, 0].double()
    )
    return _with(second, weight, None)


def taps_apart(conv: nn.Conv2d) -> nn.Conv2d:
    """Return a 1x1 whose output channels are those of a 3x3's taps, without the bias."""
    weight = conv.weight.permute(2, 3, 0, 1).reshape(-1, conv.in_channels, 1, 1)
    made = nn.Conv2d(conv.in_channels, weight.shape[0], 1, bias=False)
    with torch.no_grad():
        made.weight = nn.Parameter(weight.detach().clone())
    return made


def side_by_side(convs: Sequence[nn.Conv2d]) -> nn.Conv2d:
    """Return one convolution over concatenated inputs that is the sum of several."""
    return _with(convs[0], torch.cat([conv.weight for conv in convs], dim=1), None)


def pool(separable: bool) -> nn.Module:
    """Build CRP's 5x5 max-pool at stride 1; as 5x1 and 1x5 it takes 10 comparisons, not 25."""
    if not separable:
        return nn.MaxPool2d(5, stride=1, padding=2)
    return nn.Sequential(
        nn.MaxPool2d((5, 1), stride=1, padding=(2, 0)),
        nn.MaxPool2d((1, 5), stride=1, padding=(0, 2)),
    )


def _with(conv: nn.Conv2d, weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    """Return a convolution like another one, with a weight and bias of its own."""
    made: nn.Conv2d = nn.utils.skip_init(  # type: ignore[no-untyped-call]
        nn.Conv2d,
        weight.shape[1] * conv.groups,
        weight.shape[0],
        conv.kernel_size,
        stride=conv.stride,
        padding=conv.padding,
        groups=conv.groups,
        bias=bias is not None,
        dtype=conv.weight.dtype,
        device=conv.weight.device,
    )
    with torch.no_grad():
        made.weight.copy_(weight)
        if made.bias is not None and bias is not None:
            made.bias.copy_(bias)
    return made
