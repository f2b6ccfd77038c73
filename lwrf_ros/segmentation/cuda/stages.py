# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The stages of a frame on an NVIDIA GPU: Triton kernels around a network in CUDA graphs.

Where there is no triton, or its kernels cannot be compiled, torch operations do the same with more
memory and more launches; where the network cannot be recorded, it runs eagerly. Both are said in
words (`CudaStages.description`), for the log.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lwrf_ros.segmentation.cuda.graphs import NetworkGraphs
from lwrf_ros.segmentation.stages import FrameEnds, TorchEnds


class CudaStages:
    """Preprocessing, network and labelling on a GPU, each enqueued on the current stream.

    No stage waits for the device. None allocates either once its shapes have been seen, as long as
    the kernels and the graphs are in use. Whoever calls keeps `stream` current and passes memory on
    its device; what one call returns or fills is there for the next call on that stream.

    Making it compiles the kernels (seconds the first time, Triton keeps them in its cache folder).
    They depend on the number of classes and the precision alone, so no size of image or input that
    comes later compiles anything. `warm_up` does the rest for an input size.

    Args:
        network: On the device, in its precision, channels last, in evaluation mode.
        num_classes: Number of classes C.
        mean: Mean of each RGB channel that the network's input is normalised with, in 0..1.
        std: Standard deviation of each RGB channel, in 0..1.
        temperature: What the logits are divided by for the probability.
        dtype: The network's precision.
        stream: The stream that all of it runs on.
    """

    def __init__(
        self,
        network: Callable[[Tensor], Tensor],
        num_classes: int,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        temperature: float,
        dtype: torch.dtype,
        stream: torch.cuda.Stream,
    ) -> None:
        self._stream = stream
        self._dtype = dtype
        # fp32 means fp32: TF32 would round to 10 bits.
        self._graphs = NetworkGraphs(network, stream, allow_tf32=dtype != torch.float32)
        with torch.inference_mode(), torch.cuda.stream(stream):
            self._ends, self._ends_form = make_ends(
                num_classes, mean, std, temperature, dtype, stream.device
            )

    @property
    def description(self) -> str:
        """The implementation in use, and why not a faster one, in words for the log."""
        network = self._graphs.failure or "network in CUDA graphs"
        return f"{self._ends_form}; {network}"

    def new_batch(self, count: int, size: tuple[int, int]) -> Tensor:
        """Return memory for `count` images of ``(h, w)``, channels last, for `preprocess` to fill.

        `forward` takes any such memory, and this without copying it.
        """
        return self._graphs.batch(count, *size, self._dtype)

    def preprocess(self, image: Tensor, encoding: str, out: Tensor) -> None:
        """Stretch an image to the network's input and normalise it.

        Args:
            image: ``(H, W, 3)`` or, for mono8, ``(H, W, 1)`` uint8; rows of any stride.
            encoding: Order of the channels: rgb8, bgr8 or mono8.
            out: ``(3, h, w)`` of the network's precision, a slice of a batch; filled, in RGB.
        """
        self._ends.preprocess(image, encoding, out)

    def forward(self, batch: Tensor) -> Tensor:
        """Run the network on ``(N, 3, h, w)`` in its precision.

        Returns:
            ``(N, C, ceil(h / 4), ceil(w / 4))`` logits, valid on this stream until the next call.
        """
        return self._graphs(batch)

    def label(
        self,
        logits: Tensor,
        labels: Tensor,
        counts: Tensor,
        confidence: Tensor | None,
        min_confidence: float,
    ) -> None:
        """Fill labels, counts and, if wanted, confidence from the logits of one image.

        Args:
            logits: ``(C, h, w)``, an element of what `forward` returned.
            labels: ``(H, W) uint8``, filled; 255 as `FrameEnds` says.
            counts: ``(257,) float64``, filled: as of `FrameEnds`.
            confidence: ``(H, W) uint8`` to fill with 255 times the probability, rounded, or None.
            min_confidence: Least probability 0..1 that a label needs; 0 keeps all.
        """
        self._ends.label(logits, labels, counts, confidence, min_confidence)

    def warm_up(self, size: tuple[int, int], largest_batch: int) -> None:
        """Tune and record the network for an input size, so that no frame has to. Waits.

        Args:
            size: ``(h, w)`` of the input in pixels.
            largest_batch: Number of images that may come together.
        """
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            self._graphs.warm_up(*size, range(1, largest_batch + 1), self._dtype)

    def free_spare_memory(self) -> None:
        """Give up the graphs, which are most of the memory; they are recorded again when needed."""
        self._graphs.close()

    def close(self) -> None:
        """Give back the graphs' memory; the stages cannot be used afterwards."""
        self._graphs.close()


def make_ends(
    num_classes: int,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    temperature: float,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[FrameEnds, str]:
    """Return the best form of both ends that works here, and which one it is in words."""
    try:
        # Not at the top: triton is optional, and takes a moment to import.
        from lwrf_ros.segmentation.cuda.launch import VERSION, FrameKernels
    except ImportError as error:
        reason = f"triton is not there ({error})"
    else:
        kernels = FrameKernels(mean, std, temperature)
        try:
            kernels.compile(num_classes, dtype, device)
        except Exception as error:
            # Whatever it is (a GPU that is too old, no C compiler, a cache folder that is read
            # only), Triton has no common class for it, and the frames can do without.
            reason = f"triton {VERSION} cannot compile its kernels ({_first_line(error)})"
        else:
            return kernels, f"triton {VERSION} kernels"
    ends = TorchEnds(mean, std, temperature, device)
    return ends, f"torch operations instead of kernels, as {reason}"


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
