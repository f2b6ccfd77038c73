# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Weights of classification networks, trained on ImageNet by others, into an encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any, cast

import torch
from torch import Tensor

from lwrf_ros.backbones import BACKBONES
from lwrf_ros.network.encoders import mobilenet_v2, nasnet_mobile
from lwrf_ros.network.encoders.blocks import ConvNorm
from lwrf_ros.network.refinenet import RefineNet, build_network
from lwrf_ros.weights.checkpoint import WeightsInfo, read_card, read_tensors, take_over
from lwrf_ros.weights.layouts import from_reference

_ENCODER = "encoder."
# Batch norm's, never used here.
_COUNTER = "num_batches_tracked"
# What a classification network has behind its encoder, in any of the layouts.
_HEADS = ("fc.", "classifier.", "last_linear.", "head.", "conv_head.", "bn2.", "features.18.")
# Modules by the names of a public layout, with their names here.
_Modules = dict[str, str]


def load_encoder(
    network: RefineNet, source: str | PathLike[str] | Mapping[str, Any]
) -> WeightsInfo:
    """Load weights into a network's encoder; the rest, and on an error all, stays as it was.

    Args:
        network: The network whose encoder is to be filled.
        source: Path of a file or a mapping, as `load_weights` takes them, with the names of

            * torchvision's and timm's ResNets,
            * torchvision's, timm's or the older ``features.N.conv.N`` MobileNet-v2,
            * the public NASNet-A-Mobile (``cell_stem_0…``),
            * a whole segmentation network, this project's or the authors', of which the encoder
              is taken.

            The classification head is left out. Mean and standard deviation of the input come
            with the encoder: from the card of this project's file, else the backbone's own.

    Returns:
        Where the weights came from.

    Raises:
        CheckpointError: If the file cannot be read as weights, or its encoder is not the
            network's: a parameter missing, unexpected, not finite or of another shape.
    """
    tensors, info = read_tensors(source)
    # Not `is_own_layout`: others call their head a classifier, too.
    own = any(key.startswith(_ENCODER) for key in tensors)
    given, unexpected = _encoder_entries(tensors, network, own)
    # Read before anything is taken over. In others' cards the same names may mean other things.
    attributes = read_card(info.card, info.source) if own else {}
    take_over(
        network,
        given,
        _encoder_names(network),
        unexpected,
        info.source,
        lambda: _advice(tensors, network.backbone, own),
    )
    for name in ("mean", "std"):
        setattr(network, name, attributes.get(name, getattr(network.encoder, name)))
    return replace(info, layout="own" if own else "reference")


def _encoder_entries(
    tensors: Mapping[str, Tensor], network: RefineNet, own: bool
) -> tuple[dict[str, Tensor], list[str]]:
    """Return the encoder's tensors by own names, and the names that mean nothing."""
    given, unexpected = (dict(tensors), []) if own else _translated(tensors, network.backbone)
    _complete(given, network)
    return (
        {key: value for key, value in given.items() if key.startswith(_ENCODER)},
        [key for key in unexpected if not key.startswith(_HEADS)],
    )


def _encoder_names(network: RefineNet) -> list[str]:
    return [key for key in network.state_dict() if key.startswith(_ENCODER)]


def _advice(tensors: Mapping[str, Tensor], backbone: str, own: bool) -> str:
    """Say whose encoder it is, if it is that of another backbone."""
    for other in BACKBONES:
        if other == backbone:
            continue
        with torch.device("meta"):
            network = build_network(other, 1)
        given, unexpected = _encoder_entries(tensors, network, own)
        wanted = [key for key in _encoder_names(network) if not key.endswith(_COUNTER)]
        if not unexpected and given.keys() == set(wanted):
            return f"; this is the encoder of a {other}: choose that backbone"
    return f"; wanted a {backbone} as its common classification networks name it"


