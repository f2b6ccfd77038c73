# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Bundled weights by their names: what is one, what it finds, and what is near an unknown one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros import package_data as data
from lwrf_ros.weights.bundled import (
    DEFAULT_CLASSES,
    WeightsChoiceError,
    find,
    find_for,
    is_path,
    names,
)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights that are nothing but files."""
    monkeypatch.setattr(data, "_ROOT", tmp_path)
    folder = tmp_path / "weights"
    folder.mkdir()
    for stem in (
        "mobilenet_v2-light_weight-camvid",
        "mobilenet_v2-light_weight-person-part",
        "mobilenet_v2-original-camvid",
        "resnet50-light_weight-voc",
    ):
        (folder / f"{stem}.safetensors").touch()
    return folder


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("camvid", False),
        ("mobilenet_v2-light_weight-camvid", False),
        ("random", False),
        ("weights.safetensors", True),
        ("rf_lw50_voc.pth.tar", True),
        ("runs/corridor", True),
        ("./camvid", True),
        ("~/w.ckpt", True),
    ],
)
def test_a_path_has_a_slash_or_a_suffix(text: str, path: bool) -> None:
    assert is_path(text) is path


def test_by_stem_and_by_classes_alone(files: Path) -> None:
    assert find("mobilenet_v2-light_weight-camvid") == files / (
        "mobilenet_v2-light_weight-camvid.safetensors"
    )
    assert find("camvid") == find("mobilenet_v2-light_weight-camvid")
    assert find("person-part").stem == "mobilenet_v2-light_weight-person-part"
    assert find("resnet50-light_weight-voc").stem == "resnet50-light_weight-voc"
    assert set(names()) == {
        "camvid",
        "person-part",
        "mobilenet_v2-light_weight-camvid",
        "mobilenet_v2-light_weight-person-part",
        "mobilenet_v2-original-camvid",
        "resnet50-light_weight-voc",
    }


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("camvit", "did you mean camvid? There are: "),
        ("persons-part", "did you mean person-part? There are: "),
        ("voc", "; there are: "),
        ("mobilenet_v2-lightweight-camvid", "did you mean mobilenet_v2-light_weight-camvid or "),
        ("", "; there are: "),
    ],
)
def test_an_unknown_name_has_its_nearest(asked: str, near: str) -> None:
    with pytest.raises(WeightsChoiceError) as caught:
        find(asked)
    message = str(caught.value)
    assert message.startswith(f"no weights called {asked!r} come with lwrf_ros; ")
    assert near in message
    listed = ", ".join(path.stem for path in data.bundled_weights())
    assert listed.count(", ") == 3 and f": {listed}. " in message
    assert message.endswith(f"by a path with a slash or a suffix: ./{asked}")


def test_where_none_are_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_ROOT", tmp_path)
    assert names() == {}
    with pytest.raises(WeightsChoiceError, match="there are: none at all"):
        find("camvid")
    with pytest.raises(WeightsChoiceError, match="backbone resnet50, decoder original and cl"):
        find_for("resnet50", "original", "camvid")


def test_the_default_weights_are_there() -> None:
    assert find(DEFAULT_CLASSES) == find_for("mobilenet_v2", "light_weight", DEFAULT_CLASSES)


def test_all_that_is_bundled_stays_small() -> None:
    assert sum(path.stat().st_size for path in data.bundled_weights()) <= 25_000_000
