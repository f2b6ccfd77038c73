# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Files that are read because somebody named them: real ones, and no more bytes than expected."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lwrf_ros.errors import LwrfError

_KINDS = (
    (stat.S_ISDIR, "folder"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


def refuse_special(
    path: Path, noun: str, error: type[LwrfError], advice: str = "wanted a file"
) -> None:
    """Refuse what is no file, before anything opens it: a pipe would wait for a writer for ever.

    For libraries that take a path; `read_bounded` looks for itself. What is not there, or cannot
    be looked at, is left to who opens it.

    Args:
        path: What somebody named.
        noun: What it is meant to be, for the message: "the weights file".
        error: What is raised.
        advice: The end of the message.

    Raises:
        LwrfError: The one given, if it is a folder, a pipe, a socket or a device.
    """
    if kind := special_kind(path):
        raise error(f"{noun} {path} is a {kind}; {advice}")


def special_kind(path: Path) -> str | None:
    """Return what a path is that is no file; None for files, and for what cannot be looked at."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), None)


def read_bounded(path: Path, most_bytes: int, noun: str, error: type[LwrfError]) -> bytes:
    """Read a file of which it is known how large it can be.

    Args:
        path: What somebody named.
        most_bytes: More are not read.
        noun: What it is meant to be, for the message: "the class table".
        error: What is raised.

    Raises:
        LwrfError: The one given, if it is no file or larger.
        OSError: If it is not there or cannot be read.
    """
    refuse_special(path, noun, error)
    # Where it becomes a pipe in this very moment, opening it would wait; a file never does.
    with open(path, "rb", opener=_without_waiting) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise error(
            f"{noun} {path} has more than {most_bytes} bytes; wanted at most that: check the path"
        )
    return data


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK)
