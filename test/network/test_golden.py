# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The networks give the authors' outputs, and those of an independently written forward."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from reference import (
    camera_image,
    filled,
    largest_error,
    mobile_forward,
    mobile_shapes,
    network_input,
    resnet_forward,
    resnet_shapes,
)

from lwrf_ros.network import build_network
from lwrf_ros.weights.checkpoint import load_weights
from lwrf_ros.weights.pretrained import load_encoder

TOLERANCE = 1e-5
NETWORKS = {
    "rf_lw50": ("resnet50", "light_weight"),
    "rf_lw101": ("resnet101", "light_weight"),
    "rf_lw152": ("resnet152", "light_weight"),
    "rf_lwmbv2": ("mobilenet_v2", "light_weight"),
    "rf50": ("resnet50", "original"),
    "rf101": ("resnet101", "original"),
    "rf152": ("resnet152", "original"),
}
GOLDEN = (
    "rf_lw50/21/64x96",
    "rf_lw50/21/97x129",
    "rf_lw101/7/64x96",
    "rf_lw152/60/64x96",
    "rf_lwmbv2/21/64x96",
    "rf_lwmbv2/21/97x129",
    "rf50/7/64x96",
    "rf101/21/64x96",
    "rf152/7/64x96",
)
ENCODER = "nasnet_mobile_encoder"
ENCODER_TAPS = ("cell_stem_0", "cell_3", "cell_9", "cell_15")
ENCODER_SIZES = ("64x96", "97x129")


@pytest.mark.parametrize("key", GOLDEN)
def test_golden_output(shared: Path, key: str) -> None:
    model, classes, size = key.split("/")
    height, width = map(int, size.split("x"))
    entries = json.loads((shared / "reference" / "state_dicts.json").read_text())[model]
    shapes = {
        name: [int(classes), *shape[1:]] if name.startswith(("clf_conv", "segm")) else shape
        for name, shape in entries
    }
    backbone, decoder = NETWORKS[model]
    network = build_network(backbone, int(classes), decoder)
    assert load_weights(network, filled(shapes)).layout == "reference"
    with torch.inference_mode():
        got = network(network_input(camera_image(height, width)))[0]
    wanted = np.load(shared / "reference" / "golden.npz")[key]
    assert largest_error(got, torch.from_numpy(wanted)) <= TOLERANCE


@pytest.mark.parametrize("size", ENCODER_SIZES)
def test_golden_features_of_nasnet_mobile(shared: Path, size: str) -> None:
    entries = json.loads((shared / "reference" / "state_dicts.json").read_text())[ENCODER]
    network = build_network("nasnet_mobile", 2)
    load_encoder(network, filled(dict(entries)))
    with torch.inference_mode():
        taps = network.encoder(network_input(camera_image(*map(int, size.split("x")))))
    golden = np.load(shared / "reference" / "golden.npz")
    for name, tap in zip(ENCODER_TAPS, taps, strict=True):
        wanted = torch.from_numpy(golden[f"{ENCODER}/{name}/{size}"])
        assert largest_error(tap[0], wanted) <= TOLERANCE, name


def test_every_golden_output_is_compared(shared: Path) -> None:
    keys = np.load(shared / "reference" / "golden.npz").files
    features = {f"{ENCODER}/{tap}/{size}" for tap in ENCODER_TAPS for size in ENCODER_SIZES}
    assert set(keys) == {*GOLDEN, *features}


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (64, 96)])
def test_mobilenet_v2_equals_the_plain_functions(height: int, width: int) -> None:
    parameters = filled(mobile_shapes(classes=5))
    network = build_network("mobilenet_v2", 5)
    load_weights(network, parameters)
    x = network_input(camera_image(height, width))
    with torch.inference_mode():
        assert largest_error(network(x), mobile_forward(x, parameters)) <= TOLERANCE


@pytest.mark.parametrize("decoder", ["light_weight", "original"])
def test_resnet50_equals_the_plain_functions(decoder: str) -> None:
    original = decoder == "original"
    parameters = filled(resnet_shapes(50, 2, original))
    network = build_network("resnet50", 2, decoder)
    load_weights(network, parameters)
    x = network_input(camera_image(37, 65))
    with torch.inference_mode():
        wanted = resnet_forward(x, parameters, 50, original)
        assert largest_error(network(x), wanted) <= TOLERANCE


def test_another_parameter_value_is_noticed() -> None:
    parameters = filled(mobile_shapes(classes=5))
    network = build_network("mobilenet_v2", 5)
    load_weights(network, parameters)
    parameters["crp4.0.4_outvar_dimred.weight"] *= 1.01
    x = network_input(camera_image(64, 64))
    with torch.inference_mode():
        assert largest_error(network(x), mobile_forward(x, parameters)) > TOLERANCE
