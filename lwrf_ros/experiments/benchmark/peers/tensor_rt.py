# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""TensorRT, 10 or later."""

from __future__ import annotations

from typing import Any

import torch

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers.cuda_session import CudaSession
from lwrf_ros.experiments.benchmark.peers.needs import need_module, need_onnx
from lwrf_ros.experiments.benchmark.peers.peer import UnavailableError

_OLDEST = 10


class TensorRt(CudaSession):
    """An engine built from the ONNX file, in its own precision, replayed from a CUDA graph."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._tensorrt = need_module("tensorrt", "tensorrt")
        version = self._tensorrt.__version__
        if int(version.split(".")[0]) < _OLDEST:
            raise UnavailableError(
                f"tensorrt is {version}; wanted {_OLDEST} or later: pip install -U"
            )
        self._path = need_onnx(setting)

    def load(self) -> None:
        """Build the engine, which tunes it, and bind torch's memory."""
        logger = self._tensorrt.Logger(self._tensorrt.Logger.WARNING)
        plan = self._build(logger)
        self._runtime = self._tensorrt.Runtime(logger)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        self._context = self._engine.create_execution_context()
        for place, tensor in enumerate((self.input, self.logits)):
            self._context.set_tensor_address(self._engine.get_tensor_name(place), tensor.data_ptr())
        # Once before the recording: what is set up late must not be within it.
        self._enqueue()
        torch.cuda.current_stream().synchronize()
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=torch.cuda.current_stream()):
            self._enqueue()

    def _enqueue(self) -> None:
        if not self._context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
            raise RuntimeError("TensorRT could not run its engine; it says why above")

    def _build(self, logger: Any) -> Any:
        """Build the engine and return it as bytes."""
        builder = self._tensorrt.Builder(logger)
        # Strongly typed: the precision is that of the file, as for the other contestants.
        flag = self._tensorrt.NetworkDefinitionCreationFlag.STRONGLY_TYPED
        network = builder.create_network(1 << int(flag))
        parser = self._tensorrt.OnnxParser(network, logger)
        if not parser.parse_from_file(self._path):
            errors = "; ".join(str(parser.get_error(one)) for one in range(parser.num_errors))
            raise RuntimeError(f"TensorRT cannot read the network: {errors}")
        plan = builder.build_serialized_network(network, builder.create_builder_config())
        if plan is None:
            raise RuntimeError("TensorRT built no engine; it says why above")
        return plan

    def execute(self) -> None:
        """Run the engine."""
        self._graph.replay()

    def describe(self) -> str:
        """Say how it runs."""
        return f"TensorRT {self._tensorrt.__version__}; a CUDA graph; around it compiled torch"

    def close(self) -> None:
        """Let the engine go."""
        del self._graph, self._context, self._engine, self._runtime
