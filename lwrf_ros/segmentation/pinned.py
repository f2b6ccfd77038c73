# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Pinned host memory: freed when its owner goes, unless the GPU that reads it is lost.

To free pinned memory torch records an event on the streams that used it. On a lost GPU that fails
where an exception ends the process, with a core file instead of a message.
"""

from __future__ import annotations

import weakref

import torch
from torch import Tensor

# By id: tensors compare element by element.
_alive: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()
_kept: list[Tensor] = []


def pinned(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Return new pinned memory of a shape, uninitialised."""
    memory = torch.empty(shape, dtype=dtype, pin_memory=True)
    _alive[id(memory)] = memory
    return memory


def keep_pinned_memory() -> None:
    """Keep all pinned memory that is in use until the process ends."""
    _kept.extend(_alive.values())


def return_pinned_memory() -> None:
    """Give pinned memory that nobody uses any more, and torch keeps for later, back to the system.

    Only where torch offers it (from 2.3 on, in builds for CUDA).
    """
    empty = getattr(torch._C, "_host_emptyCache", None)
    if empty is not None:
        empty()
