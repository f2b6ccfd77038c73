# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Arguments about teachers: said once for all of them, or once for each in their order."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lwrf_ros.errors import LwrfError
from lwrf_ros.terminal.arguments import fixed_size, positive_float

if TYPE_CHECKING:
    from lwrf_ros.labelling.description import Description

RANGES_HELP = "0..255, 0..1, +-1 (from -1 to 1), imagenet, or MEAN/STD as R,G,B/R,G,B of 0 to 255"


def add_teachers(parser: argparse._ActionsContainer) -> None:
    """Declare the teachers and what their files do not say."""
    parser.add_argument(
        "--model",
        action="append",
        type=Path,
        required=True,
        metavar="FILE",
        help="a teacher, .onnx or .tflite; may be repeated. Give each option below once for "
        "all teachers, or once per --model in the same order",
    )
    _add(
        parser,
        "--mapping",
        "NAME|YAML",
        "which of the teacher's classes is which of --classes (docs/training.md); ade31 "
        "is included (default: they are the same)",
    )
    _add(
        parser,
        "--range",
        "RANGE",
        f"what the network's pixels range over: {RANGES_HELP} (default: as they are for a uint8 "
        "input; for any other it has to be said)",
    )
    _add(parser, "--order", "rgb|bgr", "order of the input's channels (default: rgb)")
    _add(
        parser,
        "--fit",
        "stretch|pad",
        "stretch images to the network's input, or keep their proportions and pad them at "
        "the right and bottom (default: stretch)",
    )
    _add(
        parser,
        "--size",
        "WxH",
        "size of the input, for a network that takes any size (default: what its file says)",
        fixed_size,
    )
    _add(
        parser,
        "--model-output",
        "NAME|NUMBER",
        "which output has the classes (default: the first one with scores, else the first "
        "one with class indices)",
    )
    _add(
        parser,
        "--scores",
        "auto|logits|probabilities",
        "whether scores need a softmax; auto checks whether they sum up to 1, and asks if "
        "in doubt (default: auto)",
    )
    _add(
        parser,
        "--weight",
        "NUMBER",
        "weight of a teacher relative to the others (default: 1)",
        positive_float,
    )


def descriptions(arguments: argparse.Namespace) -> list[Description]:
    """Return what was said of each teacher.

    Raises:
        LwrfError: If an option is there neither once nor for each of them, or has a value that
            there is not.
    """
    from lwrf_ros.labelling.description import FITS, ORDERS, SCORES, Description, read_normalisation

    models = [model.expanduser() for model in arguments.model]

    def of(name: str, default: Any, choices: tuple[str, ...] = ()) -> list[Any]:
        values = getattr(arguments, name.replace("-", "_")) or [default]
        if len(values) not in (1, len(models)):
            raise LwrfError(
                f"--{name} is there {_times(len(values))}, --model {_times(len(models))}; wanted "
                "once for all teachers, or once for each"
            )
        for value in values:
            if choices and value not in choices:
                raise LwrfError(f"--{name} is {value!r}; wanted one of {', '.join(choices)}")
        return values * (len(models) // len(values))

    return [
        Description(
            model,
            normalisation=None if pixels is None else read_normalisation(pixels),
            order=order,
            fit=fit,
            size=size,
            output=output,
            scores=scores,
            mapping=mapping,
            weight=weight,
        )
        for model, pixels, order, fit, size, output, scores, mapping, weight in zip(
            models,
            of("range", None),
            of("order", ORDERS[0], ORDERS),
            of("fit", FITS[0], FITS),
            of("size", None),
            of("model-output", None),
            of("scores", SCORES[0], SCORES),
            of("mapping", None),
            of("weight", 1.0),
            strict=True,
        )
    ]


def _times(count: int) -> str:
    return f"{count} time{'' if count == 1 else 's'}"


def _add(
    parser: argparse._ActionsContainer,
    name: str,
    metavar: str,
    text: str,
    kind: Callable[[str], Any] = str,
) -> None:
    parser.add_argument(name, action="append", type=kind, metavar=metavar, help=text)
