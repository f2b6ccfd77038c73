# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a training is about: as the arguments say, else as the card of its first weights says."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.cli import train
from lwrf_ros.training.starting_weights import starting_choice
from lwrf_ros.weights.bundled import DEFAULT_CLASSES, WeightsChoiceError
from lwrf_ros.weights.choice import Choice

CARD = {
    "backbone": "resnet50",
    "decoder": "original",
    "classes": "yard",
    "class_names": json.dumps(["grass", "hedge"]),
    "class_colours": json.dumps([[0, 255, 0], [0, 128, 0]]),
}


@pytest.fixture
def yard(tmp_path: Path) -> str:
    """A weights file; nothing but its card is looked at here."""
    path = tmp_path / "yard.safetensors"
    save_file({"x": np.zeros(1, np.float32)}, path, CARD)
    return str(path)


def chosen(*arguments: str) -> Choice:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    return starting_choice(parser.parse_args(["data", "-o", "out", *arguments]))


def test_without_weights_it_is_the_default_network_and_classes() -> None:
    found = chosen()
    assert (found.path, found.backbone, found.decoder) == (None, "mobilenet_v2", "light_weight")
    assert found.classes.name == DEFAULT_CLASSES
    assert chosen("--encoder", "e.pth", "--backbone", "resnet101").backbone == "resnet101"


def test_weights_bring_network_and_classes(yard: str) -> None:
    found = chosen("--init", yard)
    assert (str(found.path), found.backbone, found.decoder) == (yard, "resnet50", "original")
    assert found.classes.names == ("grass", "hedge")
    assert chosen("--init", "camvid").classes.names == ClassTable.load("camvid").names


def test_other_classes_may_be_learned(yard: str) -> None:
    found = chosen("--init", yard, "--classes", "camvid")
    assert (found.backbone, found.classes.name) == ("resnet50", "camvid")


def test_the_bundled_ones_are_those_of_the_default_classes() -> None:
    found = chosen("--init", "bundled", "--classes", "camvid")
    assert found.path is not None and found.path.stem.endswith(f"-{DEFAULT_CLASSES}")
    assert found.classes.name == "camvid"


@pytest.mark.parametrize(
    ("kind", "given"), [("backbone", "resnet101"), ("decoder", "light_weight")]
)
def test_another_network_than_the_card_says_is_an_error(yard: str, kind: str, given: str) -> None:
    with pytest.raises(WeightsChoiceError, match=f"the {kind} is {given}, and .* {CARD[kind]}"):
        chosen("--init", yard, f"--{kind}", given)


def test_random_weights_are_none_to_begin_with() -> None:
    with pytest.raises(WeightsChoiceError, match="no weights called 'random'"):
        chosen("--init", "random")
