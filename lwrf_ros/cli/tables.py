# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf tables``: the paper's Tables 1 to 3 and this implementation's numbers beside them."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.terminal.arguments import add_threads, fixed_size, positive_int
from lwrf_ros.terminal.options import add_options

NAME = "tables"
HELP = "print the paper's Tables 1 to 3 next to this implementation: counts, runtime, mean IoU"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    parser.add_argument(
        "--only",
        nargs="+",
        type=int,
        choices=(1, 2, 3),
        default=[1, 2, 3],
        metavar="TABLE",
        help="1, 2 or 3 (default: all)",
    )
    parser.add_argument(
        "--weights",
        nargs="+",
        action="extend",
        default=[],
        metavar="BACKBONE[:DECODER]:DATASET=FILE",
        help="weights to score, resnet50:voc=rf_lw50.pth or resnet101:original:voc=rf101.pth "
        "(default decoder: light_weight); DATASET is the name of the class table: voc, "
        "person_part, nyu40, context or cityscapes",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        default=[],
        metavar="DATASET:FOLDER[:SPLIT]",
        help="the data sets that the weights are scored on, as they are distributed: "
        "voc:VOCdevkit/VOC2012; docs/training.md lists the layouts",
    )
    parser.add_argument(
        "--max-frames", type=positive_int, metavar="N", help="score only the first N by name"
    )
    parser.add_argument(
        "--no-runtime", action="store_true", help="leave out the runtimes of Table 2"
    )
    parser.add_argument(
        "--passes",
        type=positive_int,
        default=100,
        metavar="N",
        help="timed forward passes of each network at each size (default: %(default)s, as in the "
        "paper)",
    )
    parser.add_argument(
        "--size",
        nargs="+",
        type=fixed_size,
        default=[(468, 625), (512, 512)],
        metavar="WxH",
        help="sizes of the input that is timed (default: 625x468 512x512, as in the paper)",
    )
    add_options(
        parser,
        EngineOptions,
        "device",
        "precision",
        precision={
            "default": "fp32",
            "help": "of runtimes and scores; auto is fp16 on a GPU and fp32 on a CPU (default: "
            "%(default)s, as in the paper)",
        },
    )
    add_threads(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help="folder for tables.json and tables.md (default: only text)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, and print the tables."""
    from lwrf_ros.experiments.tables.tables_run import make_tables

    return make_tables(arguments)
