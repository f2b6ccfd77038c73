# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Classification networks of the common layouts give their encoder, and nothing else changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from reference import MOBILE_ROWS, Shapes, filled, largest_error, mobile_shapes, resnet_shapes
from safetensors.torch import save_file
from torch import Tensor

from lwrf_ros.network import RefineNet, build_network
from lwrf_ros.weights.checkpoint import save_weights
from lwrf_ros.weights.pretrained import load_encoder
from lwrf_ros.weights.weights_file import CheckpointError

# Names of a convolution and its norm by layout: those of the stem, then of each block's parts, by
# number over all blocks, stage and block in it. In none of them the first block has an expansion.
Names = tuple[str, str]


def layout_names(layout: str) -> Iterator[tuple[Names, list[Names]]]:
    """Yield nothing but what the layouts' inventors wrote: stem, then the parts of each block."""
    stem = ("conv_stem", "bn1") if layout == "timm" else ("features.0.0", "features.0.1")
    yield stem, []
    number = 0
    for stage, (expansion, _, repeats, _) in enumerate(MOBILE_ROWS):
        for block in range(repeats):
            number += 1
            at = f"features.{number}.conv"
            if layout == "torchvision" and expansion == 1:
                parts = [(f"{at}.0.0", f"{at}.0.1"), (f"{at}.1", f"{at}.2")]
            elif layout == "torchvision":
                parts = [(f"{at}.{k}.0", f"{at}.{k}.1") for k in (0, 1)] + [(f"{at}.2", f"{at}.3")]
            elif layout == "older":
                parts = [(f"{at}.{k}", f"{at}.{k + 1}") for k in (0, 3, 6)]
                parts = parts[: 2 if expansion == 1 else 3]
            else:
                at = f"blocks.{stage}.{block}"
                convs = ["conv_dw", "conv_pw"] if expansion == 1 else ["conv_pw", "conv_dw"]
                convs += [] if expansion == 1 else ["conv_pwl"]
                parts = [(f"{at}.{c}", f"{at}.bn{k}") for k, c in enumerate(convs, start=1)]
            yield ("", ""), parts


def classifier_shapes(layout: str) -> Shapes:
    """Return the entries of a whole MobileNet-v2 with 1000 classes in a layout."""
    shapes: Shapes = {}

    def add(names: Names, shape: tuple[int, ...]) -> None:
        conv, norm = names
        shapes[f"{conv}.weight"] = shape
        for entry in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{norm}.{entry}"] = (shape[0],)

    (stem, _), *blocks = layout_names(layout)
    add(stem, (32, 3, 3, 3))
    channels = 32
    rows = [row for row in MOBILE_ROWS for _ in range(row[2])]
    for (expansion, out, _, _), (_, parts) in zip(rows, blocks, strict=True):
        hidden = channels * expansion
        if expansion > 1:
            add(parts[0], (hidden, channels, 1, 1))
        add(parts[-2], (hidden, 1, 3, 3))
        add(parts[-1], (out, hidden, 1, 1))
        channels = out
    head = {"timm": ("conv_head", "bn2")}.get(layout, ("features.18.0", "features.18.1"))
    add(head, (1280, 320, 1, 1))
    last = {"torchvision": "classifier.1"}.get(layout, "classifier")
    return shapes | {f"{last}.weight": (1000, 1280), f"{last}.bias": (1000,)}


def taps_of(layout: str, p: dict[str, Tensor], x: Tensor) -> list[Tensor]:
    """Run the classification network up to its head, and return the ends of stages 2 to 7."""

    def step(x: Tensor, names: Names, **how: int) -> Tensor:
        conv, norm = names
        x = F.conv2d(x, p[f"{conv}.weight"], **how)
        statistics = (p[f"{norm}.running_mean"], p[f"{norm}.running_var"])
        return F.batch_norm(x, *statistics, p[f"{norm}.weight"], p[f"{norm}.bias"], eps=1e-5)

    (stem, _), *blocks = layout_names(layout)
    x = F.relu6(step(x, stem, stride=2, padding=1))
    taps, waiting = [], [parts for _, parts in blocks]
    for stage, (expansion, out, repeats, first_stride) in enumerate(MOBILE_ROWS):
        for block in range(repeats):
            parts, stride = waiting.pop(0), first_stride if block == 0 else 1
            y = F.relu6(step(x, parts[0])) if expansion > 1 else x
            y = F.relu6(step(y, parts[-2], stride=stride, padding=1, groups=y.shape[1]))
            y = step(y, parts[-1])
            x = x + y if stride == 1 and x.shape[1] == out else y
        if stage > 0:
            taps.append(x)
    return taps


@pytest.fixture
def mobile() -> RefineNet:
    return build_network("mobilenet_v2", 3)


