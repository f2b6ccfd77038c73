# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which network a tool runs, and how: each option once. Nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lwrf_ros.backbones import BACKBONES, DECODERS, DEFAULT_BACKBONE, DEFAULT_DECODER
from lwrf_ros.configuration.parameters import CAMERA_SIZE, PRECISIONS, Parameters
from lwrf_ros.terminal.arguments import (
    MAX_VALUE_16BIT_HELP,
    fraction,
    image_size,
    value_of_16_bits,
)
from lwrf_ros.terminal.options import option
from lwrf_ros.weights.bundled import DEFAULT_CLASSES

if TYPE_CHECKING:
    from lwrf_ros.segmentation import Segmenter
    from lwrf_ros.weights.choice import Choice
    from lwrf_ros.weights.loading import Loaded

WEIGHTS_HELP = (
    "name of bundled weights (for example camvid; lwrf weights lists them), path of a weights file "
    "(with a slash or a suffix), or random for an untrained network"
)
BUNDLED_HELP = "default: the bundled ones for the backbone and classes"
# What says which network the weights are for.
NETWORK = ("backbone", "decoder", "classes")


@dataclass(frozen=True)
class EngineOptions:
    """Which network makes the labels, and how; the names are those of the node's parameters.

    Attributes:
        weights: As `lwrf_ros.weights.choice.resolve` takes them, and so the next three.
        backbone: Encoder; empty for what the weights name.
        decoder: Form of the decoder; empty for what the weights name.
        classes: Class table: a bundled name or a path; empty for what the weights name.
        class_groups: Groups of the classes that the labels are in: a bundled name or a path; empty
            for the classes.
        device: auto, cpu, cuda or cuda:N.
        input_size: ``(height, width)`` in pixels, "image" for the image's own, None for the
            weights' own.
        precision: auto, fp32, fp16 or bf16.
        min_confidence: Pixels less probable than this (0..1) are unlabelled.
        overlay_alpha: Weight of the colours in the overlay, 0..1.
        max_value_16bit: What becomes white of values of 16 bits.
    """

    weights: str = option("", f"{WEIGHTS_HELP} ({BUNDLED_HELP})")
    backbone: str = option(
        "",
        f"default: the one that the weights name, else {DEFAULT_BACKBONE}",
        choices=tuple(BACKBONES),
    )
    decoder: str = option(
        "",
        f"default: the one that the weights name, else {DEFAULT_DECODER}",
        choices=tuple(DECODERS),
    )
    classes: str = option(
        "",
        "class table: the name of a bundled one or a YAML file (default: the one that the weights "
        f"name, else {DEFAULT_CLASSES})",
    )
    class_groups: str = option(
        "",
        "groups of the classes that the labels are in: a bundled name or a YAML file (default: the "
        "classes)",
    )
    device: str = option("auto", "auto, cpu, cuda or cuda:N (default: %(default)s)")
    input_size: tuple[int, int] | Literal["image"] | None = option(
        None,
        "size that images are stretched to for the network, or image for their own (default: the "
        "size that the weights were trained at)",
        type=image_size,
        metavar="WxH",
    )
    precision: str = option(
        "auto",
        "arithmetic; auto is fp16 on a GPU and fp32 on a CPU (default: %(default)s)",
        choices=PRECISIONS,
    )
    min_confidence: float = option(
        0.0,
        "pixels less probable than this become 255, unlabelled (default: 0)",
        type=fraction,
        metavar="0..1",
    )
    overlay_alpha: float = Parameters.overlay_alpha
    max_value_16bit: int = option(
        Parameters.max_value_16bit,
        MAX_VALUE_16BIT_HELP,
        type=value_of_16_bits,
        metavar="VALUE",
    )

    @property
    def choice(self) -> Choice:
        """Which weights, classes and network these are; errors as of `resolve`."""
        from lwrf_ros.weights.choice import resolve

        return resolve(self.weights, self.classes, self.backbone, self.decoder)

    def load(self) -> Loaded:
        """Build the network and load its weights; errors as of `resolve` and `load_choice`."""
        from lwrf_ros.weights.loading import load_choice

        return load_choice(self.choice)

    def segmenter(self, loaded: Loaded) -> Segmenter:
        """Make an engine of what `load` gave, without groups; errors as of `Segmenter`."""
        from lwrf_ros.segmentation import Segmenter

        return Segmenter(
            loaded.network, loaded.classes, self.device, self.precision, self.input_size
        )

    @property
    def parameters(self) -> Parameters:
        """The node's parameters that ask for the same; errors as of `resolve`."""
        choice = self.choice
        if self.input_size == "image":
            height = width = CAMERA_SIZE
        else:
            height, width = self.input_size or (0, 0)
        return Parameters(
            backbone=choice.backbone,
            decoder=choice.decoder,
            classes=self.classes,
            class_groups=self.class_groups,
            weights=self.weights,
            device=self.device,
            precision=self.precision,
            input_width=width,
            input_height=height,
            min_confidence=self.min_confidence,
            max_value_16bit=self.max_value_16bit,
        )

    @property
    def node_parameters(self) -> dict[str, object]:
        """Those of them that these options are about, by name, for a node in another process."""
        parameters = self.parameters
        return {name: getattr(parameters, name) for name in _OF_THE_NODE}


_OF_THE_NODE = (
    "backbone",
    "decoder",
    "weights",
    "classes",
    "class_groups",
    "device",
    "precision",
    "input_width",
    "input_height",
    "min_confidence",
    "max_value_16bit",
)
