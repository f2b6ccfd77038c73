# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf info``: what is installed and found on this machine, for a bug report."""

from __future__ import annotations

import argparse
import json

NAME = "info"
HELP = "print what is installed and what looks wrong, to paste into a bug report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Look, and print it."""
    from lwrf_ros.machine.collection import collect
    from lwrf_ros.machine.text import as_text

    found = collect()
    print(json.dumps(found, indent=2) if arguments.json else as_text(found))
    return 0
