# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf report``: a replay's output as one HTML page to look through."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "report"
HELP = "make one self-contained HTML page of a replay: frames to scrub through, coverage, latency"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("replay", type=Path, metavar="OUT", help="output folder of a lwrf replay")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="page to write (default: report.html in OUT)",
    )
    parser.add_argument(
        "--comparison",
        type=Path,
        metavar="FOLDER",
        help="output of lwrf compare -o for OUT and an earlier replay (default: the comparison "
        "in OUT, if there is one)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from lwrf_ros.replay.report.write import REPORT_FILE, write_report

    path = arguments.output or arguments.replay / REPORT_FILE
    print(write_report(arguments.replay, path, arguments.comparison), flush=True)
    return 0
