# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is told of a weights file without its network, and that it is what the network has."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from cards import Bundle, carded
from safetensors.numpy import save_file

from lwrf_ros.network.counts import count_parameters
from lwrf_ros.package_data import bundled_weights
from lwrf_ros.weights.card import Score, with_scores
from lwrf_ros.weights.loading import load
from lwrf_ros.weights.summary import rows_of, summaries, summarise

SCORE = Score("100 streets", "mean IoU", 0.72, {"road": 0.9})
CARD = with_scores(
    {
        "backbone": "mobilenet_v2",
        "decoder": "light_weight",
        "classes": "corridor",
        "class_names": '["floor", "wall"]',
        "license": "Apache-2.0",
        "data": "our corridor",
        "input_size": "[480, 640]",
        "temperature": "1.25",
        "seed": "3",
    },
    [SCORE],
)


def test_everything_that_a_card_tells(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    tensors = {
        "a.weight": np.zeros((3, 4, 1, 1), np.float16),
        "a.bias": np.zeros(3, np.float16),
        "norm.running_mean": np.zeros(100, np.float16),
        "norm.running_var": np.zeros(100, np.float16),
    }
    save_file(tensors, path, CARD)
    found = summarise(path)
    assert found.as_json() == {
        "file": str(path),
        "name": "w",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": 3 * 4 + 3,
        "backbone": "mobilenet_v2",
        "decoder": "light_weight",
        "classes": "corridor",
        "class_names": ["floor", "wall"],
        "license": "Apache-2.0",
        "data": "our corridor",
        "input_size": {"width": 640, "height": 480},
        "temperature": 1.25,
        "scores": [SCORE.as_json()],
    }
    assert found.card == CARD
    assert rows_of(found.as_json()) == [
        ("classes", "corridor (2)"),
        ("licence", "Apache-2.0"),
        ("data", "our corridor"),
        ("network", "mobilenet_v2, light_weight"),
        ("parameters", "15"),
        ("size", "0.0 MB"),
        ("input", "640x480"),
        ("temperature", "1.25"),
        ("score", "mean IoU 0.72 on 100 streets"),
        ("sha256", found.sha256),
    ]


def test_a_card_that_tells_nothing(tmp_path: Path) -> None:
    path = carded(tmp_path / "w.safetensors")
    assert [name for name, _ in rows_of(summarise(path).as_json())] == [
        "parameters", "size", "sha256",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "card",
    [
        {"input_size": "large", "class_names": "many", "temperature": "warm"},
        {"input_size": "[480]", "class_names": "3", "temperature": "NaN"},
        {"input_size": '["480", "640"]', "class_names": "{}", "temperature": "[1]"},
    ],
)
def test_entries_of_another_form_are_left_out(tmp_path: Path, card: dict[str, str]) -> None:
    found = summarise(carded(tmp_path / "w.safetensors", **card)).as_json()
    assert not {"input_size", "class_names", "temperature"} & found.keys()


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0{broken}", b"\x80\x02}."])
def test_a_broken_file_is_told_as_such(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    found = summarise(tmp_path / "w.safetensors")
    assert found.problem.startswith("no safetensors file, or damaged or truncated: ")
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert rows_of(found.as_json())[-1] == ("problem", found.problem)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert summarise(tmp_path / "none").problem == "cannot be read: No such file or directory"
    (tmp_path / "w.safetensors").mkdir()
    assert summarise(tmp_path / "w.safetensors").problem.endswith("is a folder; wanted a file")


def test_scores_of_another_form_are_a_problem_and_the_rest_is_told(tmp_path: Path) -> None:
    path = carded(tmp_path / "w.safetensors", classes="voc", scores="high")
    found = summarise(path)
    assert found.problem.startswith("the card's scores are 'high'")
    assert found.as_json()["classes"] == "voc"


def test_all_that_is_bundled_by_both_names(bundle: Bundle) -> None:
    bundle("mobilenet_v2-light_weight-camvid")
    bundle("resnet50-light_weight-voc")
    assert [(one.path.stem, one.short_name) for one in summaries()] == [
        ("mobilenet_v2-light_weight-camvid", "camvid"),
        ("resnet50-light_weight-voc", ""),
    ]


@pytest.mark.parametrize("path", bundled_weights(), ids=lambda path: path.stem)
def test_what_is_told_of_bundled_weights_is_what_is_loaded(path: Path) -> None:
    found, loaded = summarise(path), load(path)
    assert found.parameters == count_parameters(loaded.network)
    assert found.input_size == loaded.network.input_size
    assert found.as_json()["temperature"] == pytest.approx(loaded.network.temperature)
    assert found.class_names == loaded.classes.names
    assert found.sha256 == loaded.weights.sha256
    assert found.problem == ""
    assert found.scores, "a card without a score"
    assert json.loads(json.dumps(found.as_json())) == found.as_json()
