# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Every contestant that runs on a CPU: the labels of the plain network; and what is missing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.benchmark.case import Case, Setting
from lwrf_ros.experiments.benchmark.frames import make_frames
from lwrf_ros.experiments.benchmark.peers import PEERS, compiled, make_peer
from lwrf_ros.experiments.benchmark.peers.needs import need_module, need_precision
from lwrf_ros.experiments.benchmark.peers.ours import Engine
from lwrf_ros.experiments.benchmark.peers.peer import STAGES, Overlapping, UnavailableError
from lwrf_ros.experiments.benchmark.preparation import Prepared, prepare
from lwrf_ros.weights.bundled import RANDOM

FRAMES = make_frames(2, (48, 64))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    before = torch.get_num_threads()
    folder = tmp_path_factory.mktemp("peers")
    case = Case(
        "mobilenet_v2", "light_weight", "camvid", "", (48, 64), (64, 96), "cpu", "fp32", 2, 1
    )
    yield prepare(case, FRAMES, folder, onnx=True)
    torch.set_num_threads(before)


def test_preparation_finds_out(prepared: Prepared) -> None:
    assert prepared.setting.case.weights.endswith("mobilenet_v2-light_weight-camvid.safetensors")
    assert prepared.setting.num_classes == 11
    # 8.58e9 at 512x512 with 21 classes, less the 3x3 over 256 channels of ten of them.
    full = 8.58e9 - 10 * 9 * 256 * 128**2
    assert prepared.multiply_adds == pytest.approx(full * 64 * 96 / 512**2, rel=0.002)
    assert prepared.parameters == pytest.approx(3.26e6, rel=0.01)
    assert [one.shape for one in prepared.truth] == [(48, 64)] * 2
    assert all(ms > 0 for ms in prepared.tries_ms.values())


@pytest.mark.parametrize("name", ["lwrf_ros", "authors", "onnxruntime", "openvino"])
def test_labels_are_the_plain_networks(prepared: Prepared, name: str) -> None:
    if name in ("onnxruntime", "openvino"):
        for needed in (name, "onnx", "onnxscript"):
            pytest.importorskip(needed, reason=f"{needed} is not installed")
    peer = make_peer(name, prepared.setting)
    peer.prepare()
    answers = peer(FRAMES)
    for answer, truth in zip(answers, prepared.truth, strict=True):
        # Others round to bytes between resizing and normalising, and the authors resize cubically.
        assert np.mean(answer.labels == truth) > (0.9995 if name == "lwrf_ros" else 0.94)
        assert answer.labels.dtype == np.uint8
        np.testing.assert_allclose(
            answer.coverage, np.bincount(answer.labels.ravel(), minlength=11) / (48 * 64)
        )
    stages = peer.stages_ms()
    assert set(stages) <= set(STAGES)
    assert stages["network"] > 0
    assert peer.describe()
    peer.close()


def test_the_engine_runs_ahead(prepared: Prepared) -> None:
    engine = Engine(prepared.setting)
    engine.prepare()
    assert isinstance(engine, Overlapping)
    assert isinstance(engine.overlaps, bool)
    taken = []

    def batches() -> object:
        for number in range(3):
            taken.append(number)
            yield FRAMES

    engine.run_ahead(batches())
    assert taken == [0, 1, 2]
    engine.run_ahead([])
    engine.close()


def test_torch_compile(setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("g++") is None:
        pytest.skip("there is no g++, which torch.compile needs on a CPU")
    # Stands for the network, which takes a minute to compile.
    torch.manual_seed(0)
    small = nn.Conv2d(3, 3, 4, stride=4).eval().requires_grad_(False)
    monkeypatch.setattr(compiled, "plain_network", lambda case: small)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")
    peer = compiled.Compiled(setting)
    peer.prepare()
    (answer,) = peer(FRAMES[:1])
    assert answer.labels.shape == (48, 64)
    assert len(np.unique(answer.labels)) > 1
    assert answer.coverage.sum() == pytest.approx(1)
    peer.close()


# ---- what is missing


def test_what_is_not_installed_is_named_with_the_way_out() -> None:
    with pytest.raises(UnavailableError, match=r"No module named 'no_such'.*pip install such"):
        need_module("no_such", "such")


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_without_an_onnx_file(setting: Setting, name: str) -> None:
    pytest.importorskip(name, reason=f"{name} is not installed")
    with pytest.raises(UnavailableError, match="pip install onnx"):
        make_peer(name, replace(setting, onnx_problem="ONNX needs onnx: pip install onnx"))


def test_no_onnx_in_bf16(case: Case, tmp_path: Path) -> None:
    # The file is only written for a GPU's precision; nothing here runs on one.
    small = replace(case, device="cuda:0", precision="bf16", weights=RANDOM)
    found = prepare(small, make_frames(1, (48, 64)), tmp_path, onnx=True)
    assert found.setting.onnx_path is None
    assert "fp32 or fp16 here, not in bf16" in found.setting.onnx_problem
    assert found.weights.startswith("made up")


def test_one_without_the_precision(setting: Setting, on_gpu: Setting) -> None:
    need_precision(setting, "it", "fp32", "fp16")
    with pytest.raises(UnavailableError, match="it is measured in fp32"):
        need_precision(on_gpu, "it", "fp32")


@pytest.mark.parametrize("name", PEERS)
def test_where_each_runs(setting: Setting, on_gpu: Setting, name: str) -> None:
    for given, place in ((setting, PEERS[name].cpu), (on_gpu, PEERS[name].cuda)):
        if place is None:
            with pytest.raises(UnavailableError, match="is measured on"):
                make_peer(name, given)


def test_wrong_weights_are_an_error(case: Case, tmp_path: Path) -> None:
    missing = replace(case, weights=str(tmp_path / "none.safetensors"))
    with pytest.raises(LwrfError, match="there is no weights file"):
        prepare(missing, FRAMES, tmp_path, onnx=False)
