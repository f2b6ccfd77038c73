# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A temperature that helps is written, one that does not is not, and nothing else changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from labelled_data import engine, error_of, image, small_network, write_data, write_table
from safetensors import safe_open

from lwrf_ros.cli import main as cli
from lwrf_ros.datasets.dataset import find_pairs
from lwrf_ros.evaluation.calibration import Trial, upsample
from lwrf_ros.evaluation.temperature import calibrate as measure
from lwrf_ros.network import RefineNet
from lwrf_ros.terminal.exit_codes import EXIT_USER_ERROR
from lwrf_ros.weights.checkpoint import load_weights, save_weights

Run = Callable[..., int]
Change = Callable[[int, np.ndarray], None]


@pytest.fixture(scope="module")
def network() -> RefineNet:
    return small_network(gain=4.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, network: RefineNet) -> Path:
    """A class table and weights, in float16, that are too sure of themselves."""
    folder = tmp_path_factory.mktemp("calibrate")
    write_table(folder / "small.yaml")
    card = {"author": "a test", "terms": "none"}
    save_weights(network, folder / "sure.safetensors", card, dtype=torch.float16)
    return folder


def wrong_by_chance(number: int, mask: np.ndarray) -> None:
    """Make a third of the labels wrong, wherever they are and however sure the network is."""
    where = np.random.default_rng(number + 100).random(mask.shape) < 1 / 3
    mask[where] = (mask[where] + 1) % 3


def wrong_later(number: int, mask: np.ndarray) -> None:
    """Leave the first half as it is and make all labels of the second half wrong."""
    if number >= 2:
        mask[:] = (mask + 1) % 3


@pytest.fixture
def calibrate(folder: Path, tmp_path: Path) -> Run:
    """Run `lwrf calibrate` on the weights, to out.safetensors."""

    def run(*more: str, weights: Path | str | None = None, output: Path | None = None) -> int:
        files = [weights or folder / "sure.safetensors", "-o", output or tmp_path / OUT]
        table = ["--classes", str(folder / "small.yaml"), "--device", "cpu"]
        return cli.main(["calibrate", *map(str, files), *table, *more])

    return run


OUT = "out.safetensors"


def contents(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata()), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118


