# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf train`` from the outside: killed and resumed, its files, its answers to mistakes."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from published_sets import stripes, voc
from reference import filled, mobile_shapes, resnet_shapes
from safetensors import safe_open
from tiny_dataset import TABLE, scene, write_dataset, write_pair, write_table

from lwrf_ros.cli.main import main
from lwrf_ros.network import build_network
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.training.trainer import Trainer
from lwrf_ros.weights.card import read_card
from lwrf_ros.weights.checkpoint import load_weights, save_weights
from lwrf_ros.weights.choice import resolve

REPOSITORY = Path(__file__).resolve().parents[2]
SIZE = (48, 64)
EPOCHS, STEPS, VALIDATE_EVERY = 6, 2, 3
# On a machine that does much else.
PATIENCE_S = 600.0
FAST = ("--device", "cpu", "--workers", "1", "--cache-mib", "16")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders train and val, and tiny.yaml."""
    folder = tmp_path_factory.mktemp("data")
    write_dataset(folder / "train", 5, SIZE)
    write_dataset(folder / "val", 2, SIZE, first_seed=50)
    write_table(folder)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def options(data: Path, out: Path) -> list[str]:
    """The training of this module: crops first, then frames; every third epoch validated."""
    return [
        str(data / "train"),
        *("--val", str(data / "val"), "--classes", str(data / "tiny.yaml"), "-o", str(out)),
        *("--epochs", str(EPOCHS), "--batch", "2", "--seed", "7"),
        *("--validate-every", str(VALIDATE_EVERY)),
        *("--recipe", "scratch", "--set", "average=0.8", "--set", "crop_share=0.5", *FAST),
        *("--set", "overlap=0.5"),
    ]


def train(*arguments: str | Path) -> int:
    """Run the command in this process."""
    return main(["train", *map(str, arguments)])


@pytest.fixture(scope="module")
def start_training() -> Iterator[Start]:
    """Start the command as a process; what is left at the end is killed."""
    processes: list[subprocess.Popen[str]] = []
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    paths = [str(REPOSITORY), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "lwrf_ros.cli.main", "train", *arguments],
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def unbroken(
    data: Path, start_training: Start, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The folder of a training that was left alone, and what it said at its end."""
    folder = tmp_path_factory.mktemp("unbroken") / "made" / "by itself"
    process = start_training(*options(data, folder))
    said, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    return folder, said


def log_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def weights_of(folder: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Every tensor's form and bytes, and the card."""
    with safe_open(folder / "weights.safetensors", framework="np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        forms = {
            name: f"{tensor.dtype} {tensor.shape} ".encode() + tensor.tobytes()
            for name, tensor in tensors.items()
        }
        return forms, dict(file.metadata())


# ---- killed and resumed


def modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def test_killed_five_times_it_ends_like_one_left_alone(
    data: Path, out: Path, start_training: Start, unbroken: tuple[Path, str]
) -> None:
    """Before anything is saved, between steps, and while each of the files is being written."""
    state, log = out / "state.pt", out / "log.csv"

    def saved(times: int) -> Callable[[], bool]:
        """Tell when the state was replaced so many times."""
        seen = [modified_ns(state)]

        def look() -> bool:
            now = modified_ns(state)
            if now != seen[-1]:
                seen.append(now)
            return len(seen) > times

        return look

    def either(moment: Callable[[], bool], last: Callable[[], bool]) -> Callable[[], bool]:
        """Moments are short: who misses one kills a little later."""
        return lambda: moment() or last()

    def logged() -> Callable[[], bool]:
        before = modified_ns(log)
        return lambda: modified_ns(log) != before

    moments: list[Callable[[], Callable[[], bool]]] = [
        # The folder is made when all is checked, the network not yet built.
        lambda: out.exists,
        lambda: saved(1),
        # A row is in the log whose epoch is not in the state.
        lambda: logged(),
        lambda: either((out / ".state.pt.part").exists, saved(2)),
        lambda: either((out / ".weights.safetensors.part").exists, saved(2)),
    ]
    steps: list[int] = []
    for make in moments:
        (out / ".state.pt.part").unlink(missing_ok=True)
        (out / ".weights.safetensors.part").unlink(missing_ok=True)
        moment = make()
        process = start_training(*options(data, out), "--resume")
        deadline = time.monotonic() + PATIENCE_S
        while not moment():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "nothing happened"
            time.sleep(0.001)
        process.kill()
        _, errors = process.communicate()
        assert process.returncode == -signal.SIGKILL, "it had ended before"
        steps.append(int(log_of(out)[-1]["step"]) if log.exists() else 0)
        # Two were killed before there was anything to continue from.
        assert ("continuing after step" in errors) == (len(steps) > 2), errors
    assert steps[0] == 0 and steps == sorted(steps) and 0 < steps[-1] < EPOCHS * STEPS, steps

    process = start_training(*options(data, out), "--resume")
    said, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors

    alone, alone_said = unbroken
    assert weights_of(out) == weights_of(alone)
    rows, rows_alone = log_of(out), log_of(alone)
    for row in (*rows, *rows_alone):
        assert float(row.pop("seconds")) > 0
    assert rows == rows_alone
    assert said.replace(str(out), "") == alone_said.replace(str(alone), "")


# ---- what is written


def test_files_of_a_training(unbroken: tuple[Path, str]) -> None:
    folder, said = unbroken
    names = {"weights.safetensors", "state.pt", "log.csv", "curves.png"}
    assert {path.name for path in folder.iterdir()} == names
    assert cv2.imread(str(folder / "curves.png")) is not None
    rows = log_of(folder)
    assert [int(row["epoch"]) for row in rows] == list(range(1, EPOCHS + 1))
    assert [int(row["step"]) for row in rows] == [STEPS * n for n in range(1, EPOCHS + 1)]
    scored = [int(row["epoch"]) for row in rows if row["mean_iou"]]
    assert scored == [VALIDATE_EVERY, EPOCHS]
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)
    score = float(rows[-1]["mean_iou"])
    assert said == (
        f"{folder / 'weights.safetensors'}: {EPOCHS} epochs, mean IoU {score:.4f} on the "
        "validation set\n"
    )


