# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Folders that tools write into: each belongs to one run until that ends."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lwrf_ros.errors import LwrfError

# In the environment of a run's own processes: the folder that they may write into as well.
SHARED = "LWRF_OUTPUT_FOLDER"


class OutputFolderError(LwrfError):
    """A folder that cannot be written into, or that another run is writing into."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep a folder for this run, and make it where it is not there.

    The lock is the kernel's and on the folder itself: it leaves no file behind, ends with the
    process however that ends, and takes mount points, links and ``.`` as they are. A folder that
    was made here is removed again if nothing was put into it.

    Raises:
        OutputFolderError: If it cannot be made or written into, or another run has it.
    """
    if os.environ.get(SHARED) == str(folder.resolve()):
        yield
        return
    try:
        made = _make(folder)
        handle = _locked(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except OSError as error:
        raise OutputFolderError(
            f"cannot write into {folder}: {error.strerror or error}; give a folder that can be "
            "made or written to"
        ) from error
    try:
        yield
    finally:
        for path in reversed(made):
            try:
                path.rmdir()
            except OSError:  # it holds what was written
                break
        os.close(handle)


def remove_files(folder: Path, patterns: Sequence[str]) -> None:
    """Remove what an earlier run of the same tool has written, and nothing else.

    Args:
        folder: The folder.
        patterns: Names of files in it, as `Path.glob` takes them; one that ends in a slash is a
            folder, which is removed if that leaves it empty.

    Raises:
        OSError: If one cannot be removed.
    """
    for pattern in patterns:
        for path in folder.glob(pattern.rstrip("/")):
            if not pattern.endswith("/"):
                path.unlink()
            elif path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
                path.rmdir()


def _make(folder: Path) -> list[Path]:
    """Make a folder and those above it; return those that were not there, the highest first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _locked(folder: Path) -> int:
    """Return a handle that keeps the folder until it is closed."""
    while True:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise OutputFolderError(
                f"another run is writing into {folder}; wait until it has ended, or give another "
                "folder"
            ) from None
        except OSError as error:
            print(
                f"{folder}: its file system keeps no locks ({error.strerror}); nothing stops "
                "another run from writing into it at the same time",
                file=sys.stderr,
            )
            return handle
        # Another run may have made it and, having nothing to put there, removed it meanwhile.
        if folder.exists() and os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
        os.close(handle)
        folder.mkdir(parents=True, exist_ok=True)
