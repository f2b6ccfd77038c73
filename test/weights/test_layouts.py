# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The authors' names map one to one onto this project's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from reference import mobile_shapes, resnet_shapes

from lwrf_ros.network import build_network
from lwrf_ros.weights.layouts import from_reference, is_own_layout

MODELS = {
    "rf_lw50": ("resnet50", "light_weight"),
    "rf_lw101": ("resnet101", "light_weight"),
    "rf_lw152": ("resnet152", "light_weight"),
    "rf_lwmbv2": ("mobilenet_v2", "light_weight"),
    "rf50": ("resnet50", "original"),
    "rf101": ("resnet101", "original"),
    "rf152": ("resnet152", "original"),
}


def check_one_to_one(shapes: dict[str, tuple[int, ...]], backbone: str, decoder: str) -> None:
    """Check that the authors' entries are exactly this project's, in other names."""
    with torch.device("meta"):
        state = build_network(backbone, 21, decoder).state_dict()
    own = {k: tuple(v.shape) for k, v in state.items() if not k.endswith("num_batches_tracked")}
    translated = {name: from_reference(name, backbone) for name in shapes}
    assert None not in translated.values()
    assert len(set(translated.values())) == len(shapes)
    assert {translated[name]: tuple(shape) for name, shape in shapes.items()} == own


@pytest.mark.parametrize("model", MODELS)
def test_one_to_one_for_the_published_names(shared: Path, model: str) -> None:
    models = json.loads((shared / "reference" / "state_dicts.json").read_text())
    check_one_to_one(dict(models[model]), *MODELS[model])


@pytest.mark.parametrize("model", MODELS)
def test_one_to_one_for_the_names_of_the_plain_functions(model: str) -> None:
    backbone, decoder = MODELS[model]
    if backbone == "mobilenet_v2":
        shapes = mobile_shapes(21)
    else:
        depth = int(backbone.removeprefix("resnet"))
        shapes = resnet_shapes(depth, 21, decoder == "original")
    check_one_to_one(shapes, backbone, decoder)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("bn1.running_var", "encoder.stem.norm.running_var"),
        ("layer1.0.downsample.1.bias", "encoder.stages.0.0.shortcut.norm.bias"),
        ("layer3.5.conv2.weight", "encoder.stages.2.5.spatial.conv.weight"),
        # The authors count levels from the deepest, l4 being level 1.
        ("p_ims1d2_outl1_dimred.weight", "decoder.levels.0.reduce.0.weight"),
        ("adapt_stage4_b2_joint_varout_dimred.weight", "decoder.levels.3.adapt.weight"),
        ("mflow_conv_g2_pool.0.4_outvar_dimred.weight", "decoder.levels.1.crp.stages.3.weight"),
        ("mflow_conv_g3_b3_joint_varout_dimred.weight", "decoder.levels.2.project.weight"),
        ("clf_conv.bias", "classifier.bias"),
        ("adapt_stage1_b.0.2_conv.bias", "decoder.levels.0.rcus_in.1.first.bias"),
        (
            "mflow_conv_g4_b.0.3_conv_relu_varout_dimred.weight",
            "decoder.levels.3.rcus_out.2.last.weight",
        ),
    ],
)
def test_resnet_names(name: str, own: str) -> None:
    assert from_reference(name, "resnet50") == own


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("layer1.1.weight", "encoder.stem.norm.weight"),
        ("layer2.0.output.0.0.weight", "encoder.stages.0.0.expand.conv.weight"),
        ("layer8.0.output.2.1.running_mean", "encoder.stages.6.0.project.norm.running_mean"),
        ("conv8.weight", "decoder.levels.0.reduce.0.weight"),
        ("conv5.weight", "decoder.levels.1.reduce.1.weight"),
        ("conv3.weight", "decoder.levels.3.reduce.0.weight"),
        # Here the authors count from the shallowest.
        ("crp4.0.1_outvar_dimred.weight", "decoder.levels.0.crp.stages.0.weight"),
        ("crp1.0.4_outvar_dimred.weight", "decoder.levels.3.crp.stages.3.weight"),
        ("conv_adapt2.weight", "decoder.levels.2.project.weight"),
        ("segm.bias", "classifier.bias"),
    ],
)
def test_mobilenet_v2_names(name: str, own: str) -> None:
    assert from_reference(name, "mobilenet_v2") == own


@pytest.mark.parametrize(
    "name",
    ["fc.weight", "xconv1.weight", "conv1", "clf_convolution.bias", "encoder.stem.conv.weight", ""],
)
def test_other_names_mean_nothing(name: str) -> None:
    assert from_reference(name, "resnet50") is None


def test_names_of_another_backbone_mean_nothing() -> None:
    assert from_reference("segm.bias", "resnet50") is None
    assert from_reference("clf_conv.bias", "mobilenet_v2") is None
    assert from_reference("conv1.weight", "no_such_backbone") is None


def test_the_own_layout_is_told_from_the_authors() -> None:
    assert is_own_layout(["classifier.bias"])
    assert not is_own_layout(mobile_shapes(21))
    assert not is_own_layout(resnet_shapes(50, 21))
    assert not is_own_layout([])
