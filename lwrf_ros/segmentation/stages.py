# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The three stages of a frame, and their plain forms in torch."""

from __future__ import annotations

import copy
from typing import Protocol

import torch
from torch import Tensor, nn

from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation.buffers import Recent
from lwrf_ros.segmentation.postprocess import Scratch, label_image
from lwrf_ros.segmentation.preprocess import Normalisation
from lwrf_ros.segmentation.simplify import Rewrites, simplify

# They are large (C floats a pixel). One serves all images of its size: the stream runs them one
# after the other.
_KEPT_SCRATCHES = 2


class FrameEnds(Protocol):
    """Camera bytes to network input, and logits to labels. Neither waits for the device."""

    def preprocess(self, image: Tensor, encoding: str, out: Tensor) -> None:
        """Stretch an image to the network's input and normalise it.

        Geometry: bilinear with half-pixel centres, no smoothing before (DESIGN, "Geometry").

        Args:
            image: ``(H, W, 3)`` or, for mono8, ``(H, W, 1)`` uint8 on the device.
            encoding: Order of the channels: rgb8, bgr8 or mono8.
            out: ``(3, h, w)`` of a batch; filled, in RGB.
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
            labels: ``(H, W) uint8``, filled; pixels below `min_confidence` become 255, as do those
                with a score that is no number (NaN, infinity).
            counts: ``(257,) float64``, filled: pixels by label, and at `NOT_FINITE` not 0 if
                some scores are no numbers. float64 holds every count exactly.
            confidence: ``(H, W) uint8`` to fill with 255 times the probability, rounded, or None.
            min_confidence: Least probability 0..1 that a label needs; 0 keeps all.
        """


class Stages(FrameEnds, Protocol):
    """Both ends of a frame and the network between them. None waits for the device."""

    @property
    def description(self) -> str:
        """The implementation that runs the stages, in words."""

    def new_batch(self, count: int, size: tuple[int, int]) -> Tensor:
        """Return memory for `count` images of ``(h, w)``, as `forward` wants it."""

    def forward(self, batch: Tensor) -> Tensor:
        """Map a batch ``(N, 3, h, w)`` to logits ``(N, C, ceil(h/4), ceil(w/4))``.

        They may be overwritten by the next call.
        """

    def warm_up(self, size: tuple[int, int], largest_batch: int) -> None:
        """Do what a network input of ``(h, w)`` needs once, for batches of 1 to `largest_batch`."""

    def free_spare_memory(self) -> None:
        """Give back what is made again when it is needed."""

    def close(self) -> None:
        """Give back what the stages hold; they cannot be used afterwards."""


def own_network(
    network: RefineNet,
    device: torch.device,
    dtype: torch.dtype,
    rewrites: Rewrites = Rewrites(),  # noqa: B008 (frozen)
) -> nn.Module:
    """Return a copy of a network, simplified, on a device, in a precision, channels last.

    Args:
        network: The network; it stays as it is. One that is not ours is not rewritten.
        device: Where the copy runs.
        dtype: Its precision.
        rewrites: What to simplify.
    """
    own: nn.Module
    if isinstance(network, RefineNet):
        own = simplify(network, rewrites)
    else:
        own = copy.deepcopy(network).eval().requires_grad_(False)
    own = own.to(device, dtype)
    return own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class TorchNetwork:
    """The network in torch, in channels_last.

    Args:
        network: The network; it stays as it is.
        device: Where it runs.
        dtype: Its precision.
    """

    def __init__(self, network: RefineNet, device: torch.device, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._network = own_network(network, device, dtype)

    @property
    def description(self) -> str:
        """The implementation that runs the network, in words."""
        return f"torch {torch.__version__}"

    def __call__(self, batch: Tensor) -> Tensor:
        """Map ``(N, 3, h, w)`` of any precision to logits ``(N, C, ceil(h/4), ceil(w/4))``."""
        batch = batch.to(self._dtype, memory_format=torch.channels_last)
        # fp32 means fp32: TF32 would round to 10 bits. The choice of algorithms is tuned once a
        # shape, in warm-up; unless torch was told to be deterministic: the fastest is another one
        # from start to start, and with it the last bits.
        pinned = torch.backends.cudnn.deterministic
        with torch.backends.cudnn.flags(
            enabled=True,
            benchmark=not pinned,
            deterministic=pinned,
            allow_tf32=self._dtype != torch.float32,
        ):
            logits: Tensor = self._network(batch)
        return logits


class TorchEnds:
    """Both ends in torch's own operations, on any device.

    Args:
        mean: Mean of each RGB channel that the network's input is normalised with, in 0..1.
        std: Standard deviation of each RGB channel, in 0..1.
        temperature: What the logits are divided by for the probability.
        device: Where the frames will lie.
    """

    def __init__(
        self,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        temperature: float,
        device: torch.device,
    ) -> None:
        self._normalisation = Normalisation(mean, std, device)
        self._temperature = temperature
        self._scratch: Recent[Scratch] = Recent(_KEPT_SCRATCHES)

    def preprocess(self, image: Tensor, encoding: str, out: Tensor) -> None:
        """Stretch an image to the network's input and normalise it."""
        self._normalisation.apply(image, encoding, out)

    def label(
        self,
        logits: Tensor,
        labels: Tensor,
        counts: Tensor,
        confidence: Tensor | None,
        min_confidence: float,
    ) -> None:
        """Fill labels, counts and, if wanted, confidence from the logits of one image."""
        height, width = labels.shape
        scratch = self._scratch.get(
            (height, width), lambda: Scratch(len(logits), (height, width), logits.device)
        )
        label_image(logits, labels, counts, confidence, min_confidence, self._temperature, scratch)
