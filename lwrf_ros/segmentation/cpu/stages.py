# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The stages of a frame on a CPU, by compiled kernels."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation.buffers import Recent
from lwrf_ros.segmentation.cpu.network import CpuNetwork
from lwrf_ros.segmentation.cpu.pixels import Axis, bilinear_axis, label_rows, stretch_rows
from lwrf_ros.segmentation.cpu.planning.graph import UnknownOperationError
from lwrf_ros.segmentation.postprocess import COUNT_BINS
from lwrf_ros.segmentation.preprocess import RGB_ORDER, normalisation
from lwrf_ros.segmentation.stages import TorchNetwork

_LOGGER = logging.getLogger(__name__)
# Fewer rows are not worth waking a thread for.
_LEAST_ROWS = 32
# Two for each direction of every size of image.
_KEPT_AXES = 64


class CpuStages:
    """Kernels in threads, which in fp32 run the network as well.

    torch runs it in fp16 and bf16, where it is not one of ours, and, with a warning, where it holds
    an operation that the kernels do not know.

    Args:
        network: The network; it stays as it is.
        dtype: The network's precision.
    """

    def __init__(self, network: RefineNet, dtype: torch.dtype) -> None:
        self._threads = torch.get_num_threads()
        self._helpers = ThreadPoolExecutor(max(1, self._threads - 1), "pixels")
        self._network: CpuNetwork | TorchNetwork
        # Why torch runs what the kernels should, for the log.
        self._failure = ""
        try:
            self._network = self._by_kernels(network, dtype)
        except UnknownOperationError as error:
            self._failure = f"no kernel for {error.operation}"
            _LOGGER.warning("torch runs the network, which is slower: %s", error)
            self._network = TorchNetwork(network, torch.device("cpu"), dtype)
        self._scale, self._offset = normalisation(network.mean, network.std)
        self._inverse_temperature = np.float32(1 / network.temperature)
        self._order = {name: np.array(order) for name, order in RGB_ORDER.items()}
        self._axes: Recent[Axis] = Recent(_KEPT_AXES)
        self._counts = np.zeros((self._threads, COUNT_BINS), dtype=np.int64)
        self._nothing = np.empty((0, 0), dtype=np.uint8)

    def _by_kernels(self, network: RefineNet, dtype: torch.dtype) -> CpuNetwork | TorchNetwork:
        if dtype == torch.float32 and isinstance(network, RefineNet):
            return CpuNetwork(network, self._threads, self._helpers)
        return TorchNetwork(network, torch.device("cpu"), dtype)

    @property
    def description(self) -> str:
        """The implementation that runs the stages, in words."""
        network = self._network.description
        return f"{network}; {self._failure}" if self._failure else network

    def new_batch(self, count: int, size: tuple[int, int]) -> Tensor:
        """Return memory for `count` images of ``(h, w)``, plane by plane."""
        return torch.empty((count, 3, *size))

    def preprocess(self, image: Tensor, encoding: str, out: Tensor) -> None:
        """See `Stages`."""
        rows, columns = self._axes_between(image.shape[:2], out.shape[1:])
        source, target, order = image.numpy(), out.numpy(), self._order[encoding]

        def fill(band: int, begin: int, end: int) -> None:
            stretch_rows(
                source, order, self._scale, self._offset, rows, columns, target, begin, end
            )

        self._in_bands(out.shape[1], fill)

    def forward(self, batch: Tensor) -> Tensor:
        """See `Stages`."""
        return self._network(batch).float().contiguous()

    def label(
        self,
        logits: Tensor,
        labels: Tensor,
        counts: Tensor,
        confidence: Tensor | None,
        min_confidence: float,
    ) -> None:
        """See `Stages`."""
        rows, columns = self._axes_between(logits.shape[1:], labels.shape)
        scores, target, least = logits.numpy(), labels.numpy(), np.float32(min_confidence)
        sure: NDArray[np.uint8] = self._nothing if confidence is None else confidence.numpy()
        self._counts.fill(0)

        def fill(band: int, begin: int, end: int) -> None:
            label_rows(
                scores,
                rows,
                columns,
                self._inverse_temperature,
                least,
                target,
                sure,
                self._counts[band],
                begin,
                end,
            )

        self._in_bands(labels.shape[0], fill)
        np.sum(self._counts, axis=0, out=counts.numpy())

    def warm_up(self, size: tuple[int, int], largest_batch: int) -> None:
        """See `Stages`: here the first frame of a size does it."""

    def free_spare_memory(self) -> None:
        """See `Stages`: here nothing is worth it."""

    def close(self) -> None:
        """See `Stages`."""
        self._helpers.shutdown()
        del self._network

    def _axes_between(self, source: torch.Size, target: torch.Size) -> tuple[Axis, Axis]:
        """Return the vertical and the horizontal axis from ``(h, w)`` to ``(H, W)``."""
        vertical, horizontal = (
            self._axes.get((a, b), lambda a=a, b=b: bilinear_axis(a, b))  # type: ignore[misc]
            for a, b in zip(source, target, strict=True)
        )
        return vertical, horizontal

    def _in_bands(self, height: int, fill: Callable[[int, int, int], None]) -> None:
        """Call ``fill(band, begin, end)`` for bands of rows, the last one in this thread."""
        bands = max(1, min(self._threads, height // _LEAST_ROWS))
        edges = [height * band // bands for band in range(bands + 1)]
        *others, own = [(band, edges[band], edges[band + 1]) for band in range(bands)]
        waiting = [self._helpers.submit(fill, *band) for band in others]
        fill(*own)
        for future in waiting:
            future.result()
