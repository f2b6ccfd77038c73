# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which weights, classes and network are meant: by name, by path, by what a card says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from cards import Bundle, carded

from lwrf_ros.classes.class_table import ClassTable, ClassTableError
from lwrf_ros.weights.bundled import DEFAULT_CLASSES, WeightsChoiceError
from lwrf_ros.weights.choice import resolve

CAMVID = ClassTable.load("camvid")
TWO = {"class_names": json.dumps(["floor", "wall"])}
COLOURS = {"class_colours": json.dumps([[0, 255, 0], [120, 120, 120]])}


def table(path: Path, *names: str) -> str:
    lines = [f"  - {{name: {name}, colour: [{i}, 0, 0]}}" for i, name in enumerate(names)]
    path.write_text("\n".join(["name: mine", "classes:", *lines, ""]))
    return str(path)


def refusal(*arguments: str) -> str:
    with pytest.raises(WeightsChoiceError) as caught:
        resolve(*arguments)
    return str(caught.value)


# ---- which file


@pytest.mark.parametrize("weights", ["", "bundled"])
def test_nothing_said_are_the_default_weights(weights: str) -> None:
    choice = resolve(weights)
    assert choice.path is not None
    assert choice.path.name == f"mobilenet_v2-light_weight-{DEFAULT_CLASSES}.safetensors"
    assert (choice.backbone, choice.decoder) == ("mobilenet_v2", "light_weight")
    assert choice.classes.names == ClassTable.load(DEFAULT_CLASSES).names
    assert choice.card["backbone"] == "mobilenet_v2"


def test_empty_weights_go_by_classes_and_network(bundle: Bundle) -> None:
    bundle("mobilenet_v2-light_weight-camvid")
    voc = bundle("mobilenet_v2-light_weight-voc")
    other = bundle("resnet50-light_weight-voc", backbone="resnet50")
    assert resolve("", "voc").path == voc
    assert resolve("", "voc", "resnet50").path == other
    assert "for backbone resnet50, decoder light_weight and classes camvid" in refusal(
        "", "camvid", "resnet50"
    )


def test_random_weights_where_there_are_none_only_if_asked_for(bundle: Bundle) -> None:
    bundle("mobilenet_v2-light_weight-camvid")
    choice = resolve("", "voc", "resnet50", or_random=True)
    assert (choice.path, choice.backbone, len(choice.classes)) == (None, "resnet50", 21)
    assert resolve("", "camvid", or_random=True).path is not None
    refusal("", "voc")


def test_random_weights() -> None:
    choice = resolve("random")
    assert (choice.path, choice.card) == (None, {})
    assert choice.classes.name == DEFAULT_CLASSES
    choice = resolve("random", "voc", "resnet101", "original")
    assert (choice.backbone, choice.decoder) == ("resnet101", "original")
    assert choice.classes.name == "voc"


