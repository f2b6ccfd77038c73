# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""`lwrf weights`: the list of what is bundled, one whole card, and the time of a frame."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from lwrf_ros import package_data as data
from lwrf_ros.cli.main import main
from lwrf_ros.network import build_network, randomise
from lwrf_ros.weights.card import Score, with_scores
from lwrf_ros.weights.checkpoint import save_weights
from lwrf_ros.weights.summary import summaries, summarise

CARD = with_scores(
    {
        "classes": "corridor",
        "class_names": '["floor", "wall"]',
        "class_colours": "[[0, 255, 0], [120, 120, 120]]",
        "license": "MIT",
        "note": "of our corridor",
    },
    [Score("12 frames", "mean IoU", 0.5, {"floor": 0.75, "wall": 0.25})],
)


def lwrf_weights(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["weights", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_file({"x": np.zeros(7, np.float32)}, tmp_path / "w.safetensors", CARD)
    return tmp_path / "w.safetensors"


def test_the_list_has_everything_that_is_bundled(capsys: pytest.CaptureFixture[str]) -> None:
    text = lwrf_weights(capsys)
    for one in summaries():
        row = next(line for line in text.splitlines() if line.startswith(f"{one.path.stem} "))
        for cell in (one.card["license"], f"{one.parameters:,}", f"({len(one.class_names)})"):
            assert cell in row
        assert row.endswith("640x480") or one.input_size != (480, 640)
        for score in one.scores:
            assert f"\n  {score}\n" in text
    assert "the names are: " in text and "camvid" in text.splitlines()[-1]


def test_as_json_it_is_what_info_tells(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(lwrf_weights(capsys, "--json"))
    assert found == [one.as_json() for one in summaries()]
    assert "camvid" in [one["short_name"] for one in found]


def test_one_whole_card(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    path.with_suffix(".md").write_text("# What it is\n\nA corridor.\n")
    text = lwrf_weights(capsys, path)
    lines = text.splitlines()
    assert lines[0] == str(path)
    assert "  classes          corridor (2)" in lines
    assert "  score            mean IoU 0.5 on 12 frames" in lines
    at = lines.index("mean IoU by class on 12 frames")
    assert lines[at + 1 : at + 3] == ["  floor   0.750", "  wall    0.250"]
    assert "  floor, wall" in lines
    assert "  note             of our corridor" in lines
    assert text.endswith("# What it is\n\nA corridor.\n")


def test_one_card_as_json(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    found = json.loads(lwrf_weights(capsys, path, "--json"))
    assert found == {**summarise(path).as_json(), "card": CARD}


def test_bundled_weights_by_either_name(capsys: pytest.CaptureFixture[str]) -> None:
    short = lwrf_weights(capsys, "camvid")
    assert short == lwrf_weights(capsys, "mobilenet_v2-light_weight-camvid")
    assert "# mobilenet_v2-light_weight-camvid" in short  # its text, too


def test_the_time_of_a_frame(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    network = build_network("mobilenet_v2", 2)
    randomise(network, seed=0)
    network.input_size = (32, 64)
    save_weights(network, tmp_path / "w.safetensors", CARD)
    options = (tmp_path / "w.safetensors", "--time", "--device", "cpu")
    time = json.loads(lwrf_weights(capsys, *options, "--json"))["frame_time"]
    assert 0 < time["median_ms"] < 60_000
    assert (time["frames"], time["image"], time["precision"]) == (9, "64x32", "fp32")
    assert time["device"].startswith("cpu (") and "threads" in time["device"]
    assert "median after warm-up" in time["includes"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("camvit",), "no weights called 'camvit' come with lwrf_ros; did you mean camvid?"),
        (("./none.pth",), "there is no weights file none.pth; check the path"),
        (("camvid", "--time", "--device", "tpu"), "device is 'tpu'"),
    ],
)
def test_what_cannot_be_shown_is_said(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert main(["weights", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


def test_an_installation_without_weights(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(data, "_ROOT", tmp_path)
    assert lwrf_weights(capsys) == "no weights came with this installation\n"
    assert json.loads(lwrf_weights(capsys, "--json")) == []
