# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf receptive-field`` as a user runs it: files, numbers that fit each other, and errors."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from labelled_data import error_of, image, small_network, write_table

from lwrf_ros.cli import main as cli
from lwrf_ros.weights.checkpoint import save_weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("receptive_field")
    save_weights(small_network(), folder / "w.safetensors")
    write_table(folder / "small.yaml")
    for number in (1, 2):
        picture = cv2.resize(image(number), (96, 80))
        assert cv2.imwrite(str(folder / f"{number}.png"), picture[:, :, ::-1])
    return folder


def command(folder: Path, output: Path, *more: str) -> list[str]:
    images = [str(folder / "1.png"), str(folder / "2.png")]
    weights = ["--weights", str(folder / "w.safetensors"), "--classes", str(folder / "small.yaml")]
    return ["receptive-field", *images, "-o", str(output), *weights, *more]


def test_a_page_numbers_and_maps_are_written(folder, tmp_path, capsys):
    more = ["--input-size", "96x64", "--patch", "32", "--stride", "16", "--top", "1"]
    assert cli.main(command(folder, tmp_path / "out", *more)) == 0
    page = cv2.imread(str(tmp_path / "out/receptive_field.png"))
    assert page.shape[1] > 1000
    assert len(np.unique(page.reshape(-1, 3), axis=0)) > 100
    maps = np.load(tmp_path / "out/maps.npy")
    assert maps.shape == (2, 3, 4, 6)  # a unit in each of two images, three taps
    assert (maps >= 0).all()
    assert maps.any(axis=(2, 3)).all()
    found = json.loads((tmp_path / "out/receptive_field.json").read_text())
    assert found["settings"]["input_size"] == {"width": 96, "height": 64}
    assert [tap["name"] for tap in found["taps"]] == [
        "stride32.sum",
        "stride32.crp",
        "stride16.sum",
    ]
    units = [unit for unit in found["units"] if unit["tap"] == "stride32.crp"]
    mean = sum(unit["side_px"] for unit in units) / len(units)
    assert found["taps"][1]["mean"]["side_px"] == pytest.approx(mean)
    assert f"{mean:.0f}" in capsys.readouterr().out


def test_the_middle_of_the_image_is_looked_at_on_request(folder, tmp_path):
    more = ["--at", "0.5,0.5", "--tap", "stride4.sum", "--patch", "32", "--stride", "32"]
    assert cli.main(command(folder, tmp_path / "out", *more)) == 0
    found = json.loads((tmp_path / "out/receptive_field.json").read_text())
    assert len(found["units"]) == 2
    for unit in found["units"]:
        # Stride 4 at 64x48 pixels, the size in the weights' file.
        assert unit["channel"] == "all"
        assert unit["position"] == {"row": 6, "column": 8}


@pytest.mark.parametrize(
    ("more", "error"),
    [
        (["--top", "2", "--unit", "3"], "--top chooses units, and so do --unit and --at"),
        (["--tap", "stride2.sum"], "tap is 'stride2.sum'; wanted one of stride32.sum"),
        (["--unit", "256"], "unit is 256, but stride32.sum has 256 channels"),
        (["--patch", "16", "--stride", "17"], "wanted a stride of at most 16"),
        (["--input-size", "31x64"], "31x64"),
    ],
)
def test_what_makes_no_sense_is_refused(folder, tmp_path, capsys, more, error):
    assert cli.main(command(folder, tmp_path / "out", *more)) == 2
    assert error in error_of(capsys.readouterr().err, "receptive-field")


def test_a_place_outside_of_the_image_is_refused(folder, tmp_path, capsys):
    with pytest.raises(SystemExit):
        cli.main(command(folder, tmp_path / "out", "--at", "1.5,0"))
    assert "1.5" in capsys.readouterr().err


def test_all_images_are_read_before_the_first_is_measured(folder, tmp_path, capsys):
    arguments = command(folder, tmp_path / "out")
    arguments.insert(3, str(folder / "none.png"))
    assert cli.main(arguments) == 2
    assert "none.png" in error_of(capsys.readouterr().err, "receptive-field")
    assert not (tmp_path / "out").exists()
