# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Arguments of everything that makes a data set of a recording. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from lwrf_ros.errors import LwrfError
from lwrf_ros.terminal.arguments import (
    LARGEST_16_BITS,
    add_max_value_16bit,
    positive_float,
    positive_int,
)


@dataclass(frozen=True)
class FrameChoice:
    """Which frames of which recording.

    Attributes:
        input: Path of the recording.
        bag_topic: Image topic of a bag, None for the only one.
        every: Take each Nth frame.
        every_s: Take a frame every so many seconds instead, None for `every`.
        different: Least difference to the last image, as of `Selection`; None for any.
        max_frames: Number of images to end after, None for all.
        jpeg_quality: 1 to 100 for JPEG images, None for PNG.
        max_value_16bit: What becomes white of values of 16 bits.
    """

    input: Path
    bag_topic: str | None = None
    every: int = 1
    every_s: float | None = None
    different: float | None = None
    max_frames: int | None = None
    jpeg_quality: int | None = None
    max_value_16bit: int = LARGEST_16_BITS

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> FrameChoice:
        """Return what the arguments of `add_frame_choice` say."""
        return cls(
            input=Path(arguments.input).expanduser(),
            bag_topic=arguments.bag_topic,
            every=arguments.every,
            every_s=arguments.every_s,
            different=arguments.different,
            max_frames=arguments.max_frames,
            jpeg_quality=arguments.jpeg,
            max_value_16bit=arguments.max_value_16bit,
        )

    def check_times(self, has_stamps: bool) -> None:
        """Refuse times where there are none.

        Raises:
            LwrfError: If images are to be chosen by time from a folder.
        """
        if self.every_s is not None and self.input.is_dir() and not has_stamps:
            raise LwrfError(
                f"{self.input} is a folder of images, which have no times for --every-s; take "
                "each Nth one with --every N"
            )


def add_frame_choice(parser: argparse.ArgumentParser) -> None:
    """Declare which frames of which recording become images."""
    parser.add_argument("input", metavar="INPUT", help="ROS bag, video file or folder of images")
    parser.add_argument("--bag-topic", help="image topic to read from a bag that has several")
    add_max_value_16bit(parser)
    step = parser.add_mutually_exclusive_group()
    step.add_argument(
        "--every",
        type=positive_int,
        default=1,
        metavar="N",
        help="take every Nth frame (default: all)",
    )
    step.add_argument(
        "--every-s",
        type=positive_float,
        metavar="SECONDS",
        help="take one frame in this many seconds, by the frames' stamps",
    )
    parser.add_argument(
        "--different",
        type=positive_float,
        metavar="GREY_LEVELS",
        help="skip a frame whose thumbnail differs from the last one taken by less than this "
        "on average (0 to 255); 2 skips what a standing robot sees (default: skip none)",
    )
    parser.add_argument("--max-frames", type=positive_int, help="stop after this many images")
    parser.add_argument(
        "--jpeg",
        type=_quality,
        metavar="QUALITY",
        help="write JPEG of this quality, 1 to 100, instead of PNG",
    )


def _quality(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 100):
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a whole number from 1 to 100")
    return int(text)
