# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is exported does what the network and the engine do, or is not there."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from labelled_data import NAMES, SIZE, error_of, image, small_network, write_table
from torch import Tensor

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.cli import main as cli
from lwrf_ros.export.checking import LIMITS, Agreement, compare, made_up_images
from lwrf_ros.export.models import LabelModel, LogitsModel, prepared
from lwrf_ros.export.traced_program import read_program
from lwrf_ros.network import RefineNet, build_network, randomise
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.terminal.exit_codes import EXIT_USER_ERROR
from lwrf_ros.weights.checkpoint import save_weights

REPOSITORY = Path(__file__).resolve().parents[2]
CARD = {"license": "CC-BY-NC-4.0", "data": "a test"}
TERMS = "trained on a test (CC BY-NC 4.0): for non-commercial use"
Run = Callable[..., int]


@pytest.fixture(scope="module")
def onnxruntime() -> Any:
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    return pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


@pytest.fixture(scope="module")
def network() -> RefineNet:
    network = small_network(gain=2.0)
    network.temperature = 1.7
    return network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, network: RefineNet) -> Path:
    """A class table and weights."""
    folder = tmp_path_factory.mktemp("export")
    write_table(folder / "small.yaml")
    save_weights(network, folder / "small.safetensors", CARD)
    return folder


@pytest.fixture(scope="module")
def export(folder: Path) -> Run:
    """Run `lwrf export` on those weights."""

    def run(*more: str | Path, weights: str | Path = folder / "small.safetensors") -> int:
        table = ("--classes", folder / "small.yaml")
        return cli.main(["export", *map(str, (weights, *table, *more))])

    return run


@pytest.fixture(scope="module")
def labels_file(folder: Path, export: Run, onnxruntime: Any) -> Path:
    """Images of any size to labels and confidence, as ONNX."""
    path = folder / "labels.onnx"
    assert export("-o", path, "--tail", "--confidence", "--dynamic") == 0
    return path


# ---- ONNX, any size, from image to labels


@pytest.mark.parametrize(("count", "height", "width"), [(1, 48, 64), (3, 75, 101), (2, 33, 130)])
def test_labels_of_any_size_are_the_engines(
    labels_file: Path, network: RefineNet, onnxruntime: Any, count: int, height: int, width: int
) -> None:
    colours = np.array([[k, 9, 200] for k in range(len(NAMES))], dtype=np.uint8)
    table = ClassTable("small", NAMES, colours)
    engine = Segmenter(network, table, device="cpu", precision="fp32", input_size="image")
    pictures = np.stack([cv2.resize(image(k), (width, height)) for k in range(count)])
    session = onnxruntime.InferenceSession(labels_file, providers=["CPUExecutionProvider"])
    labels, confidence = session.run(["labels", "confidence"], {"image": pictures})
    assert (labels.shape, labels.dtype) == ((count, height, width), np.uint8)
    assert (confidence.shape, confidence.dtype) == ((count, height, width), np.uint8)
    wanted = engine.segment(list(pictures), outputs=("labels", "confidence"))
    assert np.mean(labels == np.stack([one.labels for one in wanted])) >= 0.9999
    # A probability in the middle between two steps may be rounded to either.
    steps = confidence.astype(int) - np.stack([one.confidence for one in wanted])
    assert np.abs(steps).max() <= 1
    assert len(np.unique(labels)) == len(NAMES)


