# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf replay``: a recording through the node's engine, offline, every frame, into a bag."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.cli.comparison_arguments import add_limits
from lwrf_ros.configuration.engine_options import NETWORK, EngineOptions
from lwrf_ros.terminal.arguments import positive_int
from lwrf_ros.terminal.options import add_options

NAME = "replay"
HELP = "run every frame of a recording through the node's engine and write a bag of labels"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    parser.add_argument("input", metavar="INPUT", help="ROS bag, video file or folder of images")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="output folder: a rosbag2 of labels, overlay and coverage, with replay.json and "
        "frames.csv",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the output of an earlier replay in that folder",
    )
    parser.add_argument(
        "--bag-topic",
        action="append",
        default=[],
        metavar="TOPIC",
        help="image topic to read from a bag that has several; may be repeated, to replay "
        "several together",
    )
    parser.add_argument(
        "--camera-name",
        action="append",
        default=[],
        metavar="NAME",
        help="name of a camera, like the node's camera_names; once for each --bag-topic "
        "(default: from the topics)",
    )
    keep = parser.add_mutually_exclusive_group()
    keep.add_argument(
        "--keep", action="store_true", help="copy every topic of the recording into the output"
    )
    keep.add_argument(
        "--keep-topic",
        action="append",
        default=[],
        metavar="TOPIC",
        help="copy this topic; may be repeated",
    )
    parser.add_argument("--max-frames", type=positive_int, metavar="N", help="stop after N frames")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="GOLDEN",
        help="compare with an earlier replay's output; OUT/comparison has JSON and pictures of the "
        "ten frames that changed most. Exit code: 0 the same, 1 different, 2 an error",
    )
    parser.add_argument(
        "--ground-truth",
        action="append",
        default=[],
        metavar="TOPIC",
        help="topic of the recording with true labels (Image mono8, or CompressedImage PNG) of the "
        "same stamps, to score against; once for each --bag-topic",
    )
    parser.add_argument(
        "--report",
        action="store_true",
        help="also write OUT/report.html, with comparison and scores, as lwrf report does",
    )
    add_limits(parser)
    network = parser.add_argument_group("network")
    add_options(
        network,
        EngineOptions,
        "weights",
        *NETWORK,
        "class_groups",
        "device",
        "input_size",
        "precision",
        "min_confidence",
        "max_value_16bit",
    )


def run(arguments: argparse.Namespace) -> int:
    """Replay, and say how it went."""
    from lwrf_ros.replay.replay_command import replay_command

    return replay_command(arguments)
