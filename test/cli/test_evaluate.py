# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The scores of data sets whose scores are known, the ways to predict, and what is refused."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from labelled_data import (
    NAMES,
    SIZE,
    engine,
    error_of,
    image,
    small_network,
    write_data,
    write_table,
)
from published_sets import cityscapes, write_mask

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.cli import main as cli
from lwrf_ros.datasets.dataset import find_pairs
from lwrf_ros.drawing.frame_page import painted
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.prediction import as_the_node_does, averaged
from lwrf_ros.evaluation.scores import score
from lwrf_ros.evaluation.worst_frames import draw_worst_frames, error_map
from lwrf_ros.network import RefineNet, build_network, randomise
from lwrf_ros.segmentation import ImageError, Segmenter
from lwrf_ros.terminal.arguments import fraction, image_size
from lwrf_ros.terminal.exit_codes import EXIT_USER_ERROR
from lwrf_ros.weights.checkpoint import save_weights

FILES = ["confusion.png", "reliability.png", "scores.json", "worst.png"]


@pytest.fixture(scope="module")
def network() -> RefineNet:
    return small_network()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, network: RefineNet) -> Path:
    """A class table, weights, and a data set of four frames with known mistakes."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_table(folder / "small.yaml")
    save_weights(network, folder / "small.safetensors", {"author": "a test"})

    def change(number: int, mask: np.ndarray) -> None:
        mask[:4] = 255
        if number == 2:
            # A strip of 10 rows gets another truth: this is the worst frame.
            mask[20:30] = (mask[20:30] + 1) % 3
        if number == 1:
            mask[20:22] = (mask[20:22] + 1) % 3

    write_data(folder / "data", network, 4, change)
    return folder


@pytest.fixture
def evaluate(folder: Path) -> Any:
    """Run `lwrf evaluate` on that data."""

    def run(*more: str, weights: str = "small.safetensors", data: str = "data") -> int:
        arguments = [str(folder / weights), "--data", str(folder / data), "--device", "cpu"]
        return cli.main(["evaluate", *arguments, "--classes", str(folder / "small.yaml"), *more])

    return run


@pytest.fixture(scope="module")
def segmenter(network: RefineNet) -> Segmenter:
    return engine(network)


# ---- from end to end


def test_a_set_of_one_class(
    evaluate: Any, folder: Path, network: RefineNet, tmp_path: Path, capsys: Any
) -> None:
    """All of it could be right with a mean IoU of 1.0, which would be a mean over one class."""

    def change(number: int, mask: np.ndarray) -> None:
        mask[:] = 1
        mask[0] = 255

    write_data(folder / "single", network, 2, change)
    assert evaluate("-o", str(tmp_path / "out"), data="single") == 0
    seen = capsys.readouterr()
    lines = [line.split() for line in seen.out.splitlines()]
    assert ["mean", "IoU", "n/a"] in lines
    assert ["mean", "accuracy", "n/a"] in lines
    report = json.loads((tmp_path / "out/scores.json").read_text())
    (run,) = report["runs"]
    assert run["mean_iou"] is run["mean_accuracy"] is None
    assert [frame["mean_iou"] for frame in run["frames"]] == [None, None]
    # Of one class, yet looked at.
    assert (tmp_path / "out/worst.png").exists()
    # What was counted comes first: 47 of 48 rows, of 64 pixels in 2 masks.
    told = seen.err.splitlines()
    assert [f"  {NAMES[1]}", "6016", "97.92%", "2"] in [line.rsplit(maxsplit=3) for line in told]
    assert f"warning: {folder / 'single'}: every pixel is {NAMES[1]} (1) or 255" in seen.err


def test_known_scores(
    evaluate: Any, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("-o", str(tmp_path / "out"), "--worst", "3") == 0
    table = capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    report = json.loads((tmp_path / "out" / "scores.json").read_text())
    (run,) = report["runs"]
    # 12 of the 4 x 44 rows that have a truth are wrong.
    assert run["pixel_accuracy"] == pytest.approx(1 - 12 / 176)
    assert report["data"]["pixels"] == 176 * 64
    assert report["data"]["ignored_pixels"] == 4 * 4 * 64
    matrix = np.array(run["confusion_matrix"]["pixels"])
    assert matrix.shape == (3, 4)
    assert matrix.sum() == 176 * 64
    assert matrix[:, 3].sum() == 0
    hits = np.diagonal(matrix)
    union = matrix.sum(axis=1) + matrix[:, :3].sum(axis=0) - hits
    assert list(run["iou"]) == list(NAMES)
    np.testing.assert_allclose(list(run["iou"].values()), hits / union)
    assert run["mean_iou"] == pytest.approx((hits / union).mean())
    # The frames by themselves.
    accuracy = [frame["pixel_accuracy"] for frame in run["frames"]]
    np.testing.assert_allclose(accuracy, [1, 1 - 2 / 44, 1 - 10 / 44, 1])
    assert [frame["mean_iou"] == 1 for frame in run["frames"]] == [True, False, False, True]
    assert sum(one["share"] for one in run["reliability"]) == pytest.approx(1)
    assert 0 < run["expected_calibration_error"] < 1
    assert 0 < run["time_ms"]["median"] <= run["time_ms"]["p99"]
    # What was measured can be told from the file alone.
    weights = folder / "small.safetensors"
    assert report["weights"]["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert report["weights"]["card"]["author"] == "a test"
    assert report["network"] == {
        "backbone": "mobilenet_v2",
        "decoder": "light_weight",
        "temperature": 1.0,
    }
    assert report["settings"]["input_size"] == {"width": 64, "height": 48}
    assert report["versions"]["torch"] == torch.__version__
    assert (report["device"][:3], run["precision"]) == ("cpu", "fp32")
    for words in (*NAMES, "mean IoU", f"{run['mean_iou']:.4f}", "calibration error", "4 frames"):
        assert words in table
    for name in FILES:
        assert str(tmp_path / "out" / name) in table


def test_precisions_beside_each_other(evaluate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    # fp32 twice is measured once; auto is fp32 on a CPU.
    assert evaluate("--precision", "fp32", "bf16", "auto", "--json", "--max-frames", "2") == 0
    report = json.loads(capsys.readouterr().out)
    exact, coarse = report["runs"]
    assert (exact["precision"], coarse["precision"]) == ("fp32", "bf16")
    assert len(exact["frames"]) == 2
    assert report["mean_iou_difference"] == {
        "bf16 - fp32": pytest.approx(coarse["mean_iou"] - exact["mean_iou"])
    }
    assert abs(coarse["mean_iou"] - exact["mean_iou"]) < 0.2
    assert evaluate("--precision", "fp32", "bf16", "--max-frames", "1") == 0
    (header,) = [x for x in capsys.readouterr().out.splitlines() if x.startswith("IoU of")]
    assert header.split()[2:] == ["share", "fp32", "bf16", "bf16", "-", "fp32"]


def test_scales_and_flips(evaluate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--scales", "0.75", "1", "--flip", "--json", "--max-frames", "1") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["settings"]["scales"] == [0.75, 1.0]
    assert report["settings"]["flip"] is True
    # The truth is what one scale gave, and an untrained network says something else at another.
    assert 0.2 < report["runs"][0]["pixel_accuracy"] < 1


def test_json_stays_json_with_files(
    evaluate: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("-o", str(tmp_path), "--json", "--worst", "0", "--max-frames", "1") == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == json.loads((tmp_path / "scores.json").read_text())
    assert str(tmp_path / "confusion.png") in captured.err
    assert not (tmp_path / "worst.png").exists()


def test_withdrawn_labels_are_wrong(evaluate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--min-confidence", "1", "--json", "--max-frames", "1") == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    matrix = np.array(run["confusion_matrix"]["pixels"])
    assert matrix[:, 3].sum() == 44 * 64
    assert run["pixel_accuracy"] == run["mean_iou"] == 0
    # Nothing was claimed: not 0, but not known.
    assert run["expected_calibration_error"] is None


def test_a_real_street(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = shared / "data" / "camvid" / "val"
    if not data.is_dir():
        pytest.skip(f"{data} is missing: the street scenes are only there for the developers")
    street = build_network("mobilenet_v2", 11)
    randomise(street, seed=0)
    save_weights(street, tmp_path / "street.safetensors")
    arguments = [
        str(tmp_path / "street.safetensors"),
        "--data",
        str(data),
        "--json",
        "--classes",
        "camvid",
    ]
    small = ["--input-size", "96x64", "--max-frames", "2", "--device", "cpu"]
    assert cli.main(["evaluate", *arguments, *small]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["data"]["pixels"] + report["data"]["ignored_pixels"] == 2 * 480 * 360
    assert 0 < report["runs"][0]["mean_iou"] < 0.4
    assert report["settings"]["input_size"] == {"width": 96, "height": 64}


# ---- what is refused


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--device", "tpu"), "device is 'tpu'; wanted auto, cpu"),
        (("--input-size", "8x8"), "input size is 8x8"),
        (("--scales", "0.1"), "input size is 6x5 (width x height); wanted 32x32 to 8192x8192"),
        (("--classes", "camvid"), "trained for 3 classes, the network has 11"),
        (("--classes", "mars"), "no class table 'mars'"),
        (("--backbone", "resnet50"), "that it was trained with mobilenet_v2"),
        (("-o", "{folder}/small.yaml"), "cannot write into"),
    ],
)
def test_what_cannot_be_done_is_said(
    evaluate: Any,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    words: str,
) -> None:
    filled = [part.format(folder=folder) for part in more]
    assert evaluate(*filled) == EXIT_USER_ERROR
    captured = capsys.readouterr()
    assert words in error_of(captured.err, "evaluate")
    assert captured.out == ""


def test_missing_files_are_named(evaluate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(weights="none.safetensors") == EXIT_USER_ERROR
    assert "there is no weights file" in error_of(capsys.readouterr().err, "evaluate")
    assert evaluate(data="nowhere") == EXIT_USER_ERROR
    assert "nowhere; wanted a data set with images/" in capsys.readouterr().err


def test_a_published_data_set_is_read_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cityscapes' files, whose ids are those of what the network says."""
    ids = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
    network = build_network("mobilenet_v2", len(ids))
    randomise(network, seed=4)
    save_weights(network, tmp_path / "random.safetensors", {})
    segmenter = Segmenter(network, ClassTable.load("cityscapes"), "cpu", "fp32", "image")
    root = tmp_path / "data"
    for number in (0, 1):
        name = f"bonn/bonn_{number}"
        cityscapes(root, {name: np.zeros(SIZE, np.uint8)})
        path = root / "leftImg8bit/val" / f"{name}_leftImg8bit.png"
        cv2.imwrite(str(path), image(number)[:, :, ::-1])
        labels = segmenter.segment([image(number)])[0].labels
        assert labels is not None  # asked for
        assert len(np.unique(labels)) > 3
        values = np.array(ids, np.uint8)[labels]
        # Ego vehicle, which is not evaluated.
        values[:6] = 1
        write_mask(root / "gtFine/val" / f"{name}_gtFine_labelIds.png", values)
    weights = str(tmp_path / "random.safetensors")
    command = ["evaluate", weights, "--data", f"cityscapes:{root}", "--device", "cpu", "--json"]
    assert cli.main([*command, "--classes", "cityscapes"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["runs"][0]["mean_iou"] == 1.0
    assert report["data"]["frames"] == 2
    assert report["data"]["ignored_pixels"] == 2 * 6 * SIZE[1]
    assert cli.main([*command[:1], *command[2:]]) == EXIT_USER_ERROR
    error = error_of(capsys.readouterr().err, "evaluate")
    assert "Cityscapes has 19 classes, the class table 'ade31' has 31; wanted" in error


def test_mistakes_in_the_data_come_before_the_work(
    evaluate: Any, folder: Path, network: RefineNet, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(number: int, mask: np.ndarray) -> None:
        mask[0, 0] = 3 + number

    write_data(folder / "broken", network, 2, change)
    assert evaluate(data="broken") == EXIT_USER_ERROR
    message = error_of(capsys.readouterr().err, "evaluate")
    assert "2 mistakes" in message
    assert "000.png: holds the index 3" in message
    assert "001.png: holds the index 4" in message


def test_no_bundled_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = str(folder / "small.yaml")
    arguments = ["--data", str(folder / "data"), "--classes", table, "--backbone", "resnet101"]
    assert cli.main(["evaluate", *arguments]) == EXIT_USER_ERROR
    message = error_of(capsys.readouterr().err, "evaluate")
    assert "no weights come with lwrf_ros for backbone resnet101" in message
    assert "name one of these as weights, or the path of a file" in message


@pytest.mark.parametrize("text", ["480", "480x", "x360", "-4x8", "1e2x3", "camera", "480x360x3"])
def test_no_size(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="wanted WIDTHxHEIGHT"):
        image_size(text)


def test_size_and_fraction() -> None:
    assert image_size("480x360") == (360, 480)
    assert image_size("image") == "image"
    assert fraction("0.25") == 0.25
    for text in ("-0.1", "1.01", "nan", "much"):
        with pytest.raises(argparse.ArgumentTypeError, match="from 0 to 1"):
            fraction(text)


# ---- ways to predict


@pytest.mark.parametrize("min_confidence", [0.0, 0.6])
def test_one_scale_averaged_is_the_plain_way(
    segmenter: Segmenter, network: RefineNet, min_confidence: float
) -> None:
    one = averaged(segmenter, network.temperature, (1.0,), False, min_confidence)
    plain = as_the_node_does(segmenter, min_confidence)
    for number in range(3):
        got, wanted = one(image(number)), plain(image(number))
        assert len(np.unique(wanted.labels)) > 1
        np.testing.assert_array_equal(got.labels, wanted.labels)
        # Rounded from float64 here, from float32 there.
        assert np.abs(got.confidence.astype(int) - wanted.confidence).max() <= 1
        assert (got.confidence != wanted.confidence).mean() < 0.001


def test_the_temperature_is_the_segmenters(segmenter: Segmenter) -> None:
    warm = small_network()
    warm.temperature = 2.5
    got = averaged(engine(warm), 2.5, (1.0,), False)(image(0))
    wanted = as_the_node_does(engine(warm))(image(0))
    assert np.abs(got.confidence.astype(int) - wanted.confidence).max() <= 1
    cold = as_the_node_does(segmenter)(image(0))
    assert wanted.confidence.mean() < cold.confidence.mean() - 10


def test_a_mirrored_image_gives_mirrored_labels(segmenter: Segmenter) -> None:
    both = averaged(segmenter, 1.0, (0.75, 1.0), True)
    straight, mirrored = both(image(0)), both(np.ascontiguousarray(image(0)[:, ::-1]))
    np.testing.assert_array_equal(straight.labels, mirrored.labels[:, ::-1])
    # Four numbers are added up in another order: a half may be rounded the other way.
    off = straight.confidence.astype(int) - mirrored.confidence[:, ::-1]
    assert np.abs(off).max() <= 1
    assert np.count_nonzero(off) <= 3


class TwoOpinions:
    """Stands for a segmenter: 3 to 1 for class 0 at half size, 9 to 1 for class 1 at full size."""

    def __init__(self, input_size: tuple[int, int] | None) -> None:
        self.input_size = input_size
        self.classes = ("a", "b")
        self.sizes: list[tuple[int, int]] = []

    def logits(self, image: np.ndarray, encoding: str = "rgb8", size: Any = None) -> np.ndarray:
        self.sizes.append(size)
        small = len(self.sizes) % 2 == 1
        values = (math.log(3), 0.0) if small else (0.0, math.log(9))
        cells = (2, -(-size[0] // 4), -(-size[1] // 4))
        return np.ones(cells, np.float32) * np.array(values, np.float32).reshape(2, 1, 1)


@pytest.mark.parametrize(
    ("input_size", "sizes"), [(None, [(24, 32), (48, 64)]), ((81, 100), [(40, 50), (81, 100)])]
)
def test_probabilities_are_averaged_by_hand(
    input_size: tuple[int, int] | None, sizes: list[tuple[int, int]]
) -> None:
    two: Any = TwoOpinions(input_size)
    labels, confidence = averaged(two, 1.0, (0.5, 1.0), False)(image(0))
    assert two.sizes == sizes
    # (3/4 + 1/10) / 2 = 0.425 for class 0, so 0.575 for class 1: 146.6 of 255.
    assert labels.shape == SIZE
    assert (labels == 1).all()
    assert (confidence == 147).all()
    # At temperature 2 the odds are their roots: 3/4 becomes 0.634, 9/10 becomes 0.75.
    two.sizes.clear()
    _, confidence = averaged(two, 2.0, (0.5, 1.0), False)(image(0))
    first = math.sqrt(3) / (math.sqrt(3) + 1)
    assert (confidence == round(255 * (1 - (first + 0.25) / 2))).all()
    two.sizes.clear()
    labels, _ = averaged(two, 1.0, (0.5, 1.0), False, min_confidence=0.58)(image(0))
    assert (labels == 255).all()


def test_logits_are_those_behind_the_labels(segmenter: Segmenter) -> None:
    logits = segmenter.logits(image(1))
    assert logits.shape == (3, 12, 16)
    assert logits.dtype == np.float32
    scores = torch.nn.functional.interpolate(
        torch.from_numpy(logits)[None], size=SIZE, mode="bilinear"
    )
    wanted = segmenter.segment([image(1)])[0].labels
    np.testing.assert_array_equal(scores[0].argmax(0), wanted)
    assert segmenter.logits(image(1), size=(33, 70)).shape == (3, 9, 18)
    # Any strides, and memory that must not be written to.
    frozen = image(1)[:, ::-1]
    frozen.flags.writeable = False
    contiguous = np.ascontiguousarray(frozen)
    np.testing.assert_array_equal(segmenter.logits(frozen), segmenter.logits(contiguous))
    bgr = np.ascontiguousarray(image(1)[:, :, ::-1])
    np.testing.assert_array_equal(segmenter.logits(bgr, "bgr8"), logits)


def test_logits_refuse_what_segment_refuses(segmenter: Segmenter) -> None:
    with pytest.raises(ImageError, match="float64; wanted"):
        segmenter.logits(image(0).astype(np.float64))  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="encoding is 'yuv'"):
        segmenter.logits(image(0), "yuv")
    with pytest.raises(LwrfError, match="input size is 16x8"):
        segmenter.logits(image(0), size=(8, 16))


# ---- pictures


def test_error_map_by_hand() -> None:
    picture = np.array([[[0, 0, 0], [255, 255, 255], [0, 0, 0], [9, 9, 9]]], dtype=np.uint8)
    truth = np.array([[1, 1, 0, 255]], dtype=np.uint8)
    labels = np.array([[1, 1, 255, 0]], dtype=np.uint8)
    right_dark, right_bright, wrong, without = error_map(picture, truth, labels)[0].tolist()
    assert right_dark == [110] * 3
    assert right_bright == [255] * 3
    assert wrong[0] > 150
    assert wrong[1:] == [0, 28]
    assert without == [0, 0, 0]


def test_worst_frame_is_shown_first_in_its_colours(
    segmenter: Segmenter, folder: Path, tmp_path: Path
) -> None:
    table = ClassTable.load(folder / "small.yaml")
    pairs = find_pairs(folder / "data")
    done: list[int] = []
    scores = score(pairs, as_the_node_does(segmenter), 3, "fp32", 2, lambda: done.append(1))
    assert len(done) == len(scores.times_ms) == 4
    assert [frame.pair.name for frame in scores.worst] == ["002", "001"]
    assert scores.ignored == 4 * 4 * 64
    assert all(frame.labels is None for frame in scores.frames)
    draw_worst_frames(tmp_path / "worst.png", "a title " * 30, scores.worst, table)
    page = cv2.imread(str(tmp_path / "worst.png"))[:, :, ::-1]
    labels = scores.worst[0].labels
    assert labels is not None
    for colour in np.unique(painted(labels, table).reshape(-1, 3), axis=0):
        assert (page == colour).all(axis=-1).sum() > 100
    assert painted(np.array([[2, 255]], np.uint8), table).tolist() == [[[2, 9, 200], [0, 0, 0]]]