@pytest.mark.parametrize("layout", ["torchvision", "older", "timm"])
def test_mobilenet_v2(mobile: RefineNet, layout: str) -> None:
    parameters = filled(classifier_shapes(layout))
    others = {k: v.clone() for k, v in mobile.state_dict().items() if not k.startswith("encoder.")}
    load_encoder(mobile, parameters)
    x = torch.randn(1, 3, 40, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        for tap, wanted in zip(mobile.encoder(x), taps_of(layout, parameters, x), strict=True):
            assert largest_error(tap, wanted) <= 1e-5
    assert all(torch.equal(mobile.state_dict()[key], value) for key, value in others.items())


def test_torchvisions_resnets_have_the_authors_names() -> None:
    shapes = resnet_shapes(50, 3)
    own = re.compile(r"(conv1|bn1|layer\d)\.")
    parameters = filled(
        {k: v for k, v in shapes.items() if own.match(k)}
        | {"fc.weight": (1000, 2048), "fc.bias": (1000,)}
    )
    network = build_network("resnet50", 3, "original")
    load_encoder(network, {"state_dict": {f"module.{k}": v for k, v in parameters.items()}})
    state = network.state_dict()
    stem, deep = "encoder.stem.conv.weight", "encoder.stages.3.2.expand.norm.running_var"
    assert torch.equal(state[stem], parameters["conv1.weight"])
    assert torch.equal(state[deep], parameters["layer4.2.bn3.running_var"])


def test_the_public_nasnet_mobile(shared: Path) -> None:
    models = json.loads((shared / "reference" / "state_dicts.json").read_text())
    shapes = dict(models["nasnet_mobile_encoder"])
    parameters = filled(shapes | {"last_linear.weight": (1000, 1056), "last_linear.bias": (1000,)})
    network = build_network("nasnet_mobile", 3)
    load_encoder(network, parameters)
    state = network.state_dict()
    for theirs, own in (
        ("conv0.bn.bias", "stem.norm.bias"),
        ("cell_stem_1.path_2.conv.weight", "cells.cell_stem_1.adjust_earlier.convs.1.weight"),
        ("cell_12.final_path_bn.weight", "cells.cell_12.adjust_earlier.norm.weight"),
        (
            "reduction_cell_1.comb_iter_4_left.separable_2.depthwise_conv2d.weight",
            "cells.reduction_cell_1.pairs.4.left.spread_again.weight",
        ),
        ("cell_9.comb_iter_1_right.bn_sep_1.running_mean", "cells.cell_9.pairs.1.right.mix.norm"),
    ):
        key = next(key for key in state if key.startswith(f"encoder.{own}"))
        key = f"{key.rpartition('.')[0]}.{theirs.rpartition('.')[2]}"
        assert torch.equal(state[key], parameters[theirs]), theirs
    assert network.mean == (0.5, 0.5, 0.5) and network.std == (0.5, 0.5, 0.5)


def test_the_encoder_of_a_whole_network(mobile: RefineNet, tmp_path: Path) -> None:
    given = build_network("mobilenet_v2", 7, "light_weight_rcu")
    save_weights(given, tmp_path / "own.safetensors")
    info = load_encoder(mobile, tmp_path / "own.safetensors")
    assert info.layout == "own" and len(info.sha256) == 64
    for key, value in given.encoder.state_dict().items():
        assert torch.equal(mobile.encoder.state_dict()[key], value)
    parameters = filled(mobile_shapes(21))
    assert load_encoder(mobile, parameters).layout == "reference"
    stem = mobile.state_dict()["encoder.stem.conv.weight"]
    assert torch.equal(stem, parameters["layer1.0.weight"])


def test_mean_and_deviation_come_with_the_encoder(mobile: RefineNet, tmp_path: Path) -> None:
    given = build_network("mobilenet_v2", 7)
    given.mean, given.std, given.input_size = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25), (96, 128)
    given.temperature = 1.5
    save_weights(given, tmp_path / "own.safetensors")
    load_encoder(mobile, tmp_path / "own.safetensors")
    assert (mobile.mean, mobile.std) == ((0.5, 0.4, 0.3), (0.2, 0.3, 0.25))
    # These belong to the whole network.
    assert (mobile.input_size, mobile.temperature) == (None, 1.0)
    # A public checkpoint names none: ImageNet's, not those of what was loaded before.
    load_encoder(mobile, filled(classifier_shapes("torchvision")))
    assert (mobile.mean, mobile.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_a_foreign_card_is_not_read(mobile: RefineNet, tmp_path: Path) -> None:
    """In the card of others a mean may be of 0 to 255."""
    card = {"mean": "[123.7, 116.3, 103.5]", "std": "imagenet"}
    save_file(filled(classifier_shapes("timm")), tmp_path / "timm.safetensors", card)
    load_encoder(mobile, tmp_path / "timm.safetensors")
    assert mobile.mean == (0.485, 0.456, 0.406)


def test_what_does_not_fit_is_named_and_changes_nothing(mobile: RefineNet) -> None:
    before = {key: value.clone() for key, value in mobile.state_dict().items()}
    shapes = classifier_shapes("torchvision")
    del shapes["features.3.conv.2.weight"]
    shapes["features.99.weight"] = (3,)
    parameters = filled(shapes)
    with pytest.raises(CheckpointError) as caught:
        load_encoder(mobile, parameters)
    message = str(caught.value)
    assert "1 missing (encoder.stages.1.1.project.conv.weight)" in message
    assert "1 unexpected (features.99.weight)" in message
    assert "wanted a mobilenet_v2 as its common classification networks name it" in message
    with pytest.raises(CheckpointError, match="not finite"):
        load_encoder(
            mobile,
            filled(classifier_shapes("timm")) | {"bn1.bias": torch.full((32,), float("nan"))},
        )
    assert all(torch.equal(mobile.state_dict()[key], value) for key, value in before.items())


@pytest.mark.parametrize("depth", [50, 152])
def test_an_encoder_of_another_backbone_is_named(mobile: RefineNet, depth: int) -> None:
    before = {key: value.clone() for key, value in mobile.state_dict().items()}
    shapes = resnet_shapes(depth, 3)
    encoder = {
        key: shape for key, shape in shapes.items() if key.startswith(("conv1", "bn1", "la"))
    }
    given = {key: torch.zeros(shape) for key, shape in encoder.items()}
    advice = f"missing .*; this is the encoder of a resnet{depth}: choose that backbone"
    with pytest.raises(CheckpointError, match=advice):
        load_encoder(mobile, given)
    assert all(torch.equal(mobile.state_dict()[key], value) for key, value in before.items())
    del given["layer3.1.conv2.weight"]
    with pytest.raises(CheckpointError, match="wanted a mobilenet_v2 as its common"):
        load_encoder(mobile, given)
