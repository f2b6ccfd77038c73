# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The contestants: one file each, found by name without importing what the others need."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lwrf_ros.experiments.benchmark.case import Setting
    from lwrf_ros.experiments.benchmark.peers.peer import Peer

OURS = "lwrf_ros"
AUTHORS = "authors"


class Entry(NamedTuple):
    """Where a contestant is made, as ``module:class`` in this folder; None where it cannot run.

    Attributes:
        cpu: For cases on the CPU.
        cuda: For cases on a GPU.
        onnx: Whether it reads the network's ONNX file.
    """

    cpu: str | None
    cuda: str | None
    onnx: bool = False


# A contestant is one line here and one file for each kind of device that it runs on.
PEERS = {
    OURS: Entry("ours:Engine", "ours:Engine"),
    AUTHORS: Entry("authors:Authors", "authors:Authors"),
    "onnxruntime": Entry("onnx_runtime:OnnxRuntime", "onnx_runtime_cuda:OnnxRuntimeCuda", True),
    "openvino": Entry("open_vino:OpenVino", None, True),
    "torch.compile": Entry("compiled:Compiled", "compiled_cuda:CompiledCuda"),
    "tensorrt": Entry(None, "tensor_rt:TensorRt", True),
}


def make_peer(name: str, setting: Setting) -> Peer:
    """Make a contestant; it has not prepared anything yet.

    Raises:
        UnavailableError: If it does not run on the case's device, or what it needs is not there.
    """
    from lwrf_ros.experiments.benchmark.peers.peer import UnavailableError

    on_cpu = setting.case.device == "cpu"
    place = PEERS[name].cpu if on_cpu else PEERS[name].cuda
    if place is None:
        where = "an NVIDIA GPU: --device cuda" if on_cpu else "a CPU: --device cpu"
        raise UnavailableError(f"{name} is measured on {where}")
    module, kind = place.split(":")
    peer: Peer = getattr(import_module(f"{__name__}.{module}"), kind)(setting)
    return peer
