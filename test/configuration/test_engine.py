# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From parameters to an engine: which weights it takes, what it says of them, what it refuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lwrf_ros import package_data as data
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.configuration.engine import load_engine
from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.errors import LwrfError
from lwrf_ros.network import build_network, randomise
from lwrf_ros.weights.bundled import DEFAULT_CLASSES, WeightsChoiceError
from lwrf_ros.weights.checkpoint import save_weights

SMALL = {"input_width": 32, "input_height": 32, "device": "cpu"}


def saved(path: Path, num_classes: int = 11, **card: str) -> Path:
    """Write random weights with a card."""
    network = build_network("mobilenet_v2", num_classes)
    randomise(network, seed=1)
    network.input_size = (40, 48)
    save_weights(network, path, card)
    return path


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test's own for bundled weights; the class tables stay."""
    (tmp_path / "classes").symlink_to(data.class_tables()["camvid"].parent)
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(data, "_ROOT", tmp_path)
    return tmp_path / "weights"


def test_the_defaults_are_weights_that_come_with_the_package() -> None:
    default = Parameters()
    path = data.find_weights(default.backbone, default.decoder, DEFAULT_CLASSES)
    assert path is not None
    engine = load_engine(Parameters(device="cpu"))
    assert engine.weights.source == str(path)
    assert engine.segmenter.input_size is not None  # they know what they were trained at
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert engine.weights.sha256 == digest
    assert engine.provenance == (f"weights {path} (sha256 {digest[:12]}), {engine.weights.terms}")
    assert engine.weights.terms.startswith("trained on ")


def test_weights_by_name_bring_their_classes() -> None:
    engine = load_engine(Parameters(weights="camvid", device="cpu"))
    assert engine.segmenter.classes.names == ClassTable.load("camvid").names
    assert engine.weights.terms.startswith("trained on CamVid")
    assert engine.weights.terms.endswith("(CC BY-NC 4.0): for non-commercial use")


def test_weights_of_a_file_bring_their_classes(tmp_path: Path) -> None:
    names = ["floor", "person"]
    colours = [[0, 255, 0], [255, 0, 0]]
    path = saved(
        tmp_path / "w.safetensors",
        num_classes=2,
        class_names=json.dumps(names),
        class_colours=json.dumps(colours),
    )
    parameters = Parameters(weights=str(path), coverage_alerts=("person>0.5",), **SMALL)
    assert load_engine(parameters).segmenter.classes.names == ("floor", "person")


def test_bundled_weights_are_taken_by_backbone_decoder_and_classes(bundle: Path) -> None:
    saved(bundle / "mobilenet_v2-light_weight-other.safetensors")
    path = saved(bundle / "mobilenet_v2-light_weight-camvid.safetensors")
    engine = load_engine(Parameters(classes="camvid", device="cpu"))
    assert engine.weights.source == str(path)
    assert engine.segmenter.input_size == (40, 48)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (
            {"backbone": "resnet50", "classes": "camvid"},
            "backbone resnet50, decoder light_weight and classes camvid",
        ),
        ({"classes": "TABLE"}, "backbone mobilenet_v2, decoder light_weight and classes TABLE"),
    ],
)
def test_without_bundled_weights_it_lists_what_there_is(
    bundle: Path, tmp_path: Path, options: dict[str, str], named: str
) -> None:
    # A table of one's own, though it is called camvid: its classes may be in another order.
    table = tmp_path / "camvid.yaml"
    table.write_text((tmp_path / "classes" / "camvid.yaml").read_text())
    options = {key: value.replace("TABLE", str(table)) for key, value in options.items()}
    for there in ("mobilenet_v2-light_weight-camvid", "mobilenet_v2-light_weight-yard"):
        (bundle / f"{there}.safetensors").touch()
    with pytest.raises(WeightsChoiceError) as caught:
        load_engine(Parameters(**options, **SMALL))
    message = str(caught.value)
    assert f"no weights come with lwrf_ros for {named.replace('TABLE', str(table))}" in message
    assert "mobilenet_v2-light_weight-camvid, mobilenet_v2-light_weight-yard" in message
    assert "name one of these as weights, or the path of a file, or random" in message


