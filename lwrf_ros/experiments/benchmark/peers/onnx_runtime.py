# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""ONNX Runtime on the CPU; it needs no torch to run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers.around import Around
from lwrf_ros.experiments.benchmark.peers.needs import need_module, need_onnx, need_precision
from lwrf_ros.experiments.benchmark.peers.peer import Answer, Stopwatch


class OnnxRuntime:
    """An inference session of the plain network with all of its graph optimisations."""

    def __init__(self, setting: Setting) -> None:
        self._runtime = need_module("onnxruntime", "onnxruntime")
        need_precision(setting, "onnxruntime", "fp32")
        self._path = need_onnx(setting)
        self._setting = setting
        self._watch = Stopwatch()

    def prepare(self) -> None:
        """Optimise and load the graph, and run it once."""
        case = self._setting.case
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = case.threads
        options.graph_optimization_level = self._runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
        # Its threads spin while the graph runs, and not against what comes after it.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self._session = self._runtime.InferenceSession(
            self._path, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._around = Around(self._setting)
        self([np.zeros((*case.image_size, 3), np.uint8)] * case.batch)

    def describe(self) -> str:
        """Say how it runs."""
        return f"ONNX Runtime {self._runtime.__version__}; {self._around.words}"

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        """Label images in one run of the session."""
        watch = self._watch
        watch.start()
        batch = self._around.before(images)
        watch.lap("preprocess")
        logits = self._session.run(None, {self._input: batch})[0]
        watch.lap("network")
        answers = self._around.after(logits)
        watch.lap("tail")
        return answers

    def stages_ms(self) -> dict[str, float]:
        """Return the laps of the last call."""
        return self._watch.laps_ms

    def close(self) -> None:
        """Let the session go."""
        del self._session
