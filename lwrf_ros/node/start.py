# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How every process of this package begins with rclpy, also where nobody has a home."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lwrf_ros.errors import LwrfError

if TYPE_CHECKING:
    from rclpy.context import Context

_NO_LOG_FILES = "--disable-external-lib-logs"


class StartError(LwrfError):
    """ROS cannot begin with what it was given."""


def start_rclpy(
    arguments: Sequence[str] = (), context: Context | None = None, domain_id: int | None = None
) -> None:
    """Initialise rclpy; signals stay the caller's.

    Where rcl cannot write its log files it would raise: a container's user may have no home. Then
    there are none, and a line on stderr says what to set; what is logged to the console and to
    /rosout stays.

    Args:
        arguments: ROS' arguments, without the program's name.
        context: The context, rclpy's default one if not given.
        domain_id: The ROS domain, that of the environment if not given.

    Raises:
        StartError: If rcl does not take the arguments, with its words.
    """
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    arguments = list(arguments)
    if problem := log_folder_problem(os.environ):
        print(f"no log files, as {problem}; set ROS_LOG_DIR to a folder", file=sys.stderr)
        arguments += ["--ros-args", _NO_LOG_FILES]
    try:
        rclpy.init(
            # The first is the program, which rcl skips.
            args=["", *arguments],
            context=context,
            domain_id=domain_id,
            signal_handler_options=SignalHandlerOptions.NO,
        )
    except RuntimeError as error:
        # Of unknown arguments rclpy raises a list of them and says no more.
        unknown = type(error).__name__ == "UnknownROSArgsError"
        raise StartError(f"unknown ROS arguments: {error}" if unknown else f"{error}") from None


def log_folder_problem(environment: Mapping[str, str]) -> str:
    """Say why rcl could not write its log files; nothing if it can.

    Args:
        environment: Environment variables of the process.
    """
    home = environment.get("HOME", "")
    if given := environment.get("ROS_LOG_DIR"):
        name, folder = "ROS_LOG_DIR", given
    elif given := environment.get("ROS_HOME"):
        name, folder = "ROS_HOME", f"{given}/log"
    else:
        name, folder = "HOME", "~/.ros/log"
    if folder.startswith("~"):
        if not home:
            return "HOME is not set"
        folder = home + folder[1:]
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"{path}, of {name}, cannot be made ({error.strerror})"
    return "" if os.access(path, os.W_OK | os.X_OK) else f"{path}, of {name}, cannot be written"
