# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The published networks written once more, as plain functions over their own parameter names.

This is the oracle for `lwrf_ros.network`, so it shares no code with it: no modules, no registry,
only `torch.nn.functional` calls in the order of the paper.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
RESNET_DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
# Expansion, channels, repeats, stride.
MOBILE_ROWS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def filling(name: str, shape: Iterable[int]) -> NDArray[np.float32]:
    """Return the values that a parameter has in the networks behind the golden outputs."""
    shape = tuple(shape)
    r = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
    if name.endswith("running_var"):
        r = 1 + 0.1 * np.abs(r)
    elif name.endswith(("running_mean", "bias")):
        r = 0.1 * r
    elif len(shape) == 1:
        r = 1 + 0.1 * r
    else:
        r = r / math.sqrt(math.prod(shape[1:]))
    return r.astype(np.float32)


def filled(shapes: Mapping[str, Iterable[int]]) -> dict[str, Tensor]:
    """Return a state dict whose every entry has its golden values."""
    return {name: torch.from_numpy(filling(name, shape)) for name, shape in shapes.items()}


def camera_image(height: int, width: int) -> NDArray[np.uint8]:
    """Return the ``(H, W, 3) uint8 RGB`` noise behind a golden output of that size."""
    generator = np.random.default_rng(height * 10000 + width)
    return generator.integers(0, 256, (height, width, 3), dtype=np.uint8)


def network_input(image: NDArray[np.uint8]) -> Tensor:
    """Normalise an image as the authors do: in float64, then float32 ``(1, 3, H, W)``."""
    x = (image / 255 - np.array(MEAN)) / np.array(STD)
    return torch.from_numpy(x.transpose(2, 0, 1)[None].astype(np.float32))


def largest_error(got: Tensor, wanted: Tensor) -> float:
    """Return the largest difference, relative to the largest wanted value."""
    assert got.shape == wanted.shape
    return float((got - wanted).abs().max() / wanted.abs().max())


def _norm_shapes(name: str, channels: int) -> Shapes:
    keys = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{key}": (channels,) for key in keys}


def resnet_shapes(depth: int, classes: int, original: bool = False) -> Shapes:
    """Return the names and shapes of Light-Weight RefineNet, or the original, on a ResNet."""
    side = 3 if original else 1
    shapes: Shapes = {"conv1.weight": (64, 3, 7, 7), **_norm_shapes("bn1", 64)}
    channels = 64
    for stage, blocks in enumerate(RESNET_DEPTHS[depth], start=1):
        width = 32 * 2**stage
        for block in range(blocks):
            at = f"layer{stage}.{block}"
            shapes[f"{at}.conv1.weight"] = (width, channels, 1, 1)
            shapes[f"{at}.conv2.weight"] = (width, width, 3, 3)
            shapes[f"{at}.conv3.weight"] = (4 * width, width, 1, 1)
            shapes |= _norm_shapes(f"{at}.bn1", width) | _norm_shapes(f"{at}.bn2", width)
            shapes |= _norm_shapes(f"{at}.bn3", 4 * width)
            if block == 0:
                shapes[f"{at}.downsample.0.weight"] = (4 * width, channels, 1, 1)
                shapes |= _norm_shapes(f"{at}.downsample.1", 4 * width)
            channels = 4 * width
    for level, channels in enumerate((2048, 1024, 512, 256), start=1):
        width = 512 if level == 1 else 256
        shapes[f"p_ims1d2_outl{level}_dimred.weight"] = (width, channels, side, side)
        for block, units in ((f"adapt_stage{level}_b", 2), (f"mflow_conv_g{level}_b", 3)):
            for k in range(1, units + 1) if original else ():
                shapes[f"{block}.0.{k}_conv.weight"] = (width, width, 3, 3)
                shapes[f"{block}.0.{k}_conv.bias"] = (width,)
                shapes[f"{block}.0.{k}_conv_relu_varout_dimred.weight"] = (width, width, 3, 3)
        if level > 1:
            shapes[f"adapt_stage{level}_b2_joint_varout_dimred.weight"] = (256, 256, side, side)
        for k in range(1, 5):
            name = f"mflow_conv_g{level}_pool.0.{k}_outvar_dimred.weight"
            shapes[name] = (width, width, side, side)
        if level < 4:
            name = f"mflow_conv_g{level}_b3_joint_varout_dimred.weight"
            shapes[name] = (256, width, side, side)
    return shapes | {"clf_conv.weight": (classes, 256, 3, 3), "clf_conv.bias": (classes,)}


def mobile_shapes(classes: int) -> Shapes:
    """Return the names and shapes of Light-Weight RefineNet on MobileNet-v2."""
    shapes: Shapes = {"layer1.0.weight": (32, 3, 3, 3), **_norm_shapes("layer1.1", 32)}
    channels = 32
    for layer, (expansion, out, repeats, _) in enumerate(MOBILE_ROWS, start=2):
        for block in range(repeats):
            at, hidden = f"layer{layer}.{block}.output", channels * expansion
            shapes[f"{at}.0.0.weight"] = (hidden, channels, 1, 1)
            shapes[f"{at}.1.0.weight"] = (hidden, 1, 3, 3)
            shapes[f"{at}.2.0.weight"] = (out, hidden, 1, 1)
            shapes |= _norm_shapes(f"{at}.0.1", hidden) | _norm_shapes(f"{at}.1.1", hidden)
            shapes |= _norm_shapes(f"{at}.2.1", out)
            channels = out
    for layer, channels in zip(range(3, 9), (24, 32, 64, 96, 160, 320), strict=True):
        shapes[f"conv{layer}.weight"] = (256, channels, 1, 1)
    for level in range(1, 5):
        for k in range(1, 5):
            shapes[f"crp{level}.0.{k}_outvar_dimred.weight"] = (256, 256, 1, 1)
        if level > 1:
            shapes[f"conv_adapt{level}.weight"] = (256, 256, 1, 1)
    return shapes | {"segm.weight": (classes, 256, 3, 3), "segm.bias": (classes,)}


