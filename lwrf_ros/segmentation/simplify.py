# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Rewrites of a trained network that keep its output and save work."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from lwrf_ros.network.decoder import ChainedResidualPooling, Level, TapSum
from lwrf_ros.network.encoders.blocks import Normed
from lwrf_ros.network.refinenet import RefineNet, framed


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
            each of its kernel positions, and a `ShiftedSum` of the nine. A convolution to few
            channels leaves half of a CPU's vector lanes empty, a matrix product to nine times as
            many does not.
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
        self.size_multiple = network.size_multiple
        self.decoder = copy.deepcopy(network.decoder)
        levels = cast("list[Level]", list(self.decoder.levels))
        # The shallowest level hands on to the classifier.
        levels[-1].project = copy.deepcopy(network.classifier)
        for level in levels:
            _rewrite(level, rewrites)
        # Behind the last level; whoever can do it better on his device puts an Identity here.
        self.assemble: nn.Module = nn.Identity()
        if rewrites.split_classifier:
            self.assemble = _split(levels[-1])

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` to ``(N, C, ceil(H/4), ceil(W/4))``, as `RefineNet` does."""
        logits: Tensor = self.assemble(
            self.decoder(self.encoder(framed(image, self.size_multiple)))
        )
        return logits


class JoinedTaps(nn.Module):
    """One convolution over a level's concatenated taps, in the place of a sum of several.

    Args:
        conv: The convolution.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, taps: Sequence[Tensor]) -> Tensor:
        """Map taps ``(N, c, H, W)`` of one size to ``(N, width, H, W)``."""
        out: Tensor = self.conv(torch.cat(list(taps), dim=1))
        return out


class MergedChain(nn.Module):
    """CRP whose last stage is part of the convolution behind it.

    follower(sum + stage(pool(link))) is follower(sum) + (follower * stage)(pool(link)).

    Args:
        crp: The CRP; it loses its last stage.
        follower: The convolution behind it.
    """

    def __init__(self, crp: ChainedResidualPooling, follower: nn.Conv2d) -> None:
        super().__init__()
        self.last = chained(cast("nn.Conv2d", crp.stages.pop(-1)), follower)
        self.crp = crp
        self.follower = follower

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to what the follower makes of the whole CRP."""
        total, link = self.crp.chain(x)
        out: Tensor = self.follower(total) + self.last(self.crp.pool(link))
        return out


def _rewrite(level: Level, rewrites: Rewrites) -> None:
    """Rewrite a level in place, as far as its form allows it."""
    reduce = cast("list[nn.Conv2d]", list(cast("TapSum", level.reduce)))
    crp = cast("ChainedResidualPooling", level.crp)
    adapt, follower = level.adapt, level.project
    if rewrites.merge_pairs and adapt is not None and not level.rcus_in and _pointwise(reduce):
        reduce = [chained(conv, adapt) for conv in reduce]
        level.adapt = None
    if rewrites.join_sums and len(reduce) > 1:
        level.reduce = JoinedTaps(side_by_side(reduce))
    else:
        level.reduce = TapSum(reduce, [0.0] * len(reduce))
    if rewrites.separable_pool:
        crp.pool = separable_pool()
    if (
        rewrites.merge_last_stage
        and follower is not None
        and not level.rcus_out
        and _pointwise(crp.stages)
    ):
        level.crp = MergedChain(crp, follower)
        level.project = None


def _split(level: Level) -> ShiftedSum:
    """Turn a level's last 3x3 into a 1x1 a kernel position; return the module that sums them."""
    crp, follower = level.crp, level.project
    if isinstance(crp, MergedChain):
        follower = crp.follower
        crp.follower, crp.last = positions_apart(follower), positions_apart(crp.last)
    else:
        assert follower is not None  # the classifier
        level.project = positions_apart(follower)
    assert follower.bias is not None  # it has one
    return ShiftedSum(follower.bias.detach())


def _pointwise(convs: Iterable[nn.Module]) -> bool:
    """Tell whether all are 1x1: what follows a larger one sees a border that it has made."""
    return all(cast("nn.Conv2d", conv).kernel_size == (1, 1) for conv in convs)


class ShiftedSum(nn.Module):
    """The sum that a 3x3 convolution makes of its nine kernel positions, each computed as a 1x1.

    Args:
        bias: ``(C,)`` that is added.
    """

    def __init__(self, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("bias", bias)

    bias: Tensor

    def forward(self, parts: Tensor) -> Tensor:
        """Map ``(N, 9 * C, H, W)``, by kernel position (rows first), to ``(N, C, H, W)``."""
        count, _, height, width = parts.shape
        padded = pad(parts, (1, 1, 1, 1)).view(count, 3, 3, -1, height + 2, width + 2)
        total = self.bias.view(1, -1, 1, 1).expand(count, -1, height, width)
        for row in range(3):
            for column in range(3):
                total = (
                    total + padded[:, row, column, :, row : row + height, column : column + width]
                )
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
    """Return a copy of an encoder in which every batch norm is part of its convolutions."""
    folded = copy.deepcopy(encoder).eval()
    for module in folded.modules():
        if isinstance(module, Normed):
            module.fold()
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


def positions_apart(conv: nn.Conv2d) -> nn.Conv2d:
    """Return a 1x1 whose output channels are those of a 3x3's positions, without the bias."""
    weight = conv.weight.permute(2, 3, 0, 1).reshape(-1, conv.in_channels, 1, 1)
    made = nn.Conv2d(conv.in_channels, weight.shape[0], 1, bias=False)
    with torch.no_grad():
        made.weight = nn.Parameter(weight.detach().clone())
    return made


def side_by_side(convs: Sequence[nn.Conv2d]) -> nn.Conv2d:
    """Return one convolution over concatenated inputs that is the sum of several."""
    return _with(convs[0], torch.cat([conv.weight for conv in convs], dim=1), None)


def separable_pool() -> nn.Module:
    """Build CRP's 5x5 max-pool as 5x1 and 1x5: 10 comparisons a pixel instead of 25."""
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
