# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Base of contestants whose network runs on a GPU outside torch, in memory of torch's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers.on_gpu import After, Before, Transfer, new_stream
from lwrf_ros.experiments.benchmark.peers.peer import Answer
from lwrf_ros.segmentation import PRECISIONS

# The first runs compile and tune.
_WARM_UP = 4


class CudaSession(ABC):
    """The network in somebody's session, and around it compiled torch, on a stream of its own.

    Not on the default stream: its number is 0, which a session takes for "none given", and then
    runs on a stream that nothing waits for.

    Attributes:
        input: ``(N, 3, h, w)`` on the device, what the session reads.
        logits: ``(N, C, ceil(h/4), ceil(w/4))`` on the device, what it writes.
    """

    input: torch.Tensor
    logits: torch.Tensor

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    @abstractmethod
    def load(self) -> None:
        """Make the session, bound to `input` and `logits`."""

    @abstractmethod
    def execute(self) -> None:
        """Put one run of the session on torch's stream."""

    @abstractmethod
    def describe(self) -> str:
        """Say how it runs."""

    @abstractmethod
    def close(self) -> None:
        """Let the session go, before the memory that it is bound to."""

    def prepare(self) -> None:
        """Load the session and compile what is around it."""
        torch.cuda.set_device(self.setting.case.device)
        self._stream = new_stream(self.setting.case.device)
        with torch.cuda.stream(self._stream):
            self._prepare()

    def _prepare(self) -> None:
        case, classes = self.setting.case, self.setting.num_classes
        cells = [-(-side // 4) for side in case.input_size]
        dtype, device = PRECISIONS[case.precision], torch.device(case.device)
        self.input = torch.empty((case.batch, 3, *case.input_size), dtype=dtype, device=device)
        self.logits = torch.empty((case.batch, classes, *cells), dtype=dtype, device=device)
        self.load()
        before = Before(self.setting, torch.contiguous_format).to(case.device)
        self._before = torch.compile(before, fullgraph=True)
        self._after = torch.compile(After(self.setting).to(case.device), fullgraph=True)
        self._transfer = Transfer(self.setting)
        blank = np.zeros((*case.image_size, 3), np.uint8)
        for _ in range(_WARM_UP):
            self([blank] * case.batch)

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        """Label images in one run of the session."""
        transfer = self._transfer
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            self.input.copy_(self._before(transfer.upload(images)))
            transfer.mark("preprocess")
            self.execute()
            transfer.mark("network")
            labels, counts = self._after(self.logits)
            transfer.mark("tail")
            return transfer.download(labels, counts)

    def stages_ms(self) -> dict[str, float]:
        """Return the stages of the last call."""
        return self._transfer.stages_ms()
