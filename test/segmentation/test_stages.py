# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What torch's own stages keep from image to image."""

from __future__ import annotations

import pytest
import torch

from lwrf_ros.segmentation import stages
from lwrf_ros.segmentation.stages import TorchEnds


def test_the_scratch_memory_of_two_image_sizes_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(stages, "Scratch", lambda classes, size, device: made.append(size))
    monkeypatch.setattr(stages, "label_image", lambda *arguments: None)
    ends = TorchEnds((0.5, 0.5, 0.5), (0.2, 0.2, 0.2), 1.0, torch.device("cpu"))

    def use(*sides: int) -> list[int]:
        """Return the sides of those images, used in this order, that had to have new memory."""
        made.clear()
        for side in sides:
            labels = torch.empty(side, side, dtype=torch.uint8)
            ends.label(torch.empty(3, 4, 4), labels, torch.empty(257), None, 0.0)
        return [height for height, _ in made]

    assert use(8, 16, 8, 16) == [8, 16]
    assert use(24, 16, 8) == [24, 8]
