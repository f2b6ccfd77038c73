# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Forward passes of several networks that take turns, so that their ratio is fair."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lwrf_ros.experiments.tables.paper import Network
from lwrf_ros.network import build_network, randomise
from lwrf_ros.segmentation.device import PRECISIONS
from lwrf_ros.segmentation.faults import device_errors

WARM_UP_PASSES = 2
INCLUDES = (
    "one forward pass: the network alone, batch 1, eager torch in channels_last, from a random "
    "input on the device to logits at a quarter of its size; nothing before or after is in it"
)
_SEED = 0


@dataclass(frozen=True)
class Passes:
    """The times of a network's forward passes.

    Attributes:
        times_ms: Milliseconds of each, in order.
    """

    times_ms: tuple[float, ...]

    @property
    def mean_ms(self) -> float:
        """Mean."""
        return float(np.mean(self.times_ms))

    @property
    def std_ms(self) -> float:
        """Standard deviation of the sample; 0 of a single pass."""
        return float(np.std(self.times_ms, ddof=1)) if len(self.times_ms) > 1 else 0.0

    @property
    def median_ms(self) -> float:
        """Median, which what else the machine does disturbs least."""
        return float(np.median(self.times_ms))


def passes_of(
    networks: Sequence[Network],
    num_classes: int,
    sizes: Sequence[tuple[int, int]],
    passes: int,
    device: torch.device,
    precision: str,
    on_pass: Callable[[], object] = lambda: None,
) -> dict[tuple[Network, tuple[int, int]], Passes]:
    """Build networks with random weights and time them side by side.

    All of them are in memory at a time.

    Args:
        networks: Who takes turns.
        num_classes: Number of classes C.
        sizes: Heights and widths in pixels of the inputs.
        passes: Timed passes of each network at each size.
        device: Where they run.
        precision: fp32, fp16 or bf16.
        on_pass: Called after each pass, those of the warm-up too, for a progress bar.

    Raises:
        LwrfError: If the device has no room for them or fails.
    """
    built: dict[Network, nn.Module] = {}
    with device_errors():
        for network in networks:
            module = build_network(network.backbone, num_classes, network.decoder)
            randomise(module, _SEED)
            on_device = module.to(device, PRECISIONS[precision])
            built[network] = on_device.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        found: dict[tuple[Network, tuple[int, int]], Passes] = {}
        for size in sizes:
            times = take_turns(built, size, passes, device, PRECISIONS[precision], on_pass)
            found |= {(network, size): one for network, one in times.items()}
    return found


def take_turns(
    networks: Mapping[Network, nn.Module],
    size: tuple[int, int],
    passes: int,
    device: torch.device,
    dtype: torch.dtype,
    on_pass: Callable[[], object] = lambda: None,
) -> dict[Network, Passes]:
    """Time forward passes, one network after the other and another one first each time.

    Args:
        networks: On the device and in `dtype`, in evaluation mode.
        size: Height and width in pixels of the input.
        passes: Timed passes of each, beside the warm-up.
        device: Where they run.
        dtype: Type of the input.
        on_pass: Called after each pass.
    """
    times: dict[Network, list[float]] = {network: [] for network in networks}
    order = list(networks)
    generator = torch.Generator().manual_seed(_SEED)
    with torch.inference_mode():
        for turn in range(WARM_UP_PASSES + passes):
            shift = turn % len(order)
            for network in order[shift:] + order[:shift]:
                image = torch.randn(1, 3, *size, generator=generator)
                image = image.to(device, dtype).contiguous(memory_format=torch.channels_last)
                elapsed_ms = _pass_ms(networks[network], image, device)
                if turn >= WARM_UP_PASSES:
                    times[network].append(elapsed_ms)
                on_pass()
    return {network: Passes(tuple(values)) for network, values in times.items()}


def _pass_ms(network: nn.Module, image: Tensor, device: torch.device) -> float:
    # A GPU works asynchronously: nothing may be under way before, nothing left to do after.
    _wait(device)
    started = time.perf_counter()
    network(image)
    _wait(device)
    return (time.perf_counter() - started) * 1e3


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
