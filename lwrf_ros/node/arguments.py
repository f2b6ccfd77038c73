# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The command line of the executable `segmenter`: what is ROS' own, and what people write."""

from __future__ import annotations

import argparse
import itertools
import textwrap
from collections.abc import Sequence
from typing import NoReturn

from lwrf_ros.configuration.parameters import FIELDS

_ROS_ARGUMENTS, _END_OF_ROS_ARGUMENTS = "--ros-args", "--"
_PARAMS_FILE = "--params-file"
_EXAMPLE = "segmenter --ros-args -p image_topics:=[/camera/image_raw] -r __node:=eyes"


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint says where ROS' arguments belong."""

    def error(self, message: str) -> NoReturn:
        super().error(f"{message}; ROS arguments stand behind {_ROS_ARGUMENTS}: {_EXAMPLE}")


def ros_arguments(given: Sequence[str]) -> list[str]:
    """Return the command line as rclpy takes it.

    A parameter file may be given with and without `--ros-args`. What else stands outside of ROS'
    arguments is refused: rcl would drop it without a word. So is a parameter as it is written for
    `ros2 launch`.

    Args:
        given: The arguments of the process, without the program's name.

    Raises:
        SystemExit: After the help (code 0), and for an argument that there is not (code 2).
    """
    own, of_ros = _split(given)
    parsed = _parser().parse_args(own)
    for path in reversed(parsed.params_file):
        # In front: what is given for a single parameter wins over the file that comes before it.
        of_ros = [_PARAMS_FILE, path, *of_ros]
    return [_ROS_ARGUMENTS, *of_ros] if of_ros else []


def parameter_files(arguments: Sequence[str]) -> list[str]:
    """Return the paths of the parameter files that rclpy is given, in their order."""
    pairs = itertools.pairwise(arguments)
    return [path for option, path in pairs if option == _PARAMS_FILE]


def _split(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part the arguments that are not ROS' from those that are."""
    own: list[str] = []
    of_ros: list[str] = []
    target = own
    for argument in given:
        if argument == _ROS_ARGUMENTS:
            target = of_ros
        elif argument == _END_OF_ROS_ARGUMENTS and target is of_ros:
            target = own
        else:
            target.append(argument)
    return own, of_ros


def _parser() -> argparse.ArgumentParser:
    names = textwrap.fill(", ".join(FIELDS), width=90)
    parser = _Parser(
        prog="segmenter",
        description="The segmentation node of lwrf_ros: camera images in, labels and coverage out.",
        epilog=f"example: {_EXAMPLE}\n\nparameters (see config/segmenter.yaml):\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        _PARAMS_FILE,
        metavar="FILE",
        action="append",
        default=[],
        help="YAML file of parameters, as config/segmenter.yaml; may be given several times",
    )
    parser.add_argument(
        _ROS_ARGUMENTS,
        nargs="...",
        help="arguments of ROS: -p NAME:=VALUE, --params-file FILE, -r FROM:=TO, --log-level LEVEL",
    )
    return parser
