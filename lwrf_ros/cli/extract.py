# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf extract``: a recording's frames as the images, and first masks, of a training set."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.configuration.engine_options import NETWORK, WEIGHTS_HELP, EngineOptions
from lwrf_ros.errors import LwrfError
from lwrf_ros.extraction.frame_choice import FrameChoice, add_frame_choice
from lwrf_ros.terminal.options import add_options, options_of

NAME = "extract"
HELP = "save frames of a bag, a video or a folder as images, with first masks to correct by hand"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    add_frame_choice(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="data set to write into: images/NAME.png, masks/NAME.png, classes.yaml; existing "
        "files stay as they are",
    )
    parser.add_argument(
        "--labels",
        nargs="?",
        const="",
        metavar="WEIGHTS",
        help="also write masks: the labels of a network, to be corrected by hand; put it behind "
        f"INPUT. {WEIGHTS_HELP} (default: no masks; without WEIGHTS: the bundled ones)",
    )
    network = parser.add_argument_group("with --labels")
    add_options(
        network,
        EngineOptions,
        "min_confidence",
        *NETWORK,
        "device",
        "input_size",
        "precision",
        min_confidence={"default": None},  # so that one that was given for nothing can be refused
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say how many there are, also when it is cut short."""
    if arguments.min_confidence is not None and arguments.labels is None:
        raise LwrfError(
            f"--min-confidence is {arguments.min_confidence:g} but no masks are to be made; add "
            "--labels, or leave it out"
        )
    from lwrf_ros.extraction.extractor import ExtractOptions, extract
    from lwrf_ros.extraction.frame_counts import Account

    labels = None
    if arguments.labels is not None:
        labels = options_of(
            EngineOptions,
            arguments,
            weights=arguments.labels,
            min_confidence=arguments.min_confidence or 0.0,
        )
    options = ExtractOptions(
        choice=FrameChoice.of(arguments),
        output=arguments.output.expanduser(),
        labels=labels,
    )
    account = Account()
    try:
        extract(options, account)
    finally:
        if account.read:
            print(f"{arguments.output}: {account}", flush=True)
    return 0
