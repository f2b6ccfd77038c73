# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf record``: writes what the node publishes as a video, pictures and a table."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.terminal.arguments import positive_float, positive_int
from lwrf_ros.weights.bundled import DEFAULT_CLASSES

NAME = "record"
HELP = "record the node's overlay, labels and coverage as a video, pictures and a table"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    parser.add_argument(
        "--node", default="/segmenter", help="full name of the node (default: %(default)s)"
    )
    parser.add_argument("--camera", help="name of the camera, for a node with camera_names")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="folder to write into"
    )
    parser.add_argument(
        "--idle-timeout",
        type=positive_float,
        metavar="SECONDS",
        help="end this many seconds after the last message, once there has been one (default: "
        "end on Ctrl-C or SIGTERM)",
    )
    parser.add_argument(
        "--frames", type=positive_int, help="end after this many messages on each topic"
    )
    parser.add_argument("--note", help="sentence to draw into every picture and video frame")
    parser.add_argument(
        "--classes",
        default=DEFAULT_CLASSES,
        help="class table for the colours: a bundled name or a YAML file (default: %(default)s)",
    )
    parser.add_argument(
        "--class-groups",
        default="",
        help="groups of the classes that the node publishes in: a bundled name or a YAML file "
        "(default: the classes)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Record until the end, then finish the files."""
    from lwrf_ros.processes.recorder import RecordOptions
    from lwrf_ros.processes.recorder_run import record

    summary = record(
        RecordOptions(
            node=arguments.node,
            camera=arguments.camera,
            output=arguments.output,
            idle_timeout_s=arguments.idle_timeout,
            frames=arguments.frames,
            note=arguments.note,
            classes=arguments.classes,
            class_groups=arguments.class_groups,
        )
    )
    counts = ", ".join(f"{count} {topic}" for topic, count in summary["messages"].items())
    print(f"recorded {counts} in {arguments.output}", flush=True)
    return 0
