# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""torch.compile on the CPU: inductor with frozen weights."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lwrf_ros.experiments.benchmark.case import Setting, plain_network
from lwrf_ros.experiments.benchmark.peers.around import Around
from lwrf_ros.experiments.benchmark.peers.peer import Answer, Stopwatch, UnavailableError
from lwrf_ros.segmentation import PRECISIONS

_CACHE = "TORCHINDUCTOR_CACHE_DIR"


class Compiled:
    """The plain network in channels_last, frozen (batch norm folded) and compiled to C++."""

    def __init__(self, setting: Setting) -> None:
        if not any(map(shutil.which, ("g++", "clang++", "c++"))):
            raise UnavailableError("torch.compile needs a C++ compiler on a CPU: apt install g++")
        self._setting = setting
        self._dtype = PRECISIONS[setting.case.precision]
        self._watch = Stopwatch()
        self._cache = tempfile.TemporaryDirectory(prefix="lwrf_inductor_")

    def prepare(self) -> None:
        """Compile, which the first run does; what earlier runs compiled is not used."""
        import torch._inductor.config as inductor

        case = self._setting.case
        torch.set_num_threads(case.threads)
        os.environ[_CACHE] = self._cache.name
        inductor.freezing = True
        network = plain_network(case).to(self._dtype)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._network: Callable[[Tensor], Tensor] = torch.compile(network)
        self._around = Around(self._setting)
        self([np.zeros((*case.image_size, 3), np.uint8)] * case.batch)

    def describe(self) -> str:
        """Say how it runs."""
        return f"torch {torch.__version__}, inductor, frozen; {self._around.words}"

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        """Label images in one run of the network."""
        watch = self._watch
        watch.start()
        batch = torch.from_numpy(self._around.before(images))
        batch = batch.to(dtype=self._dtype, memory_format=torch.channels_last)
        watch.lap("preprocess")
        # Freezing wants no_grad; it does not take inference_mode.
        with torch.no_grad():
            logits = self._network(batch)
        watch.lap("network")
        answers = self._around.after(logits.float().contiguous().numpy())
        watch.lap("tail")
        return answers

    def stages_ms(self) -> dict[str, float]:
        """Return the laps of the last call."""
        return self._watch.laps_ms

    def close(self) -> None:
        """Let the network go, and what was compiled."""
        del self._network
        self._cache.cleanup()