def test_the_file_says_what_it_is(labels_file: Path, folder: Path, onnxruntime: Any) -> None:
    session = onnxruntime.InferenceSession(labels_file, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["class_names"]) == list(NAMES)
    assert json.loads(about["class_colours"]) == [[k, 9, 200] for k in range(3)]
    assert json.loads(about["mean"]) == [0.485, 0.456, 0.406]
    assert json.loads(about["std"]) == [0.229, 0.224, 0.225]
    assert json.loads(about["temperature"]) == 1.7
    assert json.loads(about["input_size"]) == list(SIZE)
    assert (json.loads(about["dynamic"]), json.loads(about["size_multiple"])) == (True, 1)
    assert (about["license"], about["terms"]) == ("CC-BY-NC-4.0", TERMS)
    assert (about["backbone"], about["decoder"]) == ("mobilenet_v2", "light_weight")
    weights = (folder / "small.safetensors").read_bytes()
    assert about["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    (given,) = session.get_inputs()
    assert (given.name, given.shape) == ("image", ["batch", "height", "width", 3])
    assert {one.name: one.shape for one in session.get_outputs()} == {
        name: ["batch", "height", "width"] for name in ("labels", "confidence")
    }


def test_the_file_names_no_path_of_this_machine(labels_file: Path, folder: Path) -> None:
    content = labels_file.read_bytes()
    assert str(REPOSITORY).encode() not in content
    assert str(folder).encode() not in content
    assert b"refinenet.py" not in content


def test_the_example_of_the_documentation(
    labels_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (REPOSITORY / "docs" / "export.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "labels.onnx").write_bytes(labels_file.read_bytes())
    cv2.imwrite(str(tmp_path / "street.png"), cv2.resize(image(1), (200, 100)))
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "export.md", "exec"), {})
    shares = json.loads(capsys.readouterr().out.replace("'", '"'))
    assert list(shares) == list(NAMES)
    assert sum(shares.values()) == pytest.approx(1)


# ---- torch.export, one size, logits


def test_a_torch_package_of_one_size(
    export: Run, network: RefineNet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "network.pt2"
    path.write_text("of before")
    assert export("-o", path) == 0
    out = capsys.readouterr().out
    for words in (
        "for 64x48, fp32",
        f"small.safetensors, {TERMS}",
        f"wrote {path} (",
        "float32 (1, 3, 48, 64), RGB",
        "float32 (1, 3, 12, 16)\n",
        "2 images (64x48): largest difference",
        "100.000 % equal labels",
    ):
        assert words in out
    assert [one.name for one in tmp_path.iterdir()] == ["network.pt2"]
    module, about = read_program(path)
    assert json.loads(about["input_size"]) == list(SIZE)
    assert (about["dynamic"], about["precision"]) == ("false", "fp32")
    x = LogitsModel(network).from_pixels(made_up_images(1, SIZE, seed=7))
    with torch.inference_mode():
        got, wanted = module(x), network(x)
    assert torch.allclose(got, wanted, rtol=0, atol=1e-4 * float(wanted.abs().max()))
    with pytest.raises(Exception, match="64"):
        module(torch.zeros(1, 3, 48, 65))


# ---- half precision


def test_half_precision_stays_inside(
    export: Run, tmp_path: Path, onnxruntime: Any, network: RefineNet
) -> None:
    import onnx

    path = tmp_path / "half.onnx"
    assert export("-o", path, "--precision", "fp16", "--input-size", "96x64") == 0
    model = onnx.load(path)
    half, single = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    weights = [one for one in model.graph.initializer if len(one.dims) == 4]
    assert {one.data_type for one in weights} == {half}
    ends = (model.graph.input[0], model.graph.output[0])
    assert [one.type.tensor_type.elem_type for one in ends] == [single, single]
    dims = [[dim.dim_value for dim in one.type.tensor_type.shape.dim] for one in ends]
    assert dims == [[1, 3, 64, 96], [1, 3, 16, 24]]
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 18)]


def test_what_half_precision_cannot_hold_is_not_written(
    export: Run, network: RefineNet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = small_network(gain=1e6)
    save_weights(wide, tmp_path / "wide.safetensors")
    target = tmp_path / "half.pt2"
    target.write_text("of before")
    half = ("--precision", "fp16", "-o", target)
    assert export(*half, weights=tmp_path / "wide.safetensors") == EXIT_USER_ERROR
    message = error_of(capsys.readouterr().err, "export")
    assert f"{target} was not written, because it does not do what the network does" in message
    assert "wanted at most 0.03 and at least 99.5 %; use --precision fp32" in message
    assert target.read_text() == "of before"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["half.pt2", "wide.safetensors"]


# ---- what is refused


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("-o", "{}/x.engine"), "wanted a name that ends in .onnx or .pt2"),
        (("-o", "{}/none/x.pt2"), "there is no folder"),
        (("-o", "{}/folder.pt2"), "is a folder"),
        (("-o", "{}/x.pt2", "--confidence"), "--confidence is of labels; give --tail"),
        (("-o", "{}/x.pt2", "--input-size", "64x31"), "the input size is 64x31"),
        (("-o", "{}/x.pt2", "--classes", "camvid"), "trained for 3 classes"),
    ],
)
def test_what_cannot_be_done_is_said(
    export: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    words: str,
) -> None:
    (tmp_path / "folder.pt2").mkdir()
    assert export(*(one.format(tmp_path) for one in more)) == EXIT_USER_ERROR
    assert words in error_of(capsys.readouterr().err, "export")
    assert [one.name for one in tmp_path.iterdir()] == ["folder.pt2"]


