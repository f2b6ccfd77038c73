# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whether an exported file computes what the network does, in what will run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from lwrf_ros.export.models import LabelModel, LogitsModel
from lwrf_ros.export.onnx_file import require
from lwrf_ros.export.traced_program import read_program

# An image to the outputs by name.
Program = Callable[[Tensor], dict[str, Tensor]]

# Pixels of a made-up image that one random colour is spread over, and the noise on top.
PATCH_PX = 24
NOISE = 8.0
# Confidence is stored in so many steps.
STEPS = 255


@dataclass(frozen=True)
class Limits:
    """How far a file may be from the network in float32.

    Attributes:
        logits: Largest difference of logits, as a fraction of the largest one.
        confidence: Largest difference of probabilities.
        equal_labels: Least fraction of equal labels.
    """

    logits: float
    confidence: float
    equal_labels: float

    def of(self, compared: str) -> float:
        """Return the limit for what `Agreement.compared` names; labels have no other one."""
        return {"logits": self.logits, "confidence": self.confidence, "labels": 0.0}[compared]


# Where two classes are as likely as each other the last bit decides, so not all labels are equal;
# on small images a few pixels may be more than the fraction.
FEW = 3
LIMITS = {
    "fp32": Limits(logits=1e-3, confidence=1.01 / STEPS, equal_labels=0.9999),
    "fp16": Limits(logits=3e-2, confidence=0.1, equal_labels=0.995),
}


@dataclass(frozen=True)
class Agreement:
    """How close two programs are on the same images.

    Attributes:
        images: How many.
        compared: "logits", "confidence" or, where there is nothing else, "labels".
        difference: The largest, as `Limits` counts it; 0 for labels. Not a number where one of
            them gives something that is none.
        unequal: Number of pixels with unequal labels.
        pixels: Number of all.
    """

    images: int
    compared: str
    difference: float
    unequal: int
    pixels: int

    @property
    def equal_labels(self) -> float:
        """Fraction of equal labels."""
        return 1 - self.unequal / self.pixels

    def within(self, limits: Limits) -> bool:
        """Tell whether this is close enough; what is not a number is not."""
        close = self.difference <= limits.of(self.compared)
        equal = self.equal_labels >= limits.equal_labels or self.unequal <= FEW
        return close and equal

    def __str__(self) -> str:
        figures = f"{100 * self.equal_labels:.3f} % equal labels"
        if self.compared == "logits":
            return f"largest difference {self.difference:.1e} of the largest logit, {figures}"
        if self.compared == "confidence":
            return f"largest difference of the confidence {self.difference:.4f}, {figures}"
        return figures


def compare(
    reference: LogitsModel | LabelModel,
    program: Program,
    batches: Iterable[tuple[int, int, int]],
    on_batch: Callable[[], object] = lambda: None,
) -> Agreement:
    """Run the network and a program on the same made-up images.

    Args:
        reference: The network in float32.
        program: What to compare with it.
        batches: Number of images, height and width in pixels of each.
        on_batch: Called after each batch.
    """
    compared = reference.outputs[-1]
    images = unequal = pixels = 0
    difference = 0.0
    for seed, (count, height, width) in enumerate(batches):
        image = reference.from_pixels(made_up_images(count, (height, width), seed))
        with torch.inference_mode():
            wanted = by_name(reference.outputs, reference(image))
            got = program(image)
        worst = torch.zeros(())
        if compared != "labels":
            worst = (got[compared].float() - wanted[compared].float()).abs().max()
            worst /= wanted[compared].abs().max() if compared == "logits" else STEPS
        # Not the built-in max, which overlooks what is not a number.
        difference = float(np.maximum(difference, worst.item()))
        other = _labels(got) != _labels(wanted)
        images, pixels = images + count, pixels + other.numel()
        unequal += int(other.sum())
        on_batch()
    return Agreement(images, compared, difference, unequal, pixels)


def onnx_runtime(path: Path) -> Program:
    """Open an ONNX file in ONNX Runtime, on the CPU."""
    runtime = require("onnxruntime")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = (one.name for one in session.get_inputs())
    names = [one.name for one in session.get_outputs()]

    def run(image: Tensor) -> dict[str, Tensor]:
        arrays = session.run(names, {given: image.numpy()})
        return {name: torch.from_numpy(array) for name, array in zip(names, arrays, strict=True)}

    return run


def torch_program(path: Path, outputs: Sequence[str]) -> Program:
    """Open a .pt2 file, on the CPU."""
    module, _ = read_program(path)
    return lambda image: by_name(outputs, module(image))


def by_name(names: Sequence[str], outputs: Tensor | tuple[Tensor, ...]) -> dict[str, Tensor]:
    """Return a module's one or several outputs by their names."""
    several = (outputs,) if isinstance(outputs, Tensor) else outputs
    return dict(zip(names, several, strict=True))


def made_up_images(count: int, size: tuple[int, int], seed: int) -> Tensor:
    """Make images of smooth random colours with noise on top.

    Returns:
        ``(count, height, width, 3) uint8``, the same for the same arguments.
    """
    generator = torch.Generator().manual_seed(seed)
    coarse = [max(2, side // PATCH_PX) for side in size]
    colours = 255 * torch.rand(count, 3, *coarse, generator=generator)
    smooth = interpolate(colours, size=size, mode="bilinear")
    noisy = smooth + NOISE * torch.randn(smooth.shape, generator=generator)
    return noisy.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _labels(outputs: dict[str, Tensor]) -> Tensor:
    return outputs["labels"] if "labels" in outputs else outputs["logits"].argmax(dim=1)
