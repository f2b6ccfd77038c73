# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf evaluate``: how well weights do on labelled images, through the node's own engine."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.cli.data_arguments import add_data
from lwrf_ros.configuration.engine_options import BUNDLED_HELP, NETWORK, WEIGHTS_HELP, EngineOptions
from lwrf_ros.terminal.arguments import non_negative_int, positive_float
from lwrf_ros.terminal.options import add_options

NAME = "evaluate"
HELP = "score weights on labelled images: IoU, accuracy, calibration, and the worst frames"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    parser.add_argument(
        "weights",
        nargs="?",
        default="",
        metavar="WEIGHTS",
        help=f"{WEIGHTS_HELP} ({BUNDLED_HELP})",
    )
    add_data(parser, required=True)
    add_options(
        parser,
        EngineOptions,
        *NETWORK,
        "device",
        "input_size",
        "precision",
        precision={
            "nargs": "+",
            "default": ["auto"],
            "help": "several are scored one after the other and compared with the first (default: "
            "auto, which is fp16 on a GPU and fp32 on a CPU)",
        },
    )
    parser.add_argument(
        "--scales",
        nargs="+",
        type=positive_float,
        default=[1.0],
        metavar="SCALE",
        help="average the probabilities over these multiples of the input size; the paper's "
        "msc is 0.75 1.0 1.25 (default: 1, like the node)",
    )
    parser.add_argument("--flip", action="store_true", help="also average over mirrored images")
    add_options(
        parser,
        EngineOptions,
        "min_confidence",
        min_confidence={
            "metavar": "P",
            "help": "treat labels less probable than this (0 to 1) as unlabelled, which counts as "
            "wrong (default: %(default)s)",
        },
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help="folder for scores.json, reliability.png, confusion.png and worst.png (default: only "
        "text)",
    )
    parser.add_argument(
        "--worst",
        type=non_negative_int,
        default=8,
        metavar="N",
        help="frames in worst.png (default: %(default)s)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print scores.json instead of the table"
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, and print how it went."""
    from lwrf_ros.evaluation.evaluation_run import evaluate

    return evaluate(arguments)