def _norm(x: Tensor, p: Mapping[str, Tensor], name: str) -> Tensor:
    mean, variance = p[f"{name}.running_mean"], p[f"{name}.running_var"]
    return F.batch_norm(x, mean, variance, p[f"{name}.weight"], p[f"{name}.bias"], eps=1e-5)


def pooling_chain(x: Tensor, weights: Iterable[Tensor]) -> Tensor:
    """Chained residual pooling: each link is a 5x5 max-pool and a convolution, all are summed."""
    top = x
    for weight in weights:
        top = F.conv2d(F.max_pool2d(top, 5, stride=1, padding=2), weight, padding="same")
        x = x + top
    return x


def upsampled(x: Tensor, like: Tensor) -> Tensor:
    """Upsample bilinearly with aligned corners to another map's size."""
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=True)


def residual_units(x: Tensor, p: Mapping[str, Tensor], block: str, count: int) -> Tensor:
    """Run a block of residual units of the original RefineNet."""
    for k in range(1, count + 1):
        y = F.conv2d(
            F.relu(x), p[f"{block}.0.{k}_conv.weight"], p[f"{block}.0.{k}_conv.bias"], 1, 1
        )
        x = x + F.conv2d(F.relu(y), p[f"{block}.0.{k}_conv_relu_varout_dimred.weight"], padding=1)
    return x


def resnet_forward(
    x: Tensor, p: Mapping[str, Tensor], depth: int, original: bool = False
) -> Tensor:
    """Run Light-Weight RefineNet, or the original, on a ResNet."""
    x = F.relu(_norm(F.conv2d(x, p["conv1.weight"], stride=2, padding=3), p, "bn1"))
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    taps = []
    for stage, blocks in enumerate(RESNET_DEPTHS[depth], start=1):
        for block in range(blocks):
            at = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = F.relu(_norm(F.conv2d(x, p[f"{at}.conv1.weight"]), p, f"{at}.bn1"))
            y = F.conv2d(y, p[f"{at}.conv2.weight"], stride=stride, padding=1)
            y = F.relu(_norm(y, p, f"{at}.bn2"))
            y = _norm(F.conv2d(y, p[f"{at}.conv3.weight"]), p, f"{at}.bn3")
            if block == 0:
                x = F.conv2d(x, p[f"{at}.downsample.0.weight"], stride=stride)
                x = _norm(x, p, f"{at}.downsample.1")
            x = F.relu(x + y)
        taps.append(x)
    path: Tensor | None = None
    for level, tap in enumerate(reversed(taps), start=1):
        x = F.conv2d(tap, p[f"p_ims1d2_outl{level}_dimred.weight"], padding="same")
        if original:
            x = residual_units(x, p, f"adapt_stage{level}_b", 2)
        if path is not None:
            name = f"adapt_stage{level}_b2_joint_varout_dimred.weight"
            x = F.conv2d(x, p[name], padding="same")
            x = x + upsampled(path, x)
        names = [f"mflow_conv_g{level}_pool.0.{k}_outvar_dimred.weight" for k in range(1, 5)]
        path = pooling_chain(F.relu(x), [p[name] for name in names])
        if original:
            path = residual_units(path, p, f"mflow_conv_g{level}_b", 3)
        if level < 4:
            name = f"mflow_conv_g{level}_b3_joint_varout_dimred.weight"
            path = F.conv2d(path, p[name], padding="same")
    assert path is not None
    return F.conv2d(path, p["clf_conv.weight"], p["clf_conv.bias"], padding=1)


def mobile_forward(x: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    """Run Light-Weight RefineNet on MobileNet-v2."""
    x = F.conv2d(x, p["layer1.0.weight"], stride=2, padding=1)
    x = F.relu6(_norm(x, p, "layer1.1"))
    layers: dict[int, Tensor] = {}
    for layer, (_, out, repeats, first_stride) in enumerate(MOBILE_ROWS, start=2):
        for block in range(repeats):
            at = f"layer{layer}.{block}.output"
            stride = first_stride if block == 0 else 1
            y = F.relu6(_norm(F.conv2d(x, p[f"{at}.0.0.weight"]), p, f"{at}.0.1"))
            y = F.conv2d(y, p[f"{at}.1.0.weight"], stride=stride, padding=1, groups=y.shape[1])
            y = F.relu6(_norm(y, p, f"{at}.1.1"))
            y = _norm(F.conv2d(y, p[f"{at}.2.0.weight"]), p, f"{at}.2.1")
            x = x + y if stride == 1 and x.shape[1] == out else y
        layers[layer] = x

    def reduced(layer: int) -> Tensor:
        return F.conv2d(layers[layer], p[f"conv{layer}.weight"])

    def refined(x: Tensor, level: int) -> Tensor:
        names = [f"crp{level}.0.{k}_outvar_dimred.weight" for k in range(1, 5)]
        x = pooling_chain(F.relu6(x), [p[name] for name in names])
        return x if level == 1 else F.conv2d(x, p[f"conv_adapt{level}.weight"])

    path = refined(reduced(8) + reduced(7), 4)
    path = refined(reduced(6) + reduced(5) + upsampled(path, layers[6]), 3)
    path = refined(reduced(4) + upsampled(path, layers[4]), 2)
    path = refined(reduced(3) + upsampled(path, layers[3]), 1)
    return F.conv2d(path, p["segm.weight"], p["segm.bias"], padding=1)
