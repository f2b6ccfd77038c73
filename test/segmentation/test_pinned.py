# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Told to be deterministic, the engine does not let cuDNN tune by time."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lwrf_ros.segmentation.stages import TorchNetwork

_seen: list[tuple[bool, bool]] = []


class Probe(nn.Module):
    """Notes how cuDNN would choose its algorithms."""

    def forward(self, batch: Tensor) -> Tensor:
        cudnn = torch.backends.cudnn
        _seen.append((cudnn.benchmark, cudnn.deterministic))
        return batch


@pytest.mark.parametrize("deterministic", [False, True])
def test_torchs_switch_is_obeyed(monkeypatch: pytest.MonkeyPatch, deterministic: bool) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", deterministic)
    network = TorchNetwork(Probe(), torch.device("cpu"), torch.float32)  # type: ignore[arg-type]
    _seen.clear()
    network(torch.zeros(1, 3, 4, 4))
    assert _seen == [(not deterministic, deterministic)]
    assert torch.backends.cudnn.deterministic == deterministic
