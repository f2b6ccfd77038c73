# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Files in folders: which are there, in which order, and how they are written whole or not."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import unicodedata
from pathlib import Path, PurePath
from typing import BinaryIO

_DIGITS = re.compile(r"(\d+)")


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: BaseException) -> bool:
    """Tell whether an error says that a disk, a quota or a limit has no room for a file."""
    return isinstance(error, OSError) and error.errno in _FULL


def replace_file(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file whole: whoever fails on the way leaves the old one, and nothing else.

    Only who is killed leaves a hidden file beside it, which the next writer takes over.

    Args:
        path: The file.
        data: All of its bytes.
        sync: Whether to wait until the disk has them, so that a power cut cannot take both the old
            file and the new one. For many small files that is most of the time.

    Raises:
        OSError: If it cannot be written, or another process is writing it (`EBUSY`).
    """
    temporary = path.with_name(f".{path.name}.part")
    # Not emptied before it is ours.
    with temporary.open("ab") as file:
        _keep(file, temporary)
        try:
            file.truncate(0)
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _keep(file: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who had it may have finished meanwhile: then this is the other's result.
        ours = path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())
    except BlockingIOError:
        ours = False
    except OSError:  # a file system without locks
        return
    if not ours:
        raise OSError(errno.EBUSY, "another process is writing it", str(path))


def listed(folder: Path) -> list[Path]:
    """Return what is in a folder in natural order, without what is hidden.

    Hidden is what begins with a dot: what a file manager keeps for itself, files that are being
    written, and the ``._NAME`` that macOS puts beside NAME on a stick or a network drive, which has
    its ending but not its kind of content.
    """
    return sorted((one for one in folder.iterdir() if not is_hidden(one)), key=natural_order)


def is_hidden(path: PurePath) -> bool:
    """Tell by its name whether a file or folder is hidden."""
    return path.name.startswith(".")


def natural_order(path: PurePath | str) -> tuple[list[list[str | int]], str]:
    """Return what names are sorted by: numbers by their value, frame_2 before frame_10.

    Args:
        path: A name or a path; of a path in this order the folders, the name and its ending.
    """
    parts = [str(path)]
    if isinstance(path, PurePath):
        parts = [*path.parent.parts, path.stem, path.suffix]
    # What is equal so far (07 and 7) is told apart by its text: there is only one order.
    return [_with_numbers(composed(part)) for part in parts], str(path)


def composed(name: str) -> str:
    """Return a name as most systems write it: macOS writes ä as a and two dots (Unicode's NFD)."""
    return unicodedata.normalize("NFC", name)


def _with_numbers(text: str) -> list[str | int]:
    # Text and digits take turns, text first: numbers are only ever compared with numbers.
    return [int(part) if index % 2 else part for index, part in enumerate(_DIGITS.split(text))]
