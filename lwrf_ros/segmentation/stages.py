# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The three stages of a frame, and which form of them runs on a device."""

from __future__ import annotations

import copy
from importlib import import_module
from typing import Protocol

import torch
from torch import Tensor, nn

from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation.buffers import Recent
from lwrf_ros.segmentation.device import DeviceError
from lwrf_ros.segmentation.postprocess import Scratch, label_image
from lwrf_ros.segmentation.preprocess import Normalisation
from lwrf_ros.segmentation.simplify import Rewrites, simplify

# They are large (C floats a pixel). One serves all images of its size: the stream runs them one
# after the other.
_KEPT_SCRATCHES = 2


class Stages(Protocol):
    """Camera bytes to network input, to logits, to labels. None of them waits for the device."""

    @property
    def description(self) -> str:
        """What runs the stages, in words."""

    def new_batch(self, count: int, size: tuple[int, int]) -> Tensor:
        """Return memory for `count` images of ``(h, w)``, as `forward` wants it."""

    def preprocess(self, image: Tensor, encoding: str, out: Tensor) -> None:
        """Stretch an image to the network's input and normalise it.

        Geometry: bilinear with half-pixel centres, no smoothing before (DESIGN, "Geometry").

        Args:
            image: ``(H, W, 3)`` or, for mono8, ``(H, W, 1)`` uint8 on the device.
            encoding: Order of the channels: rgb8, bgr8 or mono8.
            out: ``(3, h, w)`` of a batch; filled, in RGB.
        """

    def forward(self, batch: Tensor) -> Tensor:
        """Map a batch ``(N, 3, h, w)`` to logits ``(N, C, ceil(h/4), ceil(w/4))``.

        They may be overwritten by the next call.
        """

    def label(
        self,
        logits: Tensor,
        labels: Tensor,
        counts: Tensor,
        confidence: Tensor | None,
        min_confidence: float,
    ) -> None:
        """Fill labels, counts and, if wanted, confidence from the logits of one image.

        The logits are interpolated straight to the image's size (bilinear, half-pixel centres);
        confidence is the softmax of the interpolated logits over the network's temperature.

        Args:
            logits: ``(C, h, w)`` of `forward`.
            labels: ``(H, W) uint8``, filled; pixels below `min_confidence` become 255.
            counts: ``(256,) float64``, filled: pixels by label. float64 holds every count exactly.
            confidence: ``(H, W) uint8`` to fill with 255 times the probability, rounded, or None.
            min_confidence: Least probability 0..1 that a label needs; 0 keeps all.
        """


def choose_stages(network: RefineNet, device: torch.device, dtype: torch.dtype) -> Stages:
    """Return the fastest stages there are for a device and precision (docs/benchmarks).

    Args:
        network: The network; it stays as it is.
        device: Where the stages run.
        dtype: The network's precision.

    Raises:
        DeviceError: If a package that the stages need is missing.
    """
    if device.type != "cpu":
        return TorchStages(network, device, dtype)
    try:
        # Only here: a robot with a GPU needs none of what the kernels for a CPU are made with.
        cpu_stages = import_module("lwrf_ros.segmentation.cpu_stages")
    except ImportError as error:
        raise DeviceError(
            f"the engine needs numba, onnx and onnxruntime on a CPU ({error}); "
            "pip install numba onnx onnxruntime"
        ) from error
    stages: Stages = cpu_stages.CpuStages(network, dtype)
    return stages


class TorchNetwork:
    """The network in torch, in channels_last.

    Args:
        network: The network; it stays as it is. One that is not ours is run without rewrites.
        device: Where it runs.
        dtype: Its precision.
        rewrites: What to simplify.
    """

    def __init__(
        self,
        network: RefineNet,
        device: torch.device,
        dtype: torch.dtype,
        rewrites: Rewrites = Rewrites(),  # noqa: B008 (frozen)
    ) -> None:
        self._dtype = dtype
        own: nn.Module
        if isinstance(network, RefineNet):
            own = simplify(network, rewrites)
        else:
            own = copy.deepcopy(network).eval().requires_grad_(False)
        own = own.to(device, dtype)
        self._network = own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def description(self) -> str:
        """What runs the network, in words."""
        return f"torch {torch.__version__}"

    def __call__(self, batch: Tensor) -> Tensor:
        """Map ``(N, 3, h, w)`` of any precision to logits ``(N, C, ceil(h/4), ceil(w/4))``."""
        batch = batch.to(self._dtype, memory_format=torch.channels_last)
        # fp32 means fp32: TF32 would round to 10 bits. The choice of algorithms is tuned once a
        # shape, in warm-up.
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=True, allow_tf32=self._dtype != torch.float32
        ):
            logits: Tensor = self._network(batch)
        return logits


class TorchStages:
    """The stages in plain torch operations, on any device: what others are measured against.

    Args:
        network: The network; it stays as it is.
        device: Where the stages run.
        dtype: The network's precision.
    """

    def __init__(self, network: RefineNet, device: torch.device, dtype: torch.dtype) -> None:
        self._device = device
        self._dtype = dtype
        self._network = TorchNetwork(network, device, dtype)
        self._normalisation = Normalisation(network.mean, network.std, device)
        self._temperature = network.temperature
        self._scratch: Recent[Scratch] = Recent(_KEPT_SCRATCHES)

    @property
    def description(self) -> str:
        """What runs the stages, in words."""
        return self._network.description

    def new_batch(self, count: int, size: tuple[int, int]) -> Tensor:
        """Return memory for `count` images of ``(h, w)``, in channels_last."""
        return torch.empty(
            (count, 3, *size),
            dtype=self._dtype,
            device=self._device,
            memory_format=torch.channels_last,
        )

    def preprocess(self, image: Tensor, encoding: str, out: Tensor) -> None:
        """See `Stages`."""
        self._normalisation.apply(image, encoding, out)

    def forward(self, batch: Tensor) -> Tensor:
        """See `Stages`."""
        return self._network(batch)

    def label(
        self,
        logits: Tensor,
        labels: Tensor,
        counts: Tensor,
        confidence: Tensor | None,
        min_confidence: float,
    ) -> None:
        """See `Stages`."""
        height, width = labels.shape
        scratch = self._scratch.get(
            (height, width), lambda: Scratch(logits.shape[0], (height, width), self._device)
        )
        label_image(logits, labels, counts, confidence, min_confidence, self._temperature, scratch)
