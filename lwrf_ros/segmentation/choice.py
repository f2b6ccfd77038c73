# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which form of the stages runs on a device."""

from __future__ import annotations

import torch

from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation.device import DeviceError
from lwrf_ros.segmentation.stages import Stages, own_network


def choose_stages(
    network: RefineNet,
    device: torch.device,
    dtype: torch.dtype,
    stream: torch.cuda.Stream | None,
) -> Stages:
    """Return the fastest stages there are for a device and precision.

    Args:
        network: The network; it stays as it is.
        device: Where the stages run.
        dtype: The network's precision.
        stream: What they run on where the device is a GPU.

    Raises:
        DeviceError: If a package that the stages need is missing.
    """
    # Imported only here: a robot with a GPU needs none of what the kernels for a CPU are made with,
    # and the other way round.
    if stream is not None:
        from lwrf_ros.segmentation.cuda.stages import CudaStages

        return CudaStages(
            own_network(network, device, dtype),
            network.num_classes,
            network.mean,
            network.std,
            network.temperature,
            dtype,
            stream,
        )
    try:
        from lwrf_ros.segmentation.cpu.stages import CpuStages
    except ImportError as error:
        raise DeviceError(
            f"the engine needs numba on a CPU ({error}); pip install numba"
        ) from error
    return CpuStages(network, dtype)