def test_between_epochs_the_state_is_saved_once_a_minute(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def run(self: Trainer, *arguments: Any, **more: Any) -> None:
        given.update(more)
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "run", run)
    assert train(*options(data, tmp_path / "out")) == 130
    assert given["save_every_s"] == 60.0


def test_weights_run_in_the_segmenter(data: Path, unbroken: tuple[Path, str]) -> None:
    folder, _ = unbroken
    network = build_network("mobilenet_v2", 3)
    info = load_weights(network, folder / "weights.safetensors")
    assert network.input_size == SIZE
    assert network.mean == network.encoder.mean
    card = info.card
    assert (card["classes"], json.loads(card["class_names"])) == ("tiny", list(TABLE.names))
    # So they need no class table to be named.
    brought = resolve(folder / "weights.safetensors").classes
    assert (brought.name, brought.names) == ("tiny", TABLE.names)
    assert (brought.colours == TABLE.colours).all()
    assert (card["epoch"], card["seed"], card["training_images"]) == (str(EPOCHS), "7", "5")
    assert json.loads(card["recipe"])["average"] == 0.8
    assert float(card["validation_mean_iou"]) == pytest.approx(
        float(log_of(folder)[-1]["mean_iou"]), abs=1e-4
    )
    segmenter = Segmenter(network, TABLE, device="cpu")
    assert segmenter.input_size == SIZE
    image, _ = scene(3, (90, 110))
    labels = segmenter.segment([image])[0].labels
    assert labels is not None and labels.shape == (90, 110) and labels.max() < 3


def test_a_finished_training_can_be_resumed(
    data: Path, unbroken: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, said = unbroken
    before = weights_of(folder)
    assert train(*options(data, folder), "--resume") == 0
    captured = capsys.readouterr()
    assert captured.out == said
    assert f"continuing after step {EPOCHS * STEPS} of {EPOCHS * STEPS}\n" in captured.err
    assert weights_of(folder) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--seed", "8"), "seed was 7, is 8"),
        (("--epochs", "9"), "recipe.epochs was 6, is 9"),
        (("--set", "overlap=0.25"), "recipe.overlap was 0.5, is 0.25"),
        (("--input-size", "64x64"), "input size was 64x48, is 64x64"),
    ],
)
def test_resuming_with_other_settings(
    data: Path,
    unbroken: tuple[Path, str],
    capsys: pytest.CaptureFixture[str],
    change: tuple[str, str],
    words: str,
) -> None:
    folder, _ = unbroken
    before = weights_of(folder)
    first = (folder / "state.pt").read_bytes()
    assert train(*options(data, folder), *change, "--resume") == 2
    error = capsys.readouterr().err
    assert f"belongs to a training with other settings: {words}. Resume with the same" in error
    assert weights_of(folder) == before
    assert (folder / "state.pt").read_bytes() == first


