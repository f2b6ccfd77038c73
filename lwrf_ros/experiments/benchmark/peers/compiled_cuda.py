# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""torch.compile on a GPU: max-autotune, which brings CUDA graphs, over the whole way of a frame."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lwrf_ros.experiments.benchmark.case import Setting, plain_network
from lwrf_ros.experiments.benchmark.peers.needs import need_module
from lwrf_ros.experiments.benchmark.peers.on_gpu import After, Before, Transfer
from lwrf_ros.experiments.benchmark.peers.peer import Answer
from lwrf_ros.segmentation import PRECISIONS

_CACHE = "TORCHINDUCTOR_CACHE_DIR"
# The first runs compile, tune, and record the graphs.
_WARM_UP = 4


class Whole(nn.Module):
    """From images on the device to labels and counts on the device, as one graph."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.before = Before(setting, torch.channels_last)
        self.network = plain_network(setting.case).to(PRECISIONS[setting.case.precision])
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.after = After(setting)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Label ``(N, H, W, 3) uint8`` images."""
        labels, counts = self.after(self.network(self.before(images)))
        return labels, counts


class CompiledCuda:
    """Everything between the two copies, frozen, compiled and tuned together."""

    def __init__(self, setting: Setting) -> None:
        need_module("triton", "triton")
        self._setting = setting
        self._cache = tempfile.TemporaryDirectory(prefix="lwrf_inductor_")

    def prepare(self) -> None:
        """Compile and tune; what earlier runs compiled is not used."""
        import torch._inductor.config as inductor

        case = self._setting.case
        os.environ[_CACHE] = self._cache.name
        inductor.freezing = True
        torch.cuda.set_device(case.device)
        self._whole = torch.compile(
            Whole(self._setting).eval().to(case.device), mode="max-autotune", fullgraph=True
        )
        self._transfer = Transfer(self._setting)
        blank = np.zeros((*case.image_size, 3), np.uint8)
        for _ in range(_WARM_UP):
            self([blank] * case.batch)

    def describe(self) -> str:
        """Say how it runs."""
        return f"torch {torch.__version__}, max-autotune, CUDA graphs, channels_last, frozen"

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        """Label images in one run."""
        on_device = self._transfer.upload(images)
        with torch.no_grad():
            labels, counts = self._whole(on_device)
        # Of one graph, and so in one stage.
        self._transfer.mark("network")
        return self._transfer.download(labels, counts)

    def stages_ms(self) -> dict[str, float]:
        """Return the stages of the last call."""
        return self._transfer.stages_ms()

    def close(self) -> None:
        """Let the network go, and what was compiled."""
        del self._whole
        self._cache.cleanup()
