# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A case to measure: one network at one size on one device, light enough to send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lwrf_ros.network import RefineNet
    from lwrf_ros.weights.loading import Loaded


@dataclass(frozen=True)
class Case:
    """One row of questions to all contestants.

    Attributes:
        backbone: Name of the encoder.
        decoder: Name of the decoder's form.
        classes: Name of a bundled class table or path of a YAML file; empty for the weights'.
        weights: As `lwrf_ros.weights.choice.resolve` takes them; empty for those that come with
            the package, or random ones where none do.
        image_size: ``(height, width)`` in pixels of the camera's images.
        input_size: ``(height, width)`` in pixels of the network's input.
        device: cpu or cuda:N.
        precision: fp32, fp16 or bf16.
        batch: Images a call.
        threads: Threads of the CPU that every contestant may use.
    """

    backbone: str
    decoder: str
    classes: str
    weights: str
    image_size: tuple[int, int]
    input_size: tuple[int, int]
    device: str
    precision: str
    batch: int
    threads: int

    @property
    def title(self) -> str:
        """The case in words."""
        height, width = self.image_size
        return (
            f"{self.backbone}, {width}x{height} in, network at "
            f"{self.input_size[1]}x{self.input_size[0]}, {self.precision} on {self.device}, "
            f"batch {self.batch}"
        )


@dataclass(frozen=True)
class Setting:
    """A case that was looked into: what every contestant is given.

    Attributes:
        case: The case, with device, precision and weights settled.
        num_classes: Number of classes C.
        mean: Mean of each RGB channel that the input is normalised with, in 0..1.
        std: Standard deviation of each RGB channel, in 0..1.
        onnx_path: ONNX file of the plain network at the case's batch and input size; None where
            it could not be written.
        onnx_problem: Why not, with the way out.
        preprocess: Name of the fastest of `peers.around.PREPROCESS` on this machine.
        tail: Name of the fastest of `peers.around.TAILS` on this machine.
    """

    case: Case
    num_classes: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    onnx_path: str | None = None
    onnx_problem: str = ""
    preprocess: str = "resize, table by plane"
    tail: str = "resize and maximum by class"


def load_case(case: Case) -> Loaded:
    """Load the case's weights, once `preparation` has settled which they are.

    Raises:
        LwrfError: If the weights cannot be used or do not fit the class table.
    """
    from lwrf_ros.weights.loading import load

    return load(case.weights, case.classes, case.backbone, case.decoder)


def plain_network(case: Case) -> RefineNet:
    """Build the case's network with its weights, as the paper has it: float32, on the CPU.

    Raises:
        LwrfError: If the weights cannot be used or do not fit the class table.
    """
    return load_case(case).network
