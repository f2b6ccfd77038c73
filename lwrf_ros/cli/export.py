# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf export``: a network with its weights as an ONNX file or a torch.export package."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.configuration.engine_options import BUNDLED_HELP, NETWORK, WEIGHTS_HELP, EngineOptions
from lwrf_ros.terminal.arguments import fixed_size
from lwrf_ros.terminal.options import add_options

NAME = "export"
HELP = "export a network to ONNX or torch.export, and compare the file with the network"

PRECISIONS = ("fp32", "fp16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "weights",
        nargs="?",
        default="",
        metavar="WEIGHTS",
        help=f"{WEIGHTS_HELP} ({BUNDLED_HELP})",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="file to write: NAME.onnx, or NAME.pt2 for torch.export",
    )
    add_options(parser, EngineOptions, *NETWORK)
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--input-size",
        type=fixed_size,
        metavar="WxH",
        help="fixed input size of the file (default: the size that the weights were trained at)",
    )
    size.add_argument(
        "--dynamic",
        action="store_true",
        help="leave the number of images, their height and their width open (from 33 pixels up; "
        "nasnet_mobile: multiples of 4 from 64 up)",
    )
    parser.add_argument(
        "--tail",
        action="store_true",
        help="from uint8 RGB images (N, H, W, 3) to uint8 labels (N, H, W), instead of from "
        "normalised float32 (N, 3, H, W) to logits at a quarter of the size",
    )
    parser.add_argument(
        "--confidence",
        action="store_true",
        help="with --tail: a second output, the labels' probability in 255ths, by the weights' "
        "temperature",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="of the network's weights and arithmetic; what goes in and comes out stays the same "
        "(default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Export, check, and print how it went."""
    from lwrf_ros.export.export_run import export

    return export(arguments)
