# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The command ``lwrf``: finds the subcommand and turns errors into messages and exit codes."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from lwrf_ros.cli import (
    benchmark,
    calibrate,
    compare,
    demo,
    evaluate,
    export,
    extract,
    info,
    label,
    play,
    receptive_field,
    record,
    replay,
    report,
    soak,
    tables,
    train,
    transport,
    weights,
)
from lwrf_ros.errors import LwrfError
from lwrf_ros.memory import keep_freed_memory

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


class Subcommand(Protocol):
    """What a module of ``cli`` offers to be a subcommand.

    These modules import nothing heavy at their top (rclpy, torch, OpenCV, …), only in `run`, so
    that ``lwrf --help`` answers at once.
    """

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do the work and return the exit code."""


SUBCOMMANDS = cast(
    "tuple[Subcommand, ...]",
    (
        benchmark,
        calibrate,
        compare,
        demo,
        evaluate,
        export,
        extract,
        info,
        label,
        play,
        receptive_field,
        record,
        replay,
        report,
        soak,
        tables,
        train,
        transport,
        weights,
    ),
)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all subcommands."""
    parser = argparse.ArgumentParser(
        prog="lwrf", description="Tools around the segmentation node of lwrf_ros."
    )
    choices = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
    for module in SUBCOMMANDS:
        child = choices.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        module.add_arguments(child)
        child.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        argv: Arguments without the program's name; None takes those of the process.

    Returns:
        The exit code: 0, that of the subcommand, 2 for a mistake of the user, 130 after Ctrl-C.
    """
    arguments = build_parser().parse_args(argv)
    arguments.command_line = list(sys.argv[1:] if argv is None else argv)
    keep_freed_memory()
    # A script's background processes start with SIGINT ignored; whoever sends one means it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return int(arguments.run(arguments))
    except LwrfError as error:
        print(f"lwrf {arguments.subcommand}: error: {error}", file=sys.stderr)
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        print(f"lwrf {arguments.subcommand}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
