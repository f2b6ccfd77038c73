# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Each operation that an encoder may use, written as ONNX and run, gives what torch gives."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation.onnx_graph import build_graph

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

SIZE = (13, 18)


class Gated(nn.Module):
    """Squeeze and excitation: the map times a number for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.excite = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * functional.hardsigmoid(self.excite(self.squeeze(x)))


class Applied(nn.Module):
    """A function as a network."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x + x)  # type: ignore[operator,no-any-return]


def run(network: nn.Module, image: Tensor) -> Tensor:
    # In a container, as an encoder has it: tracing steps into the outermost module.
    content = build_graph(nn.Sequential(network), SIZE).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {"image": image.numpy()})[0])


@pytest.mark.parametrize(
    "network",
    [
        nn.ReLU(),
        nn.ReLU6(),
        nn.SiLU(),
        nn.Sigmoid(),
        nn.Hardswish(),
        nn.Hardsigmoid(),
        nn.AdaptiveAvgPool2d(1),
        nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        nn.Conv2d(3, 6, 5, 2, 2, groups=3),
        Gated(),
        *map(
            Applied,
            (
                functional.relu,
                functional.relu6,
                functional.silu,
                functional.hardswish,
                torch.sigmoid,
                torch.relu,
            ),
        ),
    ],
    ids=lambda network: getattr(getattr(network, "function", type(network)), "__name__", None),
)
@torch.inference_mode()
def test_an_operation_gives_what_torch_gives(network: nn.Module) -> None:
    image = 5 * torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(run(network, image), network(image), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("network", "name"), [(nn.GELU(), "GELU"), (Applied(torch.tanh), "tanh"), (nn.PReLU(), "PReLU")]
)
def test_an_unknown_operation_is_named_with_the_way_out(network: nn.Module, name: str) -> None:
    with pytest.raises(LwrfError, match=rf"computes {name}, .*docs/backbones\.md"):
        build_graph(nn.Sequential(network), SIZE)