def test_without_any_bundled_weights_it_says_so(bundle: Path) -> None:
    with pytest.raises(WeightsChoiceError, match="none at all"):
        load_engine(Parameters(**SMALL))


@pytest.mark.parametrize(
    ("card", "terms"),
    [
        (
            {"license": "CC-BY-NC-4.0", "data": "CamVid"},
            ", trained on CamVid (CC BY-NC 4.0): for non-commercial use",
        ),
        ({"license": "MIT", "data": "our yard"}, ", trained on our yard (MIT)"),
        ({"data": "our yard"}, ""),
    ],
)
def test_what_is_said_of_a_file(tmp_path: Path, card: dict[str, str], terms: str) -> None:
    path = saved(tmp_path / "w.safetensors", classes="camvid", **card)
    engine = load_engine(Parameters(weights=str(path), **SMALL))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert engine.provenance == f"weights {path} (sha256 {digest[:12]}){terms}"


@pytest.fixture
def with_units(tmp_path: Path) -> str:
    """Weights of another network than the default one, as their card says."""
    network = build_network("mobilenet_v2", 11, "light_weight_rcu")
    randomise(network, seed=1)
    save_weights(network, tmp_path / "w.safetensors", {"classes": "camvid"})
    return str(tmp_path / "w.safetensors")


def test_a_network_that_nobody_has_set_is_the_weights_own(with_units: str) -> None:
    engine = load_engine(Parameters(weights=with_units, **SMALL), {"weights", *SMALL})
    assert (engine.choice.backbone, engine.choice.decoder) == ("mobilenet_v2", "light_weight_rcu")


def test_a_network_that_somebody_has_set_is_held_against_the_card(with_units: str) -> None:
    parameters = Parameters(weights=with_units, decoder="light_weight", **SMALL)
    with pytest.raises(WeightsChoiceError, match=r"the decoder is light_weight, and .*_rcu"):
        load_engine(parameters, {"weights", "decoder"})
    with pytest.raises(WeightsChoiceError, match="the decoder is light_weight, and"):
        load_engine(parameters)


def test_random_weights_are_called_so() -> None:
    engine = load_engine(Parameters(weights="random", **SMALL))
    assert engine.provenance == "random weights: the labels mean nothing"
    assert (engine.weights.source, engine.weights.sha256) == ("random", "")


def test_groups_regions_and_the_size_of_the_labels() -> None:
    regions = str(data.config_path("regions.yaml"))
    parameters = Parameters(
        weights="random",
        classes="camvid",
        class_groups="camvid_navigation",
        regions=regions,
        label_size="network",
        coverage_alerts=("person@path>0.05",),
        **SMALL,
    )
    engine = load_engine(parameters)
    assert engine.segmenter.classes.names == ("traversable", "obstacle", "person", "unknown")
    assert [region.name for region in engine.regions] == ["path", "left", "right"]
    (result,) = engine.segmenter.segment([np.zeros((50, 70, 3), np.uint8)])
    assert result.labels is not None
    assert (result.labels.shape, result.coverage.shape) == ((32, 32), (4,))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"class_groups": "navigation"}, "there are no class groups 'navigation'; wanted one of"),
        ({"class_groups": "nyu40_navigation"}, "line 5: group 0 (traversable) has the class"),
        ({"regions": "nowhere.yaml"}, "there is no file of regions nowhere.yaml; check the path"),
        ({"coverage_alerts": ("person>0.5",)}, "names the class 'person'; wanted one of sky"),
        (
            {"class_groups": "camvid_navigation", "coverage_alerts": ("car>0.5",)},
            "names the class 'car'; wanted one of traversable, obstacle, person, unknown",
        ),
        ({"coverage_alerts": ("car@path>0.5",)}, "names the region 'path'; wanted a file with it"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_loaded(
    options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(LwrfError) as caught:
        load_engine(Parameters(weights="/no/such/file", classes="camvid", **options, **SMALL))
    assert complaint in str(caught.value)
