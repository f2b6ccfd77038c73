# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A home for a process that has none, as in a container whose user nobody knows."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def ensure_home() -> None:
    """Give this process and its children a home if theirs cannot be one, and say so on stderr.

    Without one rcl ends every node, and libraries keep what they compile in a folder named ``~`` or
    nowhere. It lies in the folder for temporary files, under the user's number, so that what a
    process keeps there is found by the next one.
    """
    problem = home_problem(os.environ)
    if not problem:
        return
    folder = _own_folder(Path(tempfile.gettempdir()))
    if folder is None:
        return
    os.environ["HOME"] = str(folder)
    print(
        f"{problem}: {folder} takes its place for caches and log files; set HOME to a folder that "
        "stays",
        file=sys.stderr,
        flush=True,
    )


def home_problem(environment: Mapping[str, str]) -> str:
    """Say why there is no home; nothing where there is one, be it read-only.

    Args:
        environment: Environment variables of the process.
    """
    home = environment.get("HOME", "")
    if not home:
        return "HOME is not set"
    path = Path(home)
    if not path.is_absolute():
        return f"HOME is {home}, which is no whole path"
    if path != Path("/") and path.is_dir():
        return ""
    while not path.exists():
        path = path.parent
    return "" if os.access(path, os.W_OK) else f"HOME is {home}, where nothing can be written"


def _own_folder(parent: Path) -> Path | None:
    """Return a folder that nobody but this user can write to, None where there can be none.

    Its name can be guessed, so that another user may have been there first: what libraries find in
    it they run.
    """
    folder = parent / f"lwrf_ros_home_{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        foreign = found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode)
        if foreign or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return Path(tempfile.mkdtemp(prefix="lwrf_ros_home_", dir=parent))
    except OSError:
        return None
    return folder
