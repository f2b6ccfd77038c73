# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Tensors from the host to the device of a training, without waiting for it."""

from __future__ import annotations

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor of the host on a device.

    From ordinary memory a copy to a GPU waits until all that the stream holds is done; from pinned
    memory it is one more step of the stream. torch keeps the pinned copy until it has been read.
    """
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)
