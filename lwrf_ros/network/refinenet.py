# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Encoder, decoder and classifier put together: the networks that the paper evaluates."""

from __future__ import annotations

import copy
from importlib import import_module
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, interpolate, pad

from lwrf_ros.backbones import BACKBONES, DECODERS, DEFAULT_DECODER
from lwrf_ros.errors import LwrfError
from lwrf_ros.network.decoder import BLOCKS, FORMS, Decoder
from lwrf_ros.network.encoders.blocks import Tap

# Beyond these a probability is all or nothing: no measurement gives such a temperature.
TEMPERATURES = (0.01, 100.0)


class Encoder(Protocol):
    """The interface of an encoder, beside calling it.

    Attributes:
        taps: What it hands to the decoder, shallowest first, the first one at stride 4.
        mean: Mean of each RGB channel that its input is normalised with, in 0..1.
        std: Standard deviation of each RGB channel, in 0..1.
        size_multiple: It gives a map of ``ceil(H/4)`` rows where H is a multiple of this.
    """

    taps: tuple[Tap, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    size_multiple: int

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Map ``(N, 3, H, W)`` to the taps, shallowest first."""


class RefineNet(nn.Module):
    """A segmentation network: normalised image to logits at a quarter of its size.

    Attributes:
        backbone: Name of the encoder.
        decoder_name: Name of the decoder's form.
        num_classes: Number of classes C.
        mean: Mean of each RGB channel that the input is normalised with, in 0..1.
        std: Standard deviation of each RGB channel, in 0..1.
        input_size: ``(height, width)`` in pixels that the weights were trained at, None where
            they name none.
        temperature: What the logits are divided by before the softmax that gives probabilities
            (Guo et al. 2017, section 4.2); 1 where nobody has measured a better one. `forward`
            returns the logits as they are.
    """

    def __init__(self, backbone: str, decoder: str, num_classes: int) -> None:
        super().__init__()
        entry = BACKBONES[backbone]
        encoders = import_module(f"lwrf_ros.network.encoders.{entry.module}")
        self.backbone = backbone
        self.decoder_name = decoder
        self.num_classes = num_classes
        self.encoder: nn.Module = getattr(encoders, entry.factory)()
        description: Encoder = self.encoder
        self.mean = description.mean
        self.std = description.std
        self.size_multiple = description.size_multiple
        self.input_size: tuple[int, int] | None = None
        self._temperature = 1.0
        blocks = BLOCKS[decoder]
        self.decoder = Decoder(description.taps, FORMS[entry.form], blocks)
        self.dropout = blocks.dropout
        self.classifier = nn.Conv2d(self.decoder.channels_out, num_classes, 3, padding=1)

    @property
    def temperature(self) -> float:
        """The divisor of the logits before the softmax that gives probabilities."""
        return self._temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        """Set it.

        Raises:
            LwrfError: If it is no number from 0.01 to 100.
        """
        if not TEMPERATURES[0] <= value <= TEMPERATURES[1]:
            raise LwrfError(
                f"temperature is {value!r}; wanted a number from {TEMPERATURES[0]:g} to "
                f"{TEMPERATURES[1]:g}"
            )
        self._temperature = float(value)

    def forward(self, image: Tensor) -> Tensor:
        """Map images to logits.

        Args:
            image: ``(N, 3, H, W)`` float32, RGB, normalised with `mean` and `std`; any H and W
                from 32 up.

        Returns:
            ``(N, C, ceil(H/4), ceil(W/4))`` logits.
        """
        features = self.decoder(self.encoder(framed(image, self.size_multiple)))
        if self.dropout:
            features = dropout(features, self.dropout, training=self.training)
        return self.classifier(features)


def framed(image: Tensor, multiple: int) -> Tensor:
    """Extend ``(N, 3, H, W)`` to multiples of a size with zeros, the mean colour, behind."""
    if multiple == 1:
        return image
    height, width = image.shape[2], image.shape[3]
    return pad(image, (0, -width % multiple, 0, -height % multiple))


def build_network(backbone: str, num_classes: int, decoder: str = DEFAULT_DECODER) -> RefineNet:
    """Build one of the paper's networks with freshly initialised weights.

    Args:
        backbone: One of `BACKBONES`.
        num_classes: Number of classes C, 1 to 255 (label 255 means unlabelled).
        decoder: One of `DECODERS`.

    Returns:
        The network, in evaluation mode.

    Raises:
        LwrfError: If a name is unknown or the number of classes is out of range.
    """
    if backbone not in BACKBONES:
        raise LwrfError(f"backbone is {backbone!r}; wanted one of {', '.join(BACKBONES)}")
    if decoder not in DECODERS:
        raise LwrfError(f"decoder is {decoder!r}; wanted one of {', '.join(DECODERS)}")
    if isinstance(num_classes, bool) or not isinstance(num_classes, int):
        raise LwrfError(f"num_classes is {num_classes!r}; wanted an integer from 1 to 255")
    if not 1 <= num_classes <= 255:
        raise LwrfError(
            f"num_classes is {num_classes}; wanted 1 to 255, because labels are 8 bits wide and "
            "255 means unlabelled"
        )
    return RefineNet(backbone, decoder, num_classes).eval()


def randomise(network: RefineNet, seed: int) -> None:
    """Fill a network with random weights, the same for the same seed.

    Every convolution is drawn so that it keeps the spread of its input, and the classifier is
    centred on a made-up image, so that no class holds everything: the labels mean nothing, but
    they change with the image, as those of a trained network do.

    Args:
        network: The network, in evaluation mode.
        seed: Seed of the random numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                fan_in = module.weight[0].numel()
                module.weight.normal_(0, fan_in**-0.5, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()
        classifier = network.classifier
        assert classifier.bias is not None  # built with one
        # In double precision: in single, the last bits hang on how many threads share the work.
        patches = torch.randn(1, 3, 12, 12, generator=generator).double()
        image = interpolate(patches, scale_factor=16, mode="bilinear")
        logits = copy.deepcopy(network).double()(image)[0].flatten(1)
        spread = logits.std(dim=1).clamp_min(1e-6)
        classifier.bias.copy_(-logits.mean(dim=1) / spread)
        classifier.weight.div_(spread.float().view(-1, 1, 1, 1))
