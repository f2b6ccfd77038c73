# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Device and precision: what is chosen, and what is refused with the way out."""

from __future__ import annotations

import pytest
import torch

from lwrf_ros.segmentation import DeviceError
from lwrf_ros.segmentation.device import choose_device, choose_precision

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 7))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Orin")
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_80", "sm_90"])


def test_auto_settles_for_the_cpu(no_gpu: None) -> None:
    assert choose_device("auto") == CPU


def test_auto_takes_the_first_gpu(two_gpus: None) -> None:
    assert choose_device("auto") == CUDA


def test_the_cpu_is_always_there(two_gpus: None) -> None:
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize(("name", "index"), [("cuda", 0), ("cuda:0", 0), ("cuda:1", 1)])
def test_a_gpu_by_number(two_gpus: None, name: str, index: int) -> None:
    assert choose_device(name) == torch.device("cuda", index)


def test_a_gpu_that_is_not_there(two_gpus: None) -> None:
    with pytest.raises(DeviceError, match=r"'cuda:2', but there are 2 GPUs; wanted .*cuda:1"):
        choose_device("cuda:2")


@pytest.mark.parametrize(
    ("capability", "built_for", "runs"),
    [
        ((8, 7), ["sm_75", "sm_87"], True),
        ((8, 7), ["sm_80"], True),
        ((8, 7), ["sm_89", "sm_90"], False),
        ((12, 0), ["sm_90"], False),
        ((12, 0), ["sm_90", "compute_90"], True),
        ((7, 5), ["sm_80", "compute_80"], False),
        ((9, 0), ["sm_90a"], True),
        ((10, 3), ["sm_100a"], False),
        ((10, 3), ["sm_100f", "sm_100"], True),
        ((12, 1), ["compute_90a"], False),
        ((6, 1), [], True),  # a build that does not say
    ],
)
@pytest.mark.parametrize("name", ["auto", "cuda:1"])
def test_a_gpu_that_this_torch_was_not_built_for(
    two_gpus: None,
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int],
    built_for: list[str],
    runs: bool,
    name: str,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: built_for)
    if runs:
        assert choose_device(name).type == "cuda"
        return
    message = f"of compute capability {capability[0]}.{capability[1]}, and torch .* built for .*cpu"
    with pytest.raises(DeviceError, match=message):
        choose_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
@pytest.mark.parametrize(("build", "reason"), [(None, "CPU build"), ("12.8", "finds no GPU")])
def test_cuda_without_a_gpu_is_an_error_with_the_way_out(
    no_gpu: None, monkeypatch: pytest.MonkeyPatch, name: str, build: str | None, reason: str
) -> None:
    monkeypatch.setattr(torch.version, "cuda", build)
    with pytest.raises(DeviceError) as caught:
        choose_device(name)
    for words in (repr(name), reason, "use auto or cpu", "CUDA build of torch"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cuda:\u00b2", "cpu:0", "cpu:", "mps"]
)
def test_names_that_are_no_device(two_gpus: None, name: str) -> None:
    with pytest.raises(DeviceError, match="wanted auto, cpu, cuda or cuda:N"):
        choose_device(name)


@pytest.mark.parametrize(
    ("name", "device", "chosen"),
    [
        ("auto", CPU, "fp32"),
        ("auto", CUDA, "fp16"),
        ("fp32", CPU, "fp32"),
        ("fp32", CUDA, "fp32"),
        ("fp16", CUDA, "fp16"),
        ("bf16", CPU, "bf16"),
    ],
)
def test_precision(name: str, device: torch.device, chosen: str) -> None:
    assert choose_precision(name, device) == chosen


@pytest.mark.parametrize("name", ["", "fp8", "float32", "FP16", "half"])
def test_unknown_precision(name: str) -> None:
    with pytest.raises(DeviceError, match=f"precision is '{name}'; wanted auto, fp32, fp16, bf16"):
        choose_precision(name, CPU)


@pytest.mark.parametrize("supported", [True, False])
def test_bf16_needs_a_gpu_that_has_it(monkeypatch: pytest.MonkeyPatch, supported: bool) -> None:
    # torch says yes to both: it emulates what the older one has not.
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    capability = (8, 0) if supported else (7, 5)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Old GPU")
    if supported:
        assert choose_precision("bf16", CUDA) == "bf16"
    else:
        with pytest.raises(DeviceError, match="Old GPU does not have; use fp16 or fp32"):
            choose_precision("bf16", CUDA)
