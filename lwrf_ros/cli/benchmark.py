# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf benchmark``: this engine and other ways to run the network, side by side in one run."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.backbones import DEFAULT_BACKBONE, DEFAULT_DECODER
from lwrf_ros.configuration.engine_options import WEIGHTS_HELP, EngineOptions
from lwrf_ros.experiments.benchmark.peers import PEERS
from lwrf_ros.terminal.arguments import add_threads, fixed_size, positive_float, positive_int
from lwrf_ros.terminal.options import add_options

NAME = "benchmark"
HELP = "measure time, memory and start-up of this engine and of others, side by side"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    add_options(
        parser,
        EngineOptions,
        "backbone",
        "decoder",
        "classes",
        "weights",
        backbone={
            "nargs": "+",
            "default": [DEFAULT_BACKBONE],
            "help": f"one or several (default: {DEFAULT_BACKBONE})",
        },
        decoder={"default": DEFAULT_DECODER, "help": "default: %(default)s"},
        weights={
            "help": f"{WEIGHTS_HELP} (default: those that come with the package, and random ones "
            "where none do: the time is the same)"
        },
    )
    parser.add_argument(
        "--image-size",
        nargs="+",
        type=fixed_size,
        default=[(480, 640)],
        metavar="WxH",
        help="size of the camera's images (default: 640x480)",
    )
    add_options(
        parser,
        EngineOptions,
        "input_size",
        "device",
        "precision",
        input_size={
            "nargs": "+",
            "default": [(512, 512)],
            "help": "size that images are stretched to for the network, or image for their own "
            "(default: 512x512)",
        },
        precision={
            "nargs": "+",
            "default": ["auto"],
            "help": "default: auto, which is fp16 on a GPU and fp32 on a CPU",
        },
    )
    parser.add_argument(
        "--batch",
        nargs="+",
        type=positive_int,
        default=[1],
        metavar="N",
        help="images per call, as from this many cameras (default: 1)",
    )
    add_threads(parser)
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=tuple(PEERS),
        default=list(PEERS),
        help="who takes part (default: all; what is not installed is named as unmeasured)",
    )
    parser.add_argument(
        "--frames",
        type=Path,
        metavar="RECORDING",
        help="take the images from a bag, a video or a folder (default: generated)",
    )
    parser.add_argument("--bag-topic", help="image topic to read from a bag that has several")
    parser.add_argument(
        "--seconds",
        type=positive_float,
        default=30.0,
        help="duration of each case (default: %(default)s)",
    )
    parser.add_argument(
        "--min-calls",
        type=positive_int,
        default=5,
        metavar="N",
        help="fewest calls of each contestant, whatever --seconds says (default: %(default)s)",
    )
    parser.add_argument(
        "--dds",
        action="store_true",
        help="also measure what ROS adds, from a camera's stamp to the receipt of its labels",
    )
    parser.add_argument(
        "--steps",
        action="store_true",
        help="only time each step of this engine's network on a CPU in fp32, with bytes and "
        "multiply-adds per second",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help="folder for benchmark.json, benchmark.csv and benchmark.png (default: only text)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, and print how it went."""
    # Only here: it needs torch.
    if arguments.steps:
        from lwrf_ros.experiments.benchmark.steps import measure_steps
        from lwrf_ros.machine.about import cores

        return measure_steps(arguments, arguments.threads or cores())
    from lwrf_ros.experiments.benchmark.benchmark_run import benchmark

    return benchmark(arguments)
