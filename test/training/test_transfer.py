# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What goes to a GPU goes by pinned memory, with a stand-in for the GPU."""

from __future__ import annotations

import pytest
import torch

from lwrf_ros.training import augmentation
from lwrf_ros.training.augmentation import View, Views, mix_views, random_views
from lwrf_ros.training.transfer import sent


def test_to_a_gpu_through_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    there = torch.zeros(2)

    def to(self: torch.Tensor, device: torch.device, non_blocking: bool = False) -> torch.Tensor:
        steps.append((device.type, non_blocking))
        return there

    def pin_memory(self: torch.Tensor) -> torch.Tensor:
        steps.append("pinned")
        return self

    monkeypatch.setattr(torch.Tensor, "to", to)
    monkeypatch.setattr(torch.Tensor, "pin_memory", pin_memory)
    assert sent(torch.zeros(2), torch.device("cuda", 0)) is there
    assert steps == ["pinned", ("cuda", True)]
    del steps[:]
    sent(torch.zeros(2), torch.device("cpu"))
    assert steps == [("cpu", True)]


def test_all_that_is_drawn_on_the_host_goes_that_way(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []

    def noted(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
        shapes.append(tuple(tensor.shape))
        return tensor

    monkeypatch.setattr(augmentation, "sent", noted)
    generator = torch.Generator().manual_seed(1)
    images = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    masks = torch.zeros(2, 8, 8, dtype=torch.uint8)
    view = View(zoom=(1.0, 1.0), flip=True, colour=0.3)
    views = random_views(images, masks, view, (8, 8), torch.full((3,), 0.5), generator)
    assert isinstance(views, Views)
    mix_views(views, 0.5, 3, generator)
    # Where each view lies, its colours, and the classes that are pasted.
    assert shapes == [(2, 2, 3), (2, 7), (2, 256)]
