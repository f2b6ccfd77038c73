# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which form of the stages is taken and said, on a CPU; what they do on a GPU is in test_gpu."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from oracle import StrongestChannel, painted

from lwrf_ros.segmentation.cuda.graphs import NetworkGraphs
from lwrf_ros.segmentation.cuda.stages import CudaStages, TorchEnds, make_ends
from lwrf_ros.segmentation.postprocess import COUNT_BINS

LAUNCH = "lwrf_ros.segmentation.cuda.launch"
PLAIN = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
CPU = torch.device("cpu")


def ends() -> tuple[Any, str]:
    return make_ends(3, *PLAIN, 1.0, torch.float32, CPU)


@pytest.fixture
def without_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "triton", None)
    for name in (LAUNCH, "lwrf_ros.segmentation.cuda.kernels"):
        monkeypatch.delitem(sys.modules, name, raising=False)


class Kernels:
    """Stands in for kernels that compile."""

    def __init__(self, *of: Any) -> None:
        self.of, self.compiled_for = of, ()

    def compile(self, *what: Any) -> None:
        self.compiled_for = what


@pytest.fixture
def with_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(LAUNCH)
    module.VERSION, module.FrameKernels = "9.9.9", Kernels  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, LAUNCH, module)


def test_kernels_where_they_compile(with_kernels: None) -> None:
    got, form = ends()
    assert form == "triton 9.9.9 kernels"
    assert got.of == (*PLAIN, 1.0)
    assert got.compiled_for == (3, torch.float32, CPU)


def test_without_triton_torch_takes_over_and_says_so(without_triton: None) -> None:
    got, form = ends()
    assert isinstance(got, TorchEnds)
    assert form.startswith("torch operations instead of kernels, as triton is not there (")


def test_where_kernels_do_not_compile_torch_takes_over_and_says_why(
    with_kernels: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("Failed to find C compiler.\nand more")

    monkeypatch.setattr(Kernels, "compile", fails)
    got, form = ends()
    assert isinstance(got, TorchEnds)
    assert form == (
        "torch operations instead of kernels, as triton 9.9.9 cannot compile its kernels "
        "(Failed to find C compiler.)"
    )


def test_triton_itself_cannot_compile_for_a_cpu() -> None:
    pytest.importorskip("triton", reason="triton is not installed")
    got, form = ends()
    assert isinstance(got, TorchEnds)
    assert "cannot compile its kernels (" in form


class Stream:
    device = CPU

    def synchronize(self) -> None:
        pass


@pytest.fixture
def stages(without_triton: None, monkeypatch: pytest.MonkeyPatch) -> CudaStages:
    """The stages of a network whose labels can be told by hand, with a CPU in the GPU's place."""

    def capture(self: NetworkGraphs, batch: torch.Tensor, pool: Any) -> None:
        raise RuntimeError("there is no GPU")

    monkeypatch.setattr(NetworkGraphs, "_capture", capture)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    return CudaStages(
        StrongestChannel(),
        3,
        *PLAIN,
        1.0,
        torch.float32,
        Stream(),  # type: ignore[arg-type]
    )


def test_a_frame_goes_through(stages: CudaStages) -> None:
    image = torch.from_numpy(painted((255, 0, 0), (0, 0, 255)))
    batch = stages.new_batch(2, (40, 64))
    with torch.inference_mode():
        for slot, encoding in zip(batch, ("rgb8", "bgr8"), strict=True):
            stages.preprocess(image, encoding, slot)
        logits = stages.forward(batch)
        labels, confidence = torch.empty((2, 40, 64), dtype=torch.uint8)
        counts = torch.empty(COUNT_BINS, dtype=torch.float64)
        for scores, order in zip(logits, ([0, 2], [2, 0]), strict=True):
            stages.label(scores, labels, counts, confidence, 0.0)
            np.testing.assert_array_equal(labels, np.repeat([order], 32, axis=1).repeat(40, axis=0))
            assert counts[[0, 1, 2]].tolist() == [1280.0, 0.0, 1280.0]
            assert int(confidence[0, 0]) == StrongestChannel.pure_confidence


def test_the_form_says_what_runs_and_why(stages: CudaStages) -> None:
    assert stages.description.endswith("; network in CUDA graphs")
    stages.warm_up((40, 64), 1)
    assert stages.description == (
        "torch operations instead of kernels, as triton is not there (import of triton halted; "
        "None in sys.modules); network without CUDA graphs, as it cannot be recorded (there is no "
        "GPU)"
    )
    stages.close()
