# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf train --ablation`` from the outside: its table, its file, its answers to mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from labelled_data import error_of
from tiny_dataset import write_dataset, write_table

from lwrf_ros.cli import main as cli
from lwrf_ros.network import build_network, randomise
from lwrf_ros.weights.checkpoint import save_weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ablation")
    write_dataset(folder / "train", 6, (48, 64))
    write_dataset(folder / "val", 2, (48, 64), first_seed=50)
    write_table(folder)
    for decoder in ("light_weight", "light_weight_rcu"):
        network = build_network("mobilenet_v2", 5, decoder)
        randomise(network, seed=2)
        save_weights(network, folder / f"{decoder}.safetensors")
    return folder


def command(folder: Path, output: Path, decoder: str = "light_weight_rcu") -> list[str]:
    return [
        *("train", str(folder / "train"), "--val", str(folder / "val"), "-o", str(output)),
        *("--classes", str(folder / "tiny.yaml"), "--device", "cpu", "--input-size", "96x64"),
        *("--decoder", decoder, "--init", str(folder / f"{decoder}.safetensors")),
        *("--ablation", "--epochs", "3", "--batch", "4"),
    ]


def test_heads_at_three_places_are_trained_and_scored(folder, tmp_path, capsys):
    assert cli.main(command(folder, tmp_path / "out")) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["ablation.json"]
    content = json.loads((tmp_path / "out/ablation.json").read_text())
    places = content["places"]
    assert [place["name"] for place in places] == ["before RCU", "after RCU", "after CRP"]
    printed = capsys.readouterr().out
    for place in places:
        assert 0 <= place["mean_iou"] <= 1
        assert 0 <= place["accuracy"] <= 1
        assert f"{place['mean_iou']:.4f}   " in printed
    # Every scene of the tiny set shows all classes.
    assert content["accuracy_of_the_more_frequent_answer"] == 1.0
    assert content["settings"]["recipe"]["epochs"] == 3
    assert content["settings"]["training_images"] == 6


def test_the_same_command_gives_the_same_scores(folder, tmp_path):
    scores = []
    for name in ("a", "b"):
        assert cli.main(command(folder, tmp_path / name, "light_weight")) == 0
        content = json.loads((tmp_path / name / "ablation.json").read_text())
        scores.append(content["places"])
    assert [place["name"] for place in scores[0]] == ["before CRP", "after CRP"]
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    ("without", "error"),
    [("--init", "give --init as well"), ("--val", "give --val as well")],
)
def test_what_is_needed_is_named(folder, tmp_path, capsys, without, error):
    arguments = command(folder, tmp_path / "out")
    place = arguments.index(without)
    del arguments[place : place + 2]
    assert cli.main(arguments) == 2
    assert error in error_of(capsys.readouterr().err, "train")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "error"),
    [(["--resume"], "leave --resume out"), (["--cache-mib", "0"], "raise --cache-mib")],
)
def test_what_does_not_go_is_refused(folder, tmp_path, capsys, more, error):
    assert cli.main([*command(folder, tmp_path / "out"), *more]) == 2
    assert error in error_of(capsys.readouterr().err, "train")