def assert_same_tensors(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for key, tensor in one.items():
        assert tensor.dtype == other[key].dtype
        assert tensor.numpy().tobytes() == other[key].numpy().tobytes()


def rows_of(table: str) -> dict[str, list[float]]:
    """The numbers behind each row's name."""
    names = ("as the weights are", "fitted to all frames", "fitted to the other half")
    rows = {}
    for line in table.splitlines():
        for name in names:
            if line.startswith(name):
                rows[name] = [float(t) for t in line[len(name) :].replace(",", " ").split()]
    assert len(rows) == 3, table
    return rows


# ---- from end to end


def test_too_sure_is_cooled_down(
    calibrate: Run,
    folder: Path,
    network: RefineNet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = write_data(tmp_path / "data", network, 4, wrong_by_chance)
    assert calibrate("--data", str(data), "--plot", str(tmp_path / "plot.png")) == 0
    table = capsys.readouterr().out
    rows = rows_of(table)
    before, after, held_out = rows.values()
    assert before[0] == 1.0
    assert after[0] > 1.5
    # The loss and the calibration error.
    assert after[1] < before[1] - 0.1
    assert after[2] < before[2] - 0.1
    assert held_out[0] == pytest.approx(held_out[1], rel=0.5)  # of the two halves
    assert held_out[2] < before[1] - 0.1
    assert (tmp_path / "plot.png").stat().st_size > 0
    # Of the file only the temperature is new.
    old_card, old = contents(folder / "sure.safetensors")
    card, tensors = contents(tmp_path / OUT)
    assert json.loads(card.pop("temperature")) == pytest.approx(after[0], abs=1e-4)
    old_card.pop("temperature", None)
    assert card == old_card
    assert card["author"] == "a test"
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert_same_tensors(tensors, old)
    # And the engine's confidence has the error that was measured.
    arguments = [str(tmp_path / OUT), "--data", str(data), "--device", "cpu", "--json"]
    assert cli.main(["evaluate", *arguments, "--classes", str(folder / "small.yaml")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["network"]["temperature"] == pytest.approx(after[0], abs=1e-4)
    assert report["runs"][0]["expected_calibration_error"] == pytest.approx(after[2], abs=2e-4)


def test_what_does_not_help_elsewhere_is_not_written(
    calibrate: Run, network: RefineNet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each half asks for the opposite of what the other one asks for.
    data = write_data(tmp_path / "data", network, 4, wrong_later)
    assert calibrate("--data", str(data)) == 0
    out = capsys.readouterr().out
    low, high = sorted(rows_of(out)["fitted to the other half"][:2])
    assert (low, high) == (pytest.approx(0.05, rel=0.01), pytest.approx(20, rel=0.01))
    assert "temperature 1, as it was: a fitted one does not lower both figures" in out
    assert json.loads(contents(tmp_path / OUT)[0]["temperature"]) == 1.0


def test_a_given_temperature_in_place(
    calibrate: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes((folder / "sure.safetensors").read_bytes())
    assert calibrate("--temperature", "1.37", weights=weights, output=weights) == 0
    assert "temperature 1.37, as given" in capsys.readouterr().out
    filled = small_network()
    load_weights(filled, weights)
    assert filled.temperature == 1.37
    assert_same_tensors(contents(weights)[1], contents(folder / "sure.safetensors")[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.safetensors"]


# ---- what is refused


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "wanted either --data"),
        (("--data", "x", "--temperature", "2"), "wanted either --data"),
        (("--temperature", "1000"), "temperature is 1000.0; wanted a number from"),
        (("--data", "nowhere"), "nowhere; wanted a data set"),
        (("--temperature", "2", "--classes", "camvid"), "trained for 3 classes"),
    ],
)
def test_what_cannot_be_done_is_said(
    calibrate: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    words: str,
) -> None:
    assert calibrate(*more) == EXIT_USER_ERROR
    assert words in error_of(capsys.readouterr().err, "calibrate")
    assert not (tmp_path / OUT).exists()


def test_files_that_cannot_be_written(
    calibrate: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for output, words in ((tmp_path, "is a folder"), (tmp_path / "a" / "b", "there is no folder")):
        assert calibrate("--temperature", "2", output=output) == EXIT_USER_ERROR
        assert words in error_of(capsys.readouterr().err, "calibrate")


def test_weights_without_room_for_a_card(
    calibrate: Run, network: RefineNet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pickled = tmp_path / "weights.pth"
    torch.save(network.state_dict(), pickled)
    assert calibrate("--temperature", "2", weights=pickled) == EXIT_USER_ERROR
    message = error_of(capsys.readouterr().err, "calibrate")
    assert "only such files have a card" in message
    assert "save_weights" in message


def test_random_weights_have_no_card(calibrate: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate("--temperature", "2", weights="random") == EXIT_USER_ERROR
    message = error_of(capsys.readouterr().err, "calibrate")
    assert "random weights have no card for a temperature" in message


@pytest.mark.parametrize(
    ("frames", "words"),
    [(1, "there is 1 frame; wanted at least 2"), (3, "001.png to .*002.png has a truth")],
)
def test_too_little_to_test_on(
    calibrate: Run,
    network: RefineNet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    frames: int,
    words: str,
) -> None:
    def only_the_first(number: int, mask: np.ndarray) -> None:
        if number:
            mask[:] = 255

    data = write_data(tmp_path / "data", network, frames, only_the_first)
    assert calibrate("--data", str(data)) == EXIT_USER_ERROR

    assert re.search(words, error_of(capsys.readouterr().err, "calibrate"))


# ---- the measurement


def test_measured_is_what_the_engine_publishes() -> None:
    warm = small_network(gain=2.0)
    warm.temperature = 1.7
    segmenter = engine(warm)
    (result,) = segmenter.segment([image(3)], outputs=("labels", "confidence"))
    assert result.labels is not None
    assert result.confidence is not None
    trial = Trial(1.7)
    trial.add(upsample(segmenter.logits(image(3)), (48, 64)), result.labels)
    published = np.bincount(result.confidence.ravel(), minlength=256)
    # But for the rounding of single pixels.
    assert np.abs(np.cumsum(trial.reliability.counts - published)).max() <= 3


def test_same_data_same_temperature(network: RefineNet, tmp_path: Path) -> None:
    pairs = find_pairs(write_data(tmp_path / "data", network, 3, wrong_by_chance))
    done: list[int] = []
    found: list[Any] = [measure(engine(network), 1.0, pairs, lambda: done.append(1)) for _ in "ab"]
    assert found[0].after.temperature == found[1].after.temperature
    assert len(done) == 2 * 2 * 3
    # One frame in the first half, two in the second: all pixels count the same.
    first, second = found[0].held_out
    assert second.pixels == 2 * first.pixels
    assert found[0].held_out_nll == pytest.approx((first.nll() + 2 * second.nll()) / 3)
    assert 0 < found[0].held_out_ece < found[0].before.reliability.ece()
