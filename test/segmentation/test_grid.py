# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Every backbone with every decoder, through all that is done with a network.

A covering part runs always, the rest by ``make test-grid``: see test/node/test_every_network.py for
the node.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import oracle
import pytest
import torch
from tiny_dataset import write_dataset, write_table

from lwrf_ros.backbones import BACKBONES, DECODERS
from lwrf_ros.cli import main as cli
from lwrf_ros.network import RefineNet, build_network, randomise
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.segmentation.simplify import Rewrites, simplify
from lwrf_ros.weights.checkpoint import load_weights, save_weights

CLASSES = (2, 7, 21, 40, 60)
SIZES = ((65, 97), (33, 130), (131, 77), (64, 95), (99, 43))
# Every backbone and every decoder once. The paper has the original decoder, and RCU, on ResNets.
COVERING = {
    ("mobilenet_v2", "original"),
    ("nasnet_mobile", "light_weight_rcu"),
    ("resnet50", "light_weight_rcu"),
    ("resnet101", "light_weight"),
    ("resnet152", "light_weight"),
}
QUICK = {("mobilenet_v2", "original"), ("nasnet_mobile", "light_weight_rcu")}


class Case(NamedTuple):
    """A network, and what it is tried with.

    Attributes:
        backbone: Name of the encoder.
        decoder: Name of the decoder's form.
        classes: Number of classes.
        size: ``(height, width)`` of the network's input.
    """

    backbone: str
    decoder: str
    classes: int
    size: tuple[int, int]

    @property
    def names(self) -> list[str]:
        """Options of the tools that name it."""
        return ["--backbone", self.backbone, "--decoder", self.decoder]

    @property
    def width_by_height(self) -> str:
        """The size as the tools take it."""
        return f"{self.size[1]}x{self.size[0]}"


def cases(covering: set[tuple[str, str]]) -> list[Any]:
    """List all cases, those outside of a covering part with the marker."""
    found = []
    for row, backbone in enumerate(BACKBONES):
        for column, decoder in enumerate(DECODERS):
            number = row + 2 * column
            case = Case(backbone, decoder, CLASSES[number % 5], SIZES[(number + row) % 5])
            marks = () if (backbone, decoder) in covering else (pytest.mark.grid,)
            found.append(pytest.param(case, id=f"{backbone}-{decoder}", marks=marks))
    return found


covered = pytest.mark.parametrize("case", cases(COVERING))
quick_ones_covered = pytest.mark.parametrize("case", cases(QUICK))
everything_marked = pytest.mark.parametrize("case", cases(set()))


def built(case: Case) -> RefineNet:
    network = build_network(case.backbone, case.classes, case.decoder)
    randomise(network, seed=case.classes)
    return network


def noise(case: Case, height: int, width: int) -> np.ndarray:
    """A picture, ``(height, width, 3) uint8``, of coarse patches."""
    patches = np.random.default_rng(case.classes).integers(0, 256, (height // 9 + 1, width, 3))
    return patches.repeat(9, axis=0)[:height].astype(np.uint8)


def run(*arguments: str | Path) -> None:
    assert cli.main([str(argument) for argument in arguments]) == 0


@covered
def test_rewrites_and_the_engine_keep_the_output(case: Case) -> None:
    network = built(case)
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(1, 3, *case.size, generator=generator)
    height, width = case.size
    with torch.inference_mode():
        logits = network(image)
        assert logits.shape == (1, case.classes, -(-height // 4), -(-width // 4))
        for rewrites in (Rewrites(), Rewrites(True, True, True, True, False)):
            found = simplify(network, rewrites)(image)
            assert (found - logits).abs().max() <= 1e-5 * logits.abs().max(), rewrites
    picture = noise(case, 70, 111)
    wanted = oracle.label(network, picture, case.size)
    segmenter = Segmenter(
        network, oracle.class_table(case.classes), device="cpu", input_size=case.size
    )
    (result,) = segmenter.segment([picture])
    segmenter.close()
    assert wanted.sure.mean() > 0.9
    np.testing.assert_array_equal(result.labels[wanted.sure], wanted.labels[wanted.sure])


@quick_ones_covered
def test_it_is_trained_and_its_weights_are_read_again(case: Case, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", 2, (48, 64))
    write_table(tmp_path)
    given = build_network(case.backbone, 3, case.decoder)
    randomise(given, seed=1)
    save_weights(given, tmp_path / "given.safetensors", {"license": "CC0-1.0"})
    out = tmp_path / "out"
    run(
        *("train", data, "--classes", tmp_path / "tiny.yaml", *case.names, "-o", out),
        *("--encoder", tmp_path / "given.safetensors", "--recipe", "plain", "--device", "cpu"),
        *("--epochs", "2", "--batch", "2", "--workers", "1"),
    )
    trained = build_network(case.backbone, 3, case.decoder)
    card = load_weights(trained, out / "weights.safetensors").card
    assert (card["license"], json.loads(card["input_size"])) == ("CC0-1.0", [48, 64])
    before, after = given.state_dict(), trained.state_dict()
    assert all(value.isfinite().all() for value in after.values())
    kernels = [name for name, value in before.items() if value.ndim == 4]
    assert all(not torch.equal(after[name], before[name]) for name in kernels)


def exported(case: Case, tmp_path: Path, name: str, *more: str) -> None:
    (tmp_path / "w.safetensors").unlink(missing_ok=True)
    save_weights(built(case), tmp_path / "w.safetensors")
    table = tmp_path / "table.yaml"
    entries = [f"  - {{name: class{k}, colour: [{k}, {k}, 9]}}" for k in range(case.classes)]
    table.write_text("\n".join(["name: grid", "classes:", *entries, ""]))
    options = ["--classes", table, *case.names, *more, "-o", tmp_path / name]
    # It is kept only if it agrees with the network.
    run("export", tmp_path / "w.safetensors", *options)
    assert (tmp_path / name).stat().st_size > 1_000_000


@pytest.fixture
def onnx_tools() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed: no export to ONNX")


@everything_marked
@pytest.mark.usefixtures("onnx_tools")
@pytest.mark.parametrize("form", ["fixed", "dynamic", "tail"])
def test_it_is_exported_to_onnx(case: Case, form: str, tmp_path: Path) -> None:
    size = ["--input-size", case.width_by_height]
    more = {"fixed": size, "dynamic": ["--dynamic"], "tail": [*size, "--tail", "--confidence"]}
    exported(case, tmp_path, "network.onnx", *more[form])


@everything_marked
@pytest.mark.parametrize("form", ["fixed", "dynamic"])
def test_it_is_exported_by_torch(case: Case, form: str, tmp_path: Path) -> None:
    more = ["--dynamic"] if form == "dynamic" else ["--input-size", case.width_by_height]
    exported(case, tmp_path, "network.pt2", *more)


@everything_marked
def test_it_is_measured(case: Case, tmp_path: Path) -> None:
    size = ("--input-size", case.width_by_height, "--image-size", "80x60")
    short = ("--seconds", "0.1", "--min-calls", "2", "--device", "cpu", "--threads", "1")
    run("benchmark", *case.names, *size, *short, "--peers", "lwrf_ros", "-o", tmp_path / "out")
    tree = json.loads((tmp_path / "out/benchmark.json").read_text())
    (measured,) = tree["cases"]
    (ours,) = measured["contestants"]
    assert (measured["backbone"], measured["decoder"]) == (case.backbone, case.decoder)
    assert ours["status"] == "measured"
    assert ours["equal_labels"] > 0.9999
