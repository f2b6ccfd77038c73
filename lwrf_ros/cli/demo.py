# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf demo``: the node at work on a recording, from camera topic to video, shown."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lwrf_ros.configuration.engine_options import NETWORK, EngineOptions
from lwrf_ros.terminal.arguments import add_playback, positive_int
from lwrf_ros.terminal.exit_codes import EXIT_DONE, EXIT_UNEXPECTED
from lwrf_ros.terminal.options import add_options, options_of

NAME = "demo"
HELP = "play a recording to the node over DDS, record its output, and print how it went"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    parser.add_argument(
        "--input",
        metavar="PATH",
        help="ROS bag, video file or folder of images "
        "(default: vtest.avi of the package opencv-doc, fetched once)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("demo_output"),
        metavar="FOLDER",
        help="where the video, the pictures and the table go (default: %(default)s)",
    )
    add_options(parser, EngineOptions, *NETWORK, "class_groups", "weights", "device")
    parser.add_argument(
        "--input-width",
        type=positive_int,
        default=0,
        help="width in pixels that images are stretched to for the network (default: that of its "
        "weights' training, or the camera's if they name none)",
    )
    parser.add_argument(
        "--input-height",
        type=positive_int,
        default=0,
        help="height in pixels, see --input-width",
    )
    add_playback(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo and print its closing table."""
    from lwrf_ros.processes.demo_run import DemoOptions, run_demo
    from lwrf_ros.recordings.sample_video import sample_video

    size = arguments.input_height, arguments.input_width
    options = DemoOptions(
        input=Path(arguments.input) if arguments.input else sample_video(),
        bag_topic=arguments.bag_topic,
        output=arguments.output,
        engine=options_of(EngineOptions, arguments, input_size=size if any(size) else None),
        speed=arguments.rate,
        max_frames=arguments.max_frames,
    )
    report = run_demo(options)
    print(report, flush=True)
    for problem in report.problems:
        print(f"lwrf demo: problem: {problem}", file=sys.stderr)
    return EXIT_UNEXPECTED if report.problems else EXIT_DONE
