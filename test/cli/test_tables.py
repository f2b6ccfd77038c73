# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf tables`` from end to end: counts, scores of tiny data, a short runtime, refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled_data import error_of
from published_sets import context, stripes, voc, write_mask

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.cli import main as cli
from lwrf_ros.datasets.dataset import read_image
from lwrf_ros.experiments.tables import tables_run as run
from lwrf_ros.experiments.tables.paper import TABLE_2
from lwrf_ros.network import build_network, randomise
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.terminal.exit_codes import EXIT_USER_ERROR
from lwrf_ros.weights.checkpoint import save_weights

MOBILE = "mobilenet_v2"


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def tables(*arguments: str | Path) -> int:
    return cli.main(["tables", "--device", "cpu", "--threads", "1", *map(str, arguments)])


def write_weights(path: Path, classes: str) -> Path:
    network = build_network(MOBILE, len(ClassTable.load(classes)))
    randomise(network, seed=3)
    save_weights(network, path, {})
    return path


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights for VOC and PASCAL-Context and data: VOC's masks are what the network says."""
    folder = tmp_path_factory.mktemp("tables")
    write_weights(folder / "voc.safetensors", "voc")
    write_weights(folder / "context.safetensors", "context")
    network = build_network(MOBILE, 21)
    randomise(network, seed=3)
    segmenter = Segmenter(network, ClassTable.load("voc"), "cpu", "fp32", "image")
    root = voc(folder / "VOC2012", {name: stripes(0) for name in ("2007_1", "2007_2")})
    for name in ("2007_1", "2007_2"):
        labels = segmenter.segment([read_image(root / "JPEGImages" / f"{name}.jpg")])[0].labels
        assert labels is not None  # asked for
        assert len(np.unique(labels)) > 2
        values = labels.copy()
        values[:5] = 255
        write_mask(root / "SegmentationClass" / f"{name}.png", values, palette=True)
    context(folder / "VOC2010", {"2008_1": stripes(0, 9, 59)})
    return folder


def test_counts_scores_and_files(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    weights = [f"{MOBILE}:{name}={given / name}.safetensors" for name in ("voc", "context")]
    data = [f"voc:{given / 'VOC2012'}", f"context:{given / 'VOC2010'}"]
    asked = ("--only", "3", "1", "--weights", *weights, "--data", *data)
    assert tables(*asked, "-o", out) == 0
    text = capsys.readouterr().out
    assert text.index("Table 1: parameters") < text.index("Table 3: PASCAL VOC")
    assert "Table 2" not in text
    # Paper and here, side by side.
    assert re.search(r"RefineNet-101-LW-WITH-RCU +54 +53\.8\d +76 +75\.\d\d\n", text)
    assert re.search(r"RefineNet-LW-MobileNet-v2 +76\.2 +100\.0 +9\.3 +8\.58\n", text)
    assert re.search(r"RefineNet-LW-NASNet-Mobile +77\.4 +- +11\.4 +10\.\d\d\n", text)
    assert re.search(r"mobilenet_v2, light_weight, context +\d+\.\d +1\n", text)
    assert f"wrote {out / 'tables.md'}" in text

    tree = json.loads((out / "tables.json").read_text())
    assert sorted(tree["tables"]) == ["1", "3"]
    assert tree["settings"] == {"precision": "fp32", "threads": 1}
    assert tree["command"].startswith("lwrf tables --device cpu")
    assert tree["machine"]["versions"]["numpy"] == np.__version__
    (mobile,) = (row for row in tree["tables"]["3"] if row["backbone"] == MOBILE)
    assert mobile["mean_iou"]["voc"]["here_percent"] == 100.0
    assert mobile["mean_iou"]["voc"]["images"] == 2
    assert [one["data_set"] for one in tree["scores"]] == ["voc", "context"]
    assert tree["scores"][0]["weights"].endswith("voc.safetensors")
    assert len(tree["scores"][0]["sha256"]) == 64
    page = (out / "tables.md").read_text()
    assert "| RefineNet-101-LW | 46 | 46.35 | 52 | 51.37 |" in page


def test_a_short_runtime(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = tuple(row for row in TABLE_2 if row.network.backbone == "resnet50")
    monkeypatch.setattr(run, "TABLE_2", small)
    assert tables("--only", "2", "--passes", "2", "--size", "64x48", "-o", tmp_path) == 0
    text = capsys.readouterr().out
    assert re.search(r"RefineNet-LW-50 +\d+(\.\d+)? ± \d+(\.\d+)? +\d+\.\d\d\n", text)
    assert re.search(r"RefineNet-LW-101 +- +-\n", text)
    assert "of 2 passes here" in text
    rows = json.loads((tmp_path / "tables.json").read_text())["tables"]["2"]
    found = {row["title"]: row["runtime"]["64x48"] for row in rows}
    assert found["RefineNet-50"]["here_ms"]["passes"] == 2
    assert found["RefineNet-LW-50"]["times_as_fast_as_original"] == pytest.approx(
        found["RefineNet-50"]["here_ms"]["median"] / found["RefineNet-LW-50"]["here_ms"]["median"]
    )
    assert found["RefineNet-152"]["here_ms"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--weights", "resnet50=x.pth"), "--weights is 'resnet50=x.pth'; wanted BACKBONE[:"),
        (("--weights", "resnet50:voc"), "--weights is 'resnet50:voc'; wanted BACKBONE[:"),
        (("--weights", "vgg:voc=x"), "with the backbone 'vgg'; wanted one of resnet50,"),
        (("--weights", "resnet50:heavy:voc=x"), "with the decoder 'heavy'; wanted one of light_"),
        (("--weights", "resnet50:camvid=x"), "with the data set 'camvid'; wanted one of voc,"),
        (("--weights", "resnet50:voc=x", "resnet50:voc=y"), "has resnet50:voc twice"),
        (("--weights", "resnet50:voc=x"), "file for voc, and there are no data: add --data voc:"),
        (("--data", "VOC2012"), "--data is 'VOC2012'; wanted DATASET:FOLDER[:SPLIT]"),
        (("--data", "voc:{given}", "voc:{given}"), "--data has voc twice"),
        (("--data", "voc:{given}"), "--data has voc, and there are no weights for it: add"),
        (
            ("--weights", "mobilenet_v2:voc={given}/voc.safetensors", "--data", "voc:{given}"),
            "{given} is not PASCAL VOC as distributed: there is no SegmentationClass in it, but",
        ),
        (
            ("--weights", "resnet50:voc={given}/none.pth", "--data", "voc:{given}/VOC2012"),
            "there is no weights file {given}/none.pth",
        ),
        (("--size", "16x64"), "--size is 16x64 (width x height); wanted 32x32 to"),
        (("--device", "tpu"), "device is 'tpu'"),
        (("-o", "/dev/null/out"), "cannot write into /dev/null/out"),
    ],
)
def test_what_cannot_be_done_is_said_first(
    given: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    asked = [argument.format(given=given) for argument in arguments]
    assert tables(*asked) == EXIT_USER_ERROR
    captured = capsys.readouterr()
    assert words.format(given=given) in error_of(captured.err, "tables")
    assert captured.out == ""
