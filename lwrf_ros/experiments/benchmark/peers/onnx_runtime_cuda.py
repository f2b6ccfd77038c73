# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""ONNX Runtime's CUDA provider."""

from __future__ import annotations

import numpy as np
import torch

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers.cuda_session import CudaSession
from lwrf_ros.experiments.benchmark.peers.needs import need_module, need_onnx, need_precision
from lwrf_ros.experiments.benchmark.peers.peer import UnavailableError

_PROVIDER = "CUDAExecutionProvider"
_PACKAGE = "onnxruntime-gpu"
_TYPES = {"fp32": np.float32, "fp16": np.float16}


class OnnxRuntimeCuda(CudaSession):
    """A session with exhaustive search and convolutions in NHWC."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._runtime = need_module("onnxruntime", _PACKAGE)
        if _PROVIDER not in self._runtime.get_available_providers():
            raise UnavailableError(f"this onnxruntime has no {_PROVIDER}: pip install {_PACKAGE}")
        need_precision(setting, "onnxruntime", *_TYPES)
        self._path = need_onnx(setting)

    def load(self) -> None:
        """Load the graph for torch's stream, and bind torch's memory."""
        device = torch.cuda.current_device()
        options = {
            "device_id": device,
            "user_compute_stream": str(torch.cuda.current_stream().cuda_stream),
            "cudnn_conv_algo_search": "EXHAUSTIVE",
            "prefer_nhwc": "1",
            "use_tf32": "0",
        }
        self._session = self._runtime.InferenceSession(self._path, providers=[(_PROVIDER, options)])
        if self._session.get_providers()[0] != _PROVIDER:
            raise RuntimeError(f"onnxruntime could not load its {_PROVIDER}; it says why above")
        self._binding = self._session.io_binding()
        for bind, port, tensor in (
            (self._binding.bind_input, self._session.get_inputs()[0], self.input),
            (self._binding.bind_output, self._session.get_outputs()[0], self.logits),
        ):
            kind, shape = _TYPES[self.setting.case.precision], list(tensor.shape)
            bind(port.name, "cuda", device, kind, shape, tensor.data_ptr())

    def execute(self) -> None:
        """Run the graph."""
        self._session.run_with_iobinding(self._binding)

    def describe(self) -> str:
        """Say how it runs."""
        return f"ONNX Runtime {self._runtime.__version__}, CUDA provider; around it compiled torch"

    def close(self) -> None:
        """Let the session go."""
        del self._binding, self._session