def test_resuming_with_another_data_set(
    data: Path,
    unbroken: tuple[Path, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, _ = unbroken
    other = write_dataset(tmp_path / "other", 5, SIZE, first_seed=9)
    assert train(other, *options(data, folder)[1:], "--resume") == 2
    assert "pixels by class was " in capsys.readouterr().err
    # The same names and the same masks, and one pixel that is different.
    changed = write_dataset(tmp_path / "changed", 5, SIZE)
    image = min((changed / "images").iterdir())
    pixels = cv2.imread(str(image))
    pixels[0, 0] ^= 1
    cv2.imwrite(str(image), pixels)
    assert train(changed, *options(data, folder)[1:], "--resume") == 2
    error = capsys.readouterr().err
    assert "with other settings: contents of the images and masks was " in error
    assert error.count(" was ") == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "text"])
def test_a_damaged_state(
    data: Path,
    out: Path,
    unbroken: tuple[Path, str],
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    sound = (unbroken[0] / "state.pt").read_bytes()
    contents = {"empty": b"", "cut": sound[: len(sound) // 2], "text": b"not a state"}
    out.mkdir()
    (out / "state.pt").write_bytes(contents[damage])
    assert train(*options(data, out), "--resume") == 2
    error = capsys.readouterr().err
    assert f"{out / 'state.pt'} cannot be read as the state of a training" in error
    assert [path.name for path in out.iterdir()] == ["state.pt"]


# ---- given weights


@pytest.fixture
def short(data: Path, out: Path) -> list[str]:
    """One epoch of two steps, without validation."""
    return [
        str(data / "train"),
        *("--classes", str(data / "tiny.yaml"), "-o", str(out), "--epochs", "1", "--batch", "2"),
        *FAST,
    ]


def test_what_is_in_the_masks_is_told_before_the_first_step(
    short: list[str], data: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, mask = scene(3, SIZE)
    for name in "ab":
        write_pair(tmp_path / "val", name, image, np.full_like(mask, 2))
    assert train(*short, "--val", tmp_path / "val") == 0
    seen = capsys.readouterr()
    told = seen.err[: seen.err.index("for 3 classes of 'tiny'")].splitlines()
    (unlabelled,) = [line for line in told if line.startswith("  unlabelled (255)")][:1]
    # The upper row of 5 masks of 48 rows of 64 pixels.
    assert unlabelled.split() == ["unlabelled", "(255)", "320", "2.08%"]
    of_val = told.index("the validation set: 2 masks")
    assert told[of_val + 4].split() == ["blue", str(2 * 48 * 64), "100.00%", "2"]
    assert told[of_val + 6] == (
        "warning: the validation set: 2 of 3 classes never occur: red, green"
    )
    # A mean over one class says nothing, wherever it is written.
    assert seen.out.endswith("1 epochs, mean IoU n/a on the validation set\n")
    assert log_of(out)[0]["mean_iou"] == "n/a"
    assert read_card(out / "weights.safetensors")["validation_mean_iou"] == "n/a"


def test_fine_tuning_the_authors_weights_for_other_classes(
    short: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their files have no card: how many classes they have, the classifier tells."""
    given = filled(mobile_shapes(21))
    torch.save({"state_dict": given}, tmp_path / "theirs.pth.tar")
    assert train(*short, "--init", tmp_path / "theirs.pth.tar") == 0
    assert f"from {tmp_path / 'theirs.pth.tar'}: 5 images" in capsys.readouterr().err
    (row,) = log_of(out)
    assert float(row["rate"]) == pytest.approx(1e-3 / 4)  # the paper's, at its end
    assert row["mean_iou"] == row["pixel_accuracy"] == ""
    network, theirs = build_network("mobilenet_v2", 3), build_network("mobilenet_v2", 21)
    card = load_weights(network, out / "weights.safetensors").card
    load_weights(theirs, tmp_path / "theirs.pth.tar")
    recipe = json.loads(card["recipe"])
    assert (recipe["optimiser"], recipe["frozen_norm"], recipe["epochs"]) == ("sgd", True, 1)
    assert len(card["initial_weights"]) == 64 and "validation_mean_iou" not in card
    # Frozen: what batch norm knows is theirs. What is trained began there.
    for name, value in network.encoder.state_dict().items():
        wanted = theirs.encoder.state_dict()[name]
        if ".norm." in name:
            assert torch.equal(value, wanted), name
        else:
            assert not torch.equal(value, wanted), name
            assert (value - wanted).norm() < 0.5 * wanted.norm() + 1e-3, name


def test_a_card_and_half_precision_on_request(short: list[str], out: Path, tmp_path: Path) -> None:
    five = build_network("mobilenet_v2", 5)
    save_weights(five, tmp_path / "five.safetensors")
    entries = ("--card", "license=CC-BY-4.0", "--card", "data=two = three images")
    init = ("--init", tmp_path / "five.safetensors")
    assert train(*short, *init, *entries, "--store", "fp16", "--input-size", "40x36") == 0
    card = load_weights(build_network("mobilenet_v2", 3), out / "weights.safetensors").card
    assert (card["license"], card["data"]) == ("CC-BY-4.0", "two = three images")
    assert json.loads(card["input_size"]) == [36, 40]
    with safe_open(out / "weights.safetensors", framework="np") as file:
        kinds = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118
    assert kinds == {np.dtype(np.float16)}


def test_what_is_made_of_weights_stays_under_their_licence(
    short: list[str], out: Path, tmp_path: Path
) -> None:
    card = {"license": "CC-BY-NC-4.0", "data": "Streets"}
    save_weights(build_network("mobilenet_v2", 3), tmp_path / "given.safetensors", card)
    assert train(*short, "--init", tmp_path / "given.safetensors") == 0
    made = load_weights(build_network("mobilenet_v2", 3), out / "weights.safetensors").card
    assert made["license"] == "CC-BY-NC-4.0"
    assert made["data"].startswith("Streets, then ") and made["data"].endswith(" other images")


# ---- a given encoder


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet-50 with 1000 classes, named as torchvision does."""
    encoder = re.compile(r"(conv1|bn1|layer\d)\.")
    shapes = {k: v for k, v in resnet_shapes(50, 3).items() if encoder.match(k)}
    path = tmp_path_factory.mktemp("imagenet") / "resnet50.pth"
    torch.save(filled(shapes | {"fc.weight": (1000, 2048), "fc.bias": (1000,)}), path)
    return path


def test_an_encoder_from_imagenet(
    short: list[str], out: Path, imagenet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a rate of zero it is the file's to the bit; what is around it learns from a draw."""
    still = ("--backbone", "resnet50", "--input-size", "32x32", "--set", "encoder_rate=0")
    assert train(*short, *still, "--encoder", imagenet) == 0
    assert f", with the encoder of {imagenet}: 5 images" in capsys.readouterr().err
    network = build_network("resnet50", 3)
    card = load_weights(network, out / "weights.safetensors").card
    state, theirs = network.state_dict(), torch.load(imagenet, weights_only=True)
    for own, name in (
        ("stem.conv.weight", "conv1.weight"),
        ("stages.0.0.shortcut.norm.running_mean", "layer1.0.downsample.1.running_mean"),
        ("stages.2.5.spatial.conv.weight", "layer3.5.conv2.weight"),
        ("stages.3.2.expand.norm.weight", "layer4.2.bn3.weight"),
    ):
        assert torch.equal(state[f"encoder.{own}"], theirs[name]), own
    assert network.mean == (0.485, 0.456, 0.406)
    # The paper's recipe for a ResNet.
    recipe = json.loads(card["recipe"])
    assert (recipe["optimiser"], recipe["frozen_norm"]) == ("sgd", True)
    assert recipe["decoder_rate"] == 5e-3
    sha256 = hashlib.sha256(imagenet.read_bytes()).hexdigest()
    assert card["initial_weights"] == f"encoder of {sha256}"
    assert "license" not in card

    # The file belongs to the training, like every other setting.
    changed = {name: value.clone() for name, value in theirs.items()}
    changed["conv1.weight"][0, 0, 0, 0] += 1
    other = out.parent / "other.pth"
    torch.save(changed, other)
    before = (out / "state.pt").read_bytes(), weights_of(out)
    assert train(*short, *still, "--encoder", other, "--resume") == 2
    error = capsys.readouterr().err
    assert f"initial weights was encoder of {sha256}, is encoder of " in error
    assert ((out / "state.pt").read_bytes(), weights_of(out)) == before
    assert train(*short, *still, "--encoder", imagenet, "--resume") == 0
    assert "continuing after step 2 of 2" in capsys.readouterr().err


def test_the_encoder_of_own_weights_and_another_recipe(
    short: list[str], out: Path, tmp_path: Path
) -> None:
    """Another decoder and other classes do not matter; the licence and the mean do."""
    given = build_network("mobilenet_v2", 5, "light_weight_rcu")
    given.mean, given.std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25)
    save_weights(given, tmp_path / "given.safetensors", {"license": "CC-BY-4.0"})
    rest = ("--recipe", "plain", "--input-size", "32x32")
    assert train(*short, *rest, "--encoder", tmp_path / "given.safetensors") == 0
    network = build_network("mobilenet_v2", 3)
    card = load_weights(network, out / "weights.safetensors").card
    assert (network.mean, network.std) == ((0.5, 0.4, 0.3), (0.2, 0.3, 0.25))
    assert card["license"] == "CC-BY-4.0"
    recipe = json.loads(card["recipe"])
    assert (recipe["optimiser"], recipe["frozen_norm"]) == ("adamw", False)


def test_an_encoder_that_does_not_fit(
    short: list[str],
    data: Path,
    out: Path,
    imagenet: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for options, words in (
        # Without --backbone it is the default's.
        ([imagenet], "; this is the encoder of a resnet50: choose that backbone"),
        ([imagenet, "--backbone", "resnet101"], "does not fit light_weight resnet101"),
        ([data / "none.pth"], f"there is no weights file {data / 'none.pth'}; check the path"),
        ([data / "tiny.yaml"], f"{data / 'tiny.yaml'} is no weights file"),
    ):
        assert train(*short, "--encoder", *options) == 2
        assert words in capsys.readouterr().err
        assert not out.exists()


# ---- mistakes in the data


def test_all_mistakes_are_listed_before_anything_is_made(
    data: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, val = tmp_path / "one", tmp_path / "two", tmp_path / "val"
    for folder in (one, two, val):
        write_dataset(folder, 1, SIZE)
    image, mask = scene(1, SIZE)
    write_pair(one, "bare", image, mask)[1].unlink()
    write_pair(one, "cut", image, mask)[0].write_bytes(b"")
    write_pair(two, "beyond", image, np.full_like(mask, 3))
    write_pair(val, "small", image, mask[:40])
    common = ("--classes", data / "tiny.yaml", "-o", out)
    assert train(one, two, tmp_path / "none", "--val", val, *common) == 2
    error = capsys.readouterr().err
    assert error.startswith("lwrf train: error: 5 mistakes in the data set:\n")
    listed = [line.strip() for line in error.splitlines()[1:]]
    assert len(listed) == 5
    for words in (
        f"{one}/images/bare.png: has no mask",
        f"{one}/images/cut.png: cannot be read",
        f"{two}/masks/beyond.png: holds the index 3; the table has classes 0 to 2",
        f"there is no folder {tmp_path / 'none'}",
        f"{val}/masks/small.png: is 64x40, its image is 64x48",
    ):
        assert any(line.startswith(words) for line in listed), words
    assert not out.exists()


@pytest.mark.parametrize("way", ["same", "link"])
def test_training_images_are_not_validated_on(
    data: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    val = data / "train"
    if way == "link":
        val = tmp_path / "linked"
        val.symlink_to(data / "train")
    common = ("--classes", data / "tiny.yaml", "-o", out)
    assert train(data / "train", "--val", val, data / "val", *common) == 2
    error = capsys.readouterr().err
    assert "5 images are in the training and the validation set" in error
    assert str(data / "train" / "images" / "000.png") in error
    assert not out.exists()


def test_images_below_the_least_size(
    data: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = write_dataset(tmp_path / "tiny", 2, (30, 40))
    assert train(tiny, "--classes", data / "tiny.yaml", "-o", out) == 2
    error = capsys.readouterr().err
    assert f"{tiny}/images/000.png is 40x30, less than 32x32; give" in error
    assert "--input-size" in error
    assert not out.exists()


def test_a_published_data_set_is_trained_and_validated_on(out: Path, tmp_path: Path) -> None:
    root = tmp_path / "VOC2012"
    voc(root, {f"2007_{number}": stripes(0, 15, 255, number) for number in range(3)}, "train")
    voc(root, {"2008_1": stripes(0, 15)}, "val")
    common = ("--classes", "voc", "-o", out, "--epochs", "1", "--batch", "3", *FAST)
    assert train(f"voc:{root}", "--val", f"voc:{root}", *common) == 0
    with safe_open(out / "weights.safetensors", framework="pt") as file:
        card = file.metadata()
    assert (card["training_images"], card["validation_images"]) == ("3", "1")
    assert len(json.loads(card["class_names"])) == 21


# ---- mistakes on the command line


def test_a_training_is_not_overwritten(
    data: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.mkdir()
    (out / "state.pt").write_bytes(b"precious")
    assert train(*options(data, out)) == 2
    error = capsys.readouterr().err
    assert f"{out} holds a training already; add --resume to continue it, or name" in error
    assert (out / "state.pt").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "epochs"), "--set is 'epochs'; wanted KEY=VALUE"),
        (("--set", "speed=3"), "the recipe has no 'speed'; wanted one of epochs, batch"),
        (("--set", "crop=much"), "crop is 'much'; wanted a number"),
        (("--set", "momentum=1.5"), "momentum is 1.5; wanted 0 to 0.9999"),
        (("--set", "flip=1"), "flip is '1'; wanted true or false"),
        (("--input-size", "64"), "--input-size is '64'; wanted WIDTHxHEIGHT: 480x360"),
        (("--input-size", "64x16"), "--input-size is 64x16 (width x height); wanted 32x32 to"),
        (("--classes", "towns"), "there is no class table 'towns'; wanted one of ade31"),
        (("--init", "{data}/none.pth"), "there is no weights file {data}/none.pth"),
        (("--init", "{data}/tiny.yaml"), "{data}/tiny.yaml is no weights file"),
        (
            ("--init", "camvit"),
            "no weights called 'camvit' come with lwrf_ros; did you mean camvid?",
        ),
        (
            ("--init", "bundled", "--backbone", "resnet50"),
            "no weights come with lwrf_ros for backbone resnet50, decoder light_weight and classes",
        ),
        (("--device", "tpu"), "device is 'tpu'"),
        (("--card", "license"), "--card is 'license'; wanted"),
        (("-o", "{data}/tiny.yaml"), "cannot write into {data}/tiny.yaml: File exists"),
    ],
)
def test_wrong_arguments_are_explained(
    data: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    given = [argument.format(data=data) for argument in arguments]
    assert train(*options(data, out), *given) == 2
    error = capsys.readouterr().err
    assert error.startswith("lwrf train: error: ")
    assert words.format(data=data) in error
    assert not (out / "weights.safetensors").exists()


def test_weights_of_another_network(
    short: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(filled(mobile_shapes(7)), tmp_path / "mobile.pth")
    assert train(*short, "--init", tmp_path / "mobile.pth", "--backbone", "resnet50") == 2
    assert "does not fit light_weight resnet50 with 7 classes" in capsys.readouterr().err
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    assert train(*short, "--init", tmp_path / "other.pth") == 2
    assert "does not fit light_weight mobilenet_v2" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--epochs", "0"), "wanted a whole number above 0"),
        (("--batch", "two"), "wanted a whole number above 0"),
        (("--seed", "-1"), "wanted a whole number from 0 up"),
        (("--recipe", "best"), "invalid choice: 'best'"),
        (("--backbone", "vgg"), "invalid choice: 'vgg'"),
        (("--precision", "fp16"), "invalid choice: 'fp16'"),
        (("--validate-every", "0"), "wanted a whole number above 0"),
        (
            ("--init", "bundled", "--encoder", "e.pth"),
            "--encoder: not allowed with argument --init",
        ),
    ],
)
def test_arguments_out_of_range(
    data: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    with pytest.raises(SystemExit) as left:
        train(*options(data, out), *arguments)
    assert left.value.code == 2
    assert words in capsys.readouterr().err


def test_data_and_output_have_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        train()
    assert left.value.code == 2
    assert "required: DATA, -o/--output" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(
    short: list[str],
    out: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(self: Trainer, *arguments: object, **named: object) -> None:
        self.step = 1
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "run", interrupted)
    assert train(*short) == 130
    error = capsys.readouterr().err
    assert "after step 1; the same command with --resume continues" in error
    assert error.endswith("lwrf train: interrupted\n")


def test_help_needs_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "lwrf_ros.cli.main", "train", "--help"]
    ended = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    for option in (
        "--resume",
        "--init WEIGHTS | --encoder FILE",
        "--set ENTRY=VALUE",
        "--validate-every",
        "DATA",
    ):
        assert option in ended.stdout
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "lwrf_ros.cli.train" in imported
    heavy = ("torch", "numpy", "cv2", "PIL", "matplotlib", "rclpy", "safetensors", "tqdm", "yaml")
    assert [name for name in imported if name.split(".")[0] in heavy] == []
