# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The Triton kernels of a frame, called with tensors.

Needs triton: import this module only where a torch form can take over (`stages`).
"""

from __future__ import annotations

import math

import torch
import triton
from torch import Tensor

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation.cuda.kernels import input_kernel, label_kernel
from lwrf_ros.segmentation.postprocess import COUNT_BINS, NOT_FINITE
from lwrf_ros.segmentation.preprocess import RGB_ORDER

VERSION = str(triton.__version__)
# Tiles in rows x elements: wide, so that the 32 threads of a warp write next to each other, and a
# few rows high, so that a row of logits serves several. Four to eight elements for each thread.
_INPUT_TILE = (4, 256)
_LABEL_TILE = (8, 64)
_WARPS = 4
# One bin for each thread of a warp is the least that a histogram costs.
_LEAST_BINS = 32
# Offsets within an image or a map of logits are 32-bit.
_MOST_ELEMENTS = 2**31 - 1


class FrameKernels:
    """The kernels of one network's frames, launched on the current stream.

    Nothing here allocates, waits for the device or depends on what is in the images. What is
    compiled depends on the number of classes and on dtypes alone, not on a size, a stride or an
    encoding: four kernels for one network, one for the input and three for the labels (alone, with
    a threshold, with confidence). `compile` runs each once.

    Args:
        mean: Mean of each RGB channel that the network's input is normalised with, in 0..1.
        std: Standard deviation of each RGB channel, in 0..1.
        temperature: What the logits are divided by for the probability.
    """

    def __init__(
        self,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        temperature: float,
    ) -> None:
        # (value / 255 - mean) / std as one multiply-add.
        self._scales = [1 / (255 * deviation) for deviation in std]
        self._offsets = [-middle / deviation for middle, deviation in zip(mean, std, strict=True)]
        self._sharpness = math.log2(math.e) / temperature

    def compile(self, num_classes: int, dtype: torch.dtype, device: torch.device) -> None:
        """Compile and load every kernel that the network's frames will need, on tiny images.

        Takes seconds the first time; Triton keeps the result in its cache folder.

        Args:
            num_classes: Number of classes C.
            dtype: Of the network's input and logits.
            device: Where the frames will lie; the current device.

        Raises:
            Exception: Whatever Triton, its compilers or the file system cannot do here.
        """
        if device.type == "cuda" and not isinstance(label_kernel, triton.JITFunction):
            raise LwrfError(
                "TRITON_INTERPRET is set, so that kernels would run in Python on the host; unset it"
            )
        batch = torch.empty(
            (1, 3, 2, 2), dtype=dtype, device=device, memory_format=torch.channels_last
        )
        image = torch.zeros((2, 2, 3), dtype=torch.uint8, device=device)
        logits = torch.zeros((num_classes, 2, 2), dtype=dtype, device=device)
        labels, confidence = torch.empty((2, 2, 2), dtype=torch.uint8, device=device)
        counts = torch.empty(COUNT_BINS, dtype=torch.float64, device=device)
        self.preprocess(image, "rgb8", batch[0])
        self.label(logits, labels, counts, None, 0.0)
        self.label(logits, labels, counts, None, 0.5)
        self.label(logits, labels, counts, confidence, 0.0)

    def preprocess(self, image: Tensor, encoding: str, out: Tensor) -> None:
        """Stretch an image to the network's input and normalise it.

        Args:
            image: ``(H, W, 3)`` or, for mono8, ``(H, W, 1)`` uint8; any strides.
            encoding: Order of the channels: rgb8, bgr8 or mono8.
            out: ``(3, h, w)`` of the network's precision, any strides, best channels last; filled,
                in RGB.

        Raises:
            LwrfError: If one of them is too large for 32-bit offsets.
        """
        _check_extent("an image", image)
        _check_extent("the network's input", out)
        rows, columns, _ = image.shape
        row, column, step = image.stride()
        _, height, width = out.shape
        first, second, _ = RGB_ORDER[encoding]
        grid = (triton.cdiv(3 * width, _INPUT_TILE[1]), triton.cdiv(height, _INPUT_TILE[0]))
        input_kernel[grid](
            image,
            rows,
            columns,
            row,
            column,
            first * step,
            (second - first) * step,
            out,
            height,
            width,
            *out.stride(),
            rows / height,
            columns / width,
            *self._scales,
            *self._offsets,
            TILE_Y=_INPUT_TILE[0],
            TILE_X=_INPUT_TILE[1],
            num_warps=_WARPS,
        )

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
            logits: ``(C, h, w)`` in any precision, any strides.
            labels: ``(H, W) uint8``, rows of any stride; filled, 255 where the probability is below
                `min_confidence`.
            counts: ``(257,)`` float64 or int32, filled: pixels by label, and at `NOT_FINITE` not 0
                if some scores are no numbers. Exact in any order: they are whole numbers.
            confidence: ``(H, W) uint8``, rows of any stride, to fill with 255 times the
                probability, rounded, or None.
            min_confidence: Least probability 0..1 that a label needs; 0 keeps all.

        Raises:
            LwrfError: If the logits or the image are too large for 32-bit offsets.
        """
        _check_extent("logits", logits)
        _check_extent("an image", labels)
        classes, rows, columns = logits.shape
        height, width = labels.shape
        grid = (triton.cdiv(width, _LABEL_TILE[1]), triton.cdiv(height, _LABEL_TILE[0]))
        # Programs add to the counts, so one of them cannot clear what the others added.
        counts.zero_()
        label_kernel[grid](
            logits,
            rows,
            columns,
            *logits.stride(),
            labels,
            labels.stride(0),
            # Never written unless there is one; a pointer of the same kind, so that none differs.
            labels if confidence is None else confidence,
            labels.stride(0) if confidence is None else confidence.stride(0),
            counts,
            height,
            width,
            rows / height,
            columns / width,
            self._sharpness,
            float(min_confidence),
            CLASSES=classes,
            UNLABELLED=UNLABELLED,
            NOT_FINITE=NOT_FINITE,
            BINS=max(_LEAST_BINS, triton.next_power_of_2(classes + 1)),
            WITH_PROBABILITY=confidence is not None or min_confidence > 0,
            WITH_CONFIDENCE=confidence is not None,
            TILE_Y=_LABEL_TILE[0],
            TILE_X=_LABEL_TILE[1],
            num_warps=_WARPS,
        )


def _check_extent(what: str, tensor: Tensor) -> None:
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    extent = 1 + sum((size - 1) * stride for size, stride in pairs)
    if extent > _MOST_ELEMENTS:
        raise LwrfError(
            f"{what} of shape {tuple(tensor.shape)} spans {extent} elements; wanted at most "
            f"{_MOST_ELEMENTS}: use smaller images or a smaller network input"
        )
