# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""OpenVINO on the CPU; it needs no torch to run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers.around import Around
from lwrf_ros.experiments.benchmark.peers.needs import need_module, need_onnx
from lwrf_ros.experiments.benchmark.peers.peer import Answer, Stopwatch

_PRECISIONS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}


class OpenVino:
    """A compiled model of the plain network, tuned for latency."""

    def __init__(self, setting: Setting) -> None:
        self._openvino = need_module("openvino", "openvino")
        self._path = need_onnx(setting)
        self._setting = setting
        self._watch = Stopwatch()

    def prepare(self) -> None:
        """Read and compile the graph, and run it once."""
        case = self._setting.case
        core = self._openvino.Core()
        self._request = core.compile_model(
            core.read_model(self._path),
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_NUM_THREADS": case.threads,
                "INFERENCE_PRECISION_HINT": _PRECISIONS[case.precision],
            },
        ).create_infer_request()
        self._around = Around(self._setting)
        self([np.zeros((*case.image_size, 3), np.uint8)] * case.batch)

    def describe(self) -> str:
        """Say how it runs."""
        version = self._openvino.__version__.split("-")[0]
        return f"OpenVINO {version}, latency hint; {self._around.words}"

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        """Label images in one inference."""
        watch = self._watch
        watch.start()
        batch = self._around.before(images)
        watch.lap("preprocess")
        # Without copies: the input is this contestant's own, the output is used up at once.
        outputs = self._request.infer([batch], share_inputs=True, share_outputs=True)
        watch.lap("network")
        answers = self._around.after(outputs[0])
        watch.lap("tail")
        return answers

    def stages_ms(self) -> dict[str, float]:
        """Return the laps of the last call."""
        return self._watch.laps_ms

    def close(self) -> None:
        """Let the compiled model go."""
        del self._request