def _translated(
    tensors: Mapping[str, Tensor], backbone: str
) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors by own names, in the layout that knows most of them, and the unknown."""
    best: tuple[dict[str, Tensor], list[str]] = {}, list(tensors)
    for translate in _layouts(backbone):
        names = {key: translate(key) for key in tensors}
        unknown = [key for key, own in names.items() if own is None]
        if len(unknown) < len(best[1]):
            best = {own: tensors[key] for key, own in names.items() if own is not None}, unknown
    return best


def _layouts(backbone: str) -> list[Callable[[str], str | None]]:
    """Return what translates the names of each known layout of a backbone."""
    modules: list[_Modules] = []
    if backbone == "mobilenet_v2":
        modules = [_torchvision_mobilenet_v2(), _older_mobilenet_v2(), _timm_mobilenet_v2()]
    elif backbone == "nasnet_mobile":
        modules = [_public_nasnet_mobile()]

    def by_module(known: _Modules) -> Callable[[str], str | None]:
        def translate(name: str) -> str | None:
            module, _, entry = name.rpartition(".")
            return f"{_ENCODER}{known[module]}.{entry}" if module in known else None

        return translate

    # torchvision's and timm's ResNets have the authors' names.
    return [lambda name: from_reference(name, backbone), *map(by_module, modules)]


def _blocks() -> list[tuple[int, int, bool]]:
    """Return stage, number in it, and whether it expands, of every block of MobileNet-v2."""
    return [
        (stage, block, expansion > 1)
        for stage, (expansion, _, depth, _) in enumerate(mobilenet_v2.STAGES)
        for block in range(depth)
    ]


def _torchvision_mobilenet_v2() -> _Modules:
    """Return the names where a convolution, its norm and its ReLU6 are one entry of a list."""
    names = {"features.0.0": "stem.conv", "features.0.1": "stem.norm"}
    for number, (stage, block, expands) in enumerate(_blocks(), start=1):
        theirs, own = f"features.{number}.conv", f"stages.{stage}.{block}"
        parts = ("expand", "depthwise") if expands else ("depthwise",)
        for index, part in enumerate(parts):
            names[f"{theirs}.{index}.0"] = f"{own}.{part}.conv"
            names[f"{theirs}.{index}.1"] = f"{own}.{part}.norm"
        # No ReLU6 follows the last one, and it is spread over two entries.
        names[f"{theirs}.{len(parts)}"] = f"{own}.project.conv"
        names[f"{theirs}.{len(parts) + 1}"] = f"{own}.project.norm"
    return names


def _older_mobilenet_v2() -> _Modules:
    """Return the names where every convolution, norm and ReLU6 is an entry of one list."""
    names = {"features.0.0": "stem.conv", "features.0.1": "stem.norm"}
    for number, (stage, block, expands) in enumerate(_blocks(), start=1):
        parts = ("expand", "depthwise", "project") if expands else ("depthwise", "project")
        for index, part in enumerate(parts):
            theirs, own = f"features.{number}.conv", f"stages.{stage}.{block}.{part}"
            names[f"{theirs}.{3 * index}"] = f"{own}.conv"
            names[f"{theirs}.{3 * index + 1}"] = f"{own}.norm"
    return names


def _timm_mobilenet_v2() -> _Modules:
    """Return timm's names, where the parts of a block have names of their own."""
    names = {"conv_stem": "stem.conv", "bn1": "stem.norm"}
    for stage, block, expands in _blocks():
        parts = {"expand": "conv_pw", "depthwise": "conv_dw", "project": "conv_pwl"}
        if not expands:
            parts = {"depthwise": "conv_dw", "project": "conv_pw"}
        for number, (part, theirs) in enumerate(parts.items(), start=1):
            names[f"blocks.{stage}.{block}.{theirs}"] = f"stages.{stage}.{block}.{part}.conv"
            names[f"blocks.{stage}.{block}.bn{number}"] = f"stages.{stage}.{block}.{part}.norm"
    return names


def _public_nasnet_mobile() -> _Modules:
    """Return the names of the one checkpoint of NASNet-A-Mobile that is around."""
    names = {"conv0.conv": "stem.conv", "conv0.bn": "stem.norm"}
    inside = {
        "conv_1x1.conv": "adjust.conv",
        "conv_1x1.bn": "adjust.norm",
        "conv_prev_1x1.conv": "adjust_earlier.conv",
        "conv_prev_1x1.bn": "adjust_earlier.norm",
        "path_1.conv": "adjust_earlier.convs.0",
        "path_2.conv": "adjust_earlier.convs.1",
        "final_path_bn": "adjust_earlier.norm",
    }
    branch = {
        "separable_1.depthwise_conv2d": "spread",
        "separable_1.pointwise_conv2d": "mix.conv",
        "bn_sep_1": "mix.norm",
        "separable_2.depthwise_conv2d": "spread_again",
        "separable_2.pointwise_conv2d": "mix_again.conv",
        "bn_sep_2": "mix_again.norm",
    }
    for cell, (_, pairs), _ in nasnet_mobile.CELLS:
        names |= {f"{cell}.{theirs}": f"cells.{cell}.{own}" for theirs, own in inside.items()}
        for number in range(len(pairs)):
            for side in ("left", "right"):
                names |= {
                    f"{cell}.comb_iter_{number}_{side}.{theirs}": (
                        f"cells.{cell}.pairs.{number}.{side}.{own}"
                    )
                    for theirs, own in branch.items()
                }
    return names


def _complete(given: dict[str, Tensor], network: RefineNet) -> None:
    """Add the 1x1 of MobileNet-v2's block that expands nothing, which most layouts leave out.

    The authors' network has one there; as the identity, behind a ReLU6, it changes nothing.
    """
    at = f"{_ENCODER}stages.0.0.expand."
    if network.backbone != "mobilenet_v2" or any(key.startswith(at) for key in given):
        return
    expand = cast("ConvNorm", network.get_submodule(at.rstrip(".")))
    channels = expand.conv.out_channels
    given[f"{at}conv.weight"] = torch.eye(channels).view(channels, channels, 1, 1)
    given[f"{at}norm.weight"] = torch.ones(channels)
    given[f"{at}norm.bias"] = torch.zeros(channels)
    given[f"{at}norm.running_mean"] = torch.zeros(channels)
    given[f"{at}norm.running_var"] = torch.full((channels,), 1 - cast("float", expand.norm.eps))