def test_a_name_finds_what_is_bundled_and_a_path_what_is_there(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bundle("mobilenet_v2-light_weight-voc", classes="voc")
    monkeypatch.chdir(tmp_path)
    here = carded(tmp_path / "voc", classes="camvid")
    assert resolve("voc").path == resolve("mobilenet_v2-light_weight-voc").path == path
    # With a slash, or as a Path, it is a file whatever it is called.
    assert resolve("./voc").path == Path("./voc") == resolve(Path("voc")).path
    assert resolve("./voc").classes.names == CAMVID.names
    assert resolve(str(here)).path == here
    assert "did you mean voc" in refusal("vok")


def test_a_home_folder_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = carded(tmp_path / "w.safetensors", classes="voc")
    choice = resolve("~/w.safetensors")
    assert (choice.path, choice.classes.name) == (path, "voc")


def test_a_missing_or_broken_file_is_for_loading_to_tell(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{broken}")
    for path in ("/no/such/file.pth", str(tmp_path / "broken.safetensors")):
        assert (resolve(path).path, resolve(path).card) == (Path(path), {})


# ---- which classes


def test_the_cards_classes_hold_where_none_are_given(bundle: Bundle) -> None:
    names = json.dumps(ClassTable.load("voc").names)
    bundle("mobilenet_v2-light_weight-voc", classes="voc", class_names=names)
    choice = resolve("voc")
    assert choice.classes.names == ClassTable.load("voc").names
    assert (choice.classes.colours == ClassTable.load("voc").colours).all()


def test_a_table_of_ones_own_travels_in_the_card(tmp_path: Path) -> None:
    path = carded(tmp_path / "w.safetensors", classes="corridor", **TWO, **COLOURS)
    classes = resolve(str(path)).classes
    assert (classes.name, classes.names) == ("corridor", ("floor", "wall"))
    assert classes.colours.tolist() == [[0, 255, 0], [120, 120, 120]]
    assert classes.colours.dtype == np.uint8


def test_a_table_of_ones_own_that_is_called_like_a_bundled_one(tmp_path: Path) -> None:
    path = carded(tmp_path / "w.safetensors", classes="camvid", **TWO, **COLOURS)
    assert resolve(str(path)).classes.names == ("floor", "wall")
    path = carded(tmp_path / "w.safetensors", classes="camvid", **TWO)
    message = refusal(str(path))
    assert "a class table 'camvid' with other classes than the one that comes with" in message
    assert message.endswith("give its YAML file as classes (--classes FILE): floor, wall")


@pytest.mark.parametrize(
    "colours",
    [
        {},
        {"class_colours": "red"},
        {"class_colours": "[[0, 255, 0]]"},
        {"class_colours": "[[0, 255, 0], [1, 2]]"},
        {"class_colours": "[[0, 255, 0], [0, 255, 0]]"},
        {"class_colours": "[[0, 255, 0], [0, 256, 0]]"},
        {"class_colours": "[[0, 255, 0], [0, -1, 0]]"},
        {"class_colours": "[[0, 255, 0], [0, 0.5, 0]]"},
    ],
)
def test_without_colours_that_will_do_the_table_is_asked_for(
    tmp_path: Path, colours: dict[str, str]
) -> None:
    path = carded(tmp_path / "w.safetensors", classes="corridor", **TWO, **colours)
    message = refusal(str(path))
    assert f"{path} was trained with a class table 'corridor', which does not come with" in message
    given = table(tmp_path / "t.yaml", "floor", "wall")
    assert resolve(str(path), given).classes.name == "mine"


def test_a_card_that_names_a_table_and_no_classes(tmp_path: Path) -> None:
    path = carded(tmp_path / "w.safetensors", classes="corridor")
    assert refusal(str(path)).endswith("give its YAML file as classes (--classes FILE)")
    path = carded(tmp_path / "w.safetensors", classes="voc")
    assert resolve(str(path)).classes.name == "voc"


@pytest.mark.parametrize("names", ["[]", "{}", "[1, 2]", '["a", "a"]', '["a", " "]', "no JSON"])
def test_names_that_are_none_say_nothing(tmp_path: Path, names: str) -> None:
    path = carded(tmp_path / "w.safetensors", classes="voc", class_names=names)
    assert resolve(str(path)).classes.name == "voc"


def test_without_a_card_the_default_classes_hold(tmp_path: Path) -> None:
    torch.save({"classifier.bias": torch.zeros(11)}, tmp_path / "w.pth")
    choice = resolve(str(tmp_path / "w.pth"))
    assert (choice.classes.name, choice.backbone) == (DEFAULT_CLASSES, "mobilenet_v2")
    assert resolve(str(tmp_path / "w.pth"), "voc").classes.name == "voc"


def test_given_classes_that_are_not_the_weights(tmp_path: Path) -> None:
    path = carded(tmp_path / "w.safetensors", classes="corridor", **TWO)
    swapped = table(tmp_path / "t.yaml", "wall", "floor")
    message = refusal(str(path), swapped)
    assert message.startswith(
        f"the class table mine has 2 classes, 'wall' at index 0, and {path} was trained with "
        "2 classes, 'floor' at index 0: its labels would be called wrongly; leave classes out, or"
    )
    longer = table(tmp_path / "t.yaml", "floor", "wall", "door")
    assert "has 3 classes, 'door' at index 2" in refusal(str(path), longer)
    assert "with 2 classes, nothing at index 2" in refusal(str(path), longer)


@pytest.mark.parametrize("weights", ["", "random", "camvid"])
def test_an_unknown_class_table(weights: str) -> None:
    with pytest.raises(ClassTableError, match="no class table 'kamvid'"):
        resolve(weights, "kamvid")


# ---- which network


def test_the_cards_network_holds_where_none_is_given(tmp_path: Path) -> None:
    path = str(carded(tmp_path / "w.safetensors", backbone="resnet50", decoder="light_weight"))
    assert (resolve(path).backbone, resolve(path).decoder) == ("resnet50", "light_weight")
    assert resolve(path, "", "resnet50", "light_weight").backbone == "resnet50"


def test_a_network_that_is_not_known_says_nothing(tmp_path: Path) -> None:
    path = str(carded(tmp_path / "w.safetensors", backbone="resnet34", decoder="wide"))
    assert (resolve(path).backbone, resolve(path).decoder) == ("mobilenet_v2", "light_weight")
    assert resolve(path, "", "resnet50").backbone == "resnet50"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("mobilenet_v2", ""), "the backbone is mobilenet_v2, and FILE says that it was trained"),
        (("", "original"), "with light_weight; wanted decoder light_weight, or weights of a orig"),
    ],
)
def test_another_network_than_the_cards(
    tmp_path: Path, given: tuple[str, str], message: str
) -> None:
    path = str(carded(tmp_path / "w.safetensors", backbone="resnet50", decoder="light_weight"))
    assert message in refusal(path, "", *given).replace(path, "FILE")
