# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Camera bytes to the network's input, on whatever device they lie."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

RGB_ORDER = {"rgb8": (0, 1, 2), "bgr8": (2, 1, 0), "mono8": (0, 0, 0)}


def normalisation(
    mean: tuple[float, float, float], std: tuple[float, float, float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return factor and summand ``(3,)`` of each RGB channel's ``(value / 255 - mean) / std``.

    Args:
        mean: Mean of each RGB channel, in 0..1.
        std: Standard deviation of each RGB channel, in 0..1.
    """
    mean64, std64 = np.asarray(mean), np.asarray(std)
    return (1 / (255 * std64)).astype(np.float32), (-mean64 / std64).astype(np.float32)


class Normalisation:
    """``(value / 255 - mean) / std`` as one multiply-add a channel.

    Args:
        mean: Mean of each RGB channel, in 0..1.
        std: Standard deviation of each RGB channel, in 0..1.
        device: Where the images will lie.
    """

    def __init__(
        self,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        device: torch.device,
    ) -> None:
        factor, summand = (torch.from_numpy(values) for values in normalisation(mean, std))
        self._scale = factor.view(3, 1, 1).to(device)
        self._offset = summand.view(3, 1, 1).to(device)

    def apply(self, image: Tensor, encoding: str, out: Tensor) -> None:
        """Stretch an image to the network's input and normalise it.

        Geometry: bilinear with half-pixel centres, no smoothing before (DESIGN, "Geometry").

        Args:
            image: ``(H, W, 3)`` or, for mono8, ``(H, W, 1)`` uint8.
            encoding: Order of the channels: rgb8, bgr8 or mono8.
            out: ``(3, h, w)`` of the network's precision; filled, in RGB.
        """
        x = image.permute(2, 0, 1).unsqueeze(0).float()
        if x.shape[2:] != out.shape[1:]:
            x = interpolate(x, size=out.shape[1:], mode="bilinear", align_corners=False)
        for channel, source in enumerate(RGB_ORDER[encoding]):
            # Channel by channel: reordering BGR costs nothing, and the precision is the output's.
            plane = torch.addcmul(self._offset[channel], x[0, source], self._scale[channel])
            out[channel].copy_(plane)