def test_random_weights_have_no_size(
    export: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("-o", tmp_path / "x.pt2", weights="random") == EXIT_USER_ERROR
    message = error_of(capsys.readouterr().err, "export")
    assert "random weights names no training size; wanted --input-size WxH, or --dynamic" in message


@pytest.mark.parametrize(
    "more", [("--input-size", "image"), ("--input-size", "64x64", "--dynamic")]
)
def test_sizes_that_make_no_sense(
    export: Run, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        export("-o", "x.pt2", *more)
    assert ended.value.code == 2
    assert "--dynamic" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["onnx", "onnxscript", "onnxruntime"])
def test_what_onnx_needs_is_named_before_the_work(
    export: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    for other in ("onnx", "onnxscript", "onnxruntime"):
        monkeypatch.setitem(sys.modules, other, None if other == name else sys)
    assert export("-o", tmp_path / "x.onnx", weights="nowhere") == EXIT_USER_ERROR
    message = error_of(capsys.readouterr().err, "export")
    assert f"needs the package {name}, which is not installed" in message
    assert "pip install onnx onnxscript onnxruntime" in message


# ---- its parts


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "resnet50"])
def test_folding_keeps_the_output_and_the_network(backbone: str) -> None:
    network = build_network(backbone, 3)
    randomise(network, seed=1)
    generator = torch.Generator().manual_seed(2)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for value, low, high in (
                (module.running_mean, -0.2, 0.2),
                (module.running_var, 0.5, 1.5),
                (module.weight, 0.8, 1.2),
                (module.bias, -0.2, 0.2),
            ):
                torch.nn.init.uniform_(value, low, high, generator=generator)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    folded = prepared(network, "fp32")
    assert not any(isinstance(one, torch.nn.BatchNorm2d) for one in folded.modules())
    x = torch.randn(1, 3, 48, 64, generator=generator)
    with torch.inference_mode():
        got, wanted = folded(x), network(x)
    assert torch.allclose(got, wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()))
    after = network.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(value, before[key]) for key, value in after.items())


def test_agreement_is_counted_over_all_pixels(network: RefineNet) -> None:
    reference = LabelModel(network, confidence=True)

    def off(image: Tensor) -> dict[str, Tensor]:
        labels, confidence = reference(image)
        if len(image) == 2:
            labels[0, :10] = (labels[0, :10] + 1) % 3  # 10 rows of one image
            confidence[1, 0, 0] += 51 if confidence[1, 0, 0] < 200 else -51
        return {"labels": labels, "confidence": confidence}

    done: list[int] = []
    batches = [(1, 40, 50), (2, 40, 50)]
    found = compare(reference, off, batches, lambda: done.append(1))
    assert found == Agreement(3, "confidence", pytest.approx(51 / 255), 500, 6000)
    assert len(done) == 2


def test_agreement_of_logits_is_a_share_of_the_largest(network: RefineNet) -> None:
    reference = LogitsModel(network)

    def off(image: Tensor) -> dict[str, Tensor]:
        logits = reference(image).clone()
        logits[0, 0, 0, 0] -= logits.abs().max() / 8
        return {"logits": logits}

    found = compare(reference, off, [(1, 40, 52)])
    assert found.difference == pytest.approx(1 / 8, rel=1e-4)
    # One place of 10 x 13 at most has another label.
    assert found.equal_labels >= 1 - 1 / 130


@pytest.mark.parametrize(
    ("compared", "difference", "unequal", "good"),
    [
        ("logits", 1e-4, 0, True),
        ("logits", 2e-3, 0, False),
        ("logits", float("nan"), 0, False),
        ("confidence", 1 / 255, 0, True),
        ("confidence", 2 / 255, 0, False),
        ("labels", 0.0, 9, True),
        ("labels", 0.0, 11, False),
    ],
)
def test_limits(compared: str, difference: float, unequal: int, good: bool) -> None:
    found = Agreement(1, compared, difference, unequal, 100_000)
    assert found.within(LIMITS["fp32"]) is good


@pytest.mark.parametrize(("unequal", "good"), [(3, True), (4, False)])
def test_a_few_pixels_of_a_small_image_may_differ(unequal: int, good: bool) -> None:
    assert Agreement(1, "labels", 0.0, unequal, 1000).within(LIMITS["fp32"]) is good


def test_what_is_not_a_number_is_not_overlooked(network: RefineNet) -> None:
    reference = LogitsModel(network)

    def broken(image: Tensor) -> dict[str, Tensor]:
        logits = reference(image).clone()
        if image.shape[2] == 40:
            logits[0, 0, 0, 0] = float("nan")
        return {"logits": logits}

    # In the first batch; the second one is good.
    found = compare(reference, broken, [(1, 40, 52), (1, 48, 52)])
    assert np.isnan(found.difference)
