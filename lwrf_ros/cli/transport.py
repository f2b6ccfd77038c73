# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf transport``: how many images of which size get through the middleware's settings."""

from __future__ import annotations

import argparse

from lwrf_ros.experiments.transport import TRANSPORTS
from lwrf_ros.terminal.arguments import fixed_size, positive_float, positive_int

NAME = "transport"
HELP = "send images between two processes and count what arrives, by transport and size"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--transport",
        nargs="+",
        choices=TRANSPORTS,
        default=["active"],
        help="active: the settings of this shell; default: Fast DDS without settings; "
        "large_data: with FASTDDS_BUILTIN_TRANSPORTS=LARGE_DATA; profile: with this "
        "package's profile (default: active)",
    )
    parser.add_argument(
        "--size",
        nargs="+",
        type=fixed_size,
        default=[(480, 640), (720, 1280), (1080, 1920)],
        metavar="WxH",
        help="sizes of rgb8 images (default: 640x480 1280x720 1920x1080)",
    )
    parser.add_argument("--frames", type=positive_int, default=200, help="default: %(default)s")
    parser.add_argument(
        "--rate", type=positive_float, default=30.0, help="images per second (default: %(default)s)"
    )
    parser.add_argument(
        "--qos",
        nargs="+",
        choices=("best_effort", "reliable"),
        default=["best_effort"],
        help="reliability of both sides (default: best_effort)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure each combination and print it as it comes."""
    from rclpy.utilities import get_rmw_implementation_identifier

    from lwrf_ros.experiments.transport.measurement import Case, measure

    print(f"{get_rmw_implementation_identifier()}, {arguments.rate:g} Hz, rgb8", flush=True)
    print(f"{'transport':<11} {'QoS':<12} {'size':>10} {'received':>12} {'p50':>8} {'p99':>8}")
    lost = 0
    for transport in arguments.transport:
        for qos in arguments.qos:
            for height, width in arguments.size:
                case = Case(transport, width, height, arguments.frames, arguments.rate, qos)
                found = measure(case)
                lost += case.frames - found.received
                times = f"{found.p50_ms:>5.1f} ms {found.p99_ms:>5.1f} ms" if found.received else ""
                share = f"{found.received} of {case.frames}"
                size_text = f"{width}x{height}"
                print(f"{transport:<11} {qos:<12} {size_text:>10} {share:>12} {times}", flush=True)
    if lost:
        print("Images were lost; docs/dds.md says what to do.")
    return 0
