# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Description of an exported file within the file, so that it can be used by itself."""

from __future__ import annotations

import json
from pathlib import Path

import torch

import lwrf_ros
from lwrf_ros.export.models import LabelModel, LogitsModel
from lwrf_ros.weights.loading import Loaded


def describe(
    loaded: Loaded, precision: str, tail: bool, size: tuple[int, int] | None
) -> dict[str, str]:
    """Describe what is exported.

    Args:
        loaded: The network and where its weights are from.
        precision: fp32 or fp16.
        tail: Whether it maps images to labels.
        size: ``(height, width)`` in pixels of its input; None for any.

    Returns:
        Text entries by name; what is no text is JSON. ``input_size`` is missing where the size is
        open and the weights do not name the one that they were trained at; so are ``license``,
        ``data`` and ``terms``, which are of the weights, where the weights' card names none.
    """
    network, classes, weights = loaded.network, loaded.classes, loaded.weights
    entries = {
        "name": "Light-Weight RefineNet",
        "backbone": network.backbone,
        "decoder": network.decoder_name,
        "precision": precision,
        "classes": classes.name,
        "class_names": json.dumps(classes.names),
        "class_colours": json.dumps(classes.colours.tolist()),
        "input": "uint8 RGB, NHWC" if tail else "float32 RGB / 255, normalised, NCHW",
        "dynamic": json.dumps(size is None),
        "size_multiple": json.dumps(1 if size else network.size_multiple),
        "mean": json.dumps(network.mean),
        "std": json.dumps(network.std),
        "temperature": json.dumps(network.temperature),
        "weights": Path(weights.source).name,
        "weights_sha256": weights.sha256,
        "lwrf_ros": lwrf_ros.__version__,
        "torch": torch.__version__,
    }
    input_size = size or network.input_size
    if input_size is not None:
        entries["input_size"] = json.dumps(input_size)
    for key in ("license", "data"):
        if weights.card.get(key):
            entries[key] = weights.card[key]
    if weights.terms:
        entries["terms"] = weights.terms
    return entries


def signature(
    model: LogitsModel | LabelModel, num_classes: int, size: tuple[int, int] | None
) -> list[tuple[str, str]]:
    """Return what goes in and comes out of an exported file, for people.

    Args:
        model: What was exported.
        num_classes: Number of classes C.
        size: ``(height, width)`` in pixels of its input; None for any.

    Returns:
        Name and form of the input and of each output.
    """
    count, sides, quarters = "N", ("H", "W"), ("ceil(H/4)", "ceil(W/4)")
    if size is not None:
        count, sides = "1", (str(size[0]), str(size[1]))
        quarters = (str(-(-size[0] // 4)), str(-(-size[1] // 4)))
    height, width = sides
    if isinstance(model, LogitsModel):
        return [
            ("image", f"float32 ({count}, 3, {height}, {width}), RGB, (value / 255 - mean) / std"),
            ("logits", f"float32 ({count}, {num_classes}, {', '.join(quarters)})"),
        ]
    forms = {"labels": "class indices", "confidence": "255 times the label's probability"}
    return [
        ("image", f"uint8 ({count}, {height}, {width}, 3), RGB"),
        *((name, f"uint8 ({count}, {height}, {width}), {forms[name]}") for name in model.outputs),
    ]
