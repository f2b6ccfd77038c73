# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From a name or a path to a network with its weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.network import build_network, randomise
from lwrf_ros.weights.bundled import find
from lwrf_ros.weights.checkpoint import save_weights
from lwrf_ros.weights.choice import resolve
from lwrf_ros.weights.loading import load, load_choice
from lwrf_ros.weights.weights_file import CheckpointError


def test_bundled_weights_by_name() -> None:
    loaded = load("camvid")
    assert loaded.weights.source == str(find("camvid"))
    assert (loaded.network.backbone, loaded.network.num_classes) == ("mobilenet_v2", 11)
    assert loaded.network.input_size == (480, 640)
    assert loaded.classes.names == ClassTable.load("camvid").names


def test_a_file_brings_everything(tmp_path: Path) -> None:
    network = build_network("mobilenet_v2", 2, "light_weight_rcu")
    randomise(network, seed=3)
    network.input_size = (64, 96)
    card = {"class_names": '["floor", "wall"]', "class_colours": json.dumps([[0, 9, 0], [9, 0, 0]])}
    save_weights(network, tmp_path / "w.safetensors", card)
    loaded = load(tmp_path / "w.safetensors")
    assert loaded.network.decoder_name == "light_weight_rcu"
    assert loaded.network.input_size == (64, 96)
    assert loaded.classes.names == ("floor", "wall")
    assert torch.equal(loaded.network.classifier.weight, network.classifier.weight)


def test_random_weights_are_the_same_each_time() -> None:
    one, other = load("random", "voc"), load_choice(resolve("random", "voc"))
    assert (one.weights.source, one.weights.sha256) == ("random", "")
    assert one.network.num_classes == 21
    assert torch.equal(one.network.classifier.weight, other.network.classifier.weight)
    assert one.network.classifier.weight.std() > 0


def test_a_missing_file_is_told() -> None:
    with pytest.raises(CheckpointError, match=r"there is no weights file /no/such/file\.pth"):
        load("/no/such/file.pth")


def test_a_file_of_another_class_count(tmp_path: Path) -> None:
    # Without a card only the numbers can tell.
    torch.save(build_network("mobilenet_v2", 5).state_dict(), tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="was trained for 5 classes, the network has 21"):
        load(tmp_path / "w.pth", "voc")
