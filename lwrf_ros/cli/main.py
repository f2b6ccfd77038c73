# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The command ``lwrf``: finds the subcommand and turns errors into messages and exit codes."""

from __future__ import annotations

import argparse
import difflib
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol, cast

import lwrf_ros
from lwrf_ros.cli import (
    archive,
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
from lwrf_ros.cli.endings import end, flush
from lwrf_ros.home import ensure_home
from lwrf_ros.memory import keep_freed_memory
from lwrf_ros.output_folder import claimed
from lwrf_ros.processes.interruption import terminated_like_interrupted


class Subcommand(Protocol):
    """The interface that a module of ``cli`` offers to be a subcommand.

    These modules import nothing heavy at their top (rclpy, torch, OpenCV, …), only in `run`, so
    that ``lwrf --help`` answers at once.
    """

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments; the default ``claims`` names that of a folder to write into."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do the work and return the exit code."""


SUBCOMMANDS = cast(
    "tuple[Subcommand, ...]",
    (
        archive,
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
        prog="lwrf",
        description="Tools for the segmentation node lwrf_ros.",
        epilog="Exit codes: 0 done; 1 different; 2 a mistake in what was given; 3 something "
        "unexpected, or a part that failed; 4 no space left, on a disk or in memory; 130 Ctrl-C; "
        "143 SIGTERM; 141 nobody reads the output any more.",
    )
    parser.add_argument("--version", action="version", version=f"lwrf_ros {lwrf_ros.__version__}")
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
        The exit code, as the help lists them.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    verb = f"lwrf {given[0]}" if given and given[0] in _names() else "lwrf"
    # A script's background processes start with SIGINT ignored; whoever sends one means it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with terminated_like_interrupted():
            return flush(_run(given))
    except SystemExit:
        try:
            # argparse's help and errors are written, but may not have arrived.
            flush(0)
        except OSError as error:
            return end(error, verb)
        raise
    except BaseException as error:
        return end(error, verb)


def _run(given: list[str]) -> int:
    parser = build_parser()
    if given and not given[0].startswith("-") and given[0] not in _names():
        near = difflib.get_close_matches(given[0], _names(), n=1)
        guess = f"did you mean {near[0]}? " if near else ""
        parser.error(f"there is no subcommand {given[0]!r}; {guess}wanted {', '.join(_names())}")
    arguments = parser.parse_args(given)
    arguments.command_line = given
    ensure_home()
    keep_freed_memory()
    folder: Path | None = getattr(arguments, getattr(arguments, "claims", ""), None)
    # Before anything is loaded: whoever comes second shall hear it at once.
    with claimed(folder.expanduser()) if folder else nullcontext():
        return int(arguments.run(arguments))


def _names() -> list[str]:
    return [module.NAME for module in SUBCOMMANDS]


if __name__ == "__main__":
    sys.exit(main())
