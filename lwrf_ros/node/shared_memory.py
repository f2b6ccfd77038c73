# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Shared memory that Fast DDS left behind when a process was killed."""

from __future__ import annotations

import fcntl
import os
import re
import time
from contextlib import suppress
from pathlib import Path

_FOLDER = Path("/dev/shm")
# A segment and beside it, with this ending, the file that its owner keeps locked while it lives.
_LOCK = re.compile(r"(fastdds|fastrtps)_[0-9a-f]{16}_el")
_SUFFIX = "_el"
# Younger than this, a segment's owner may not have got as far as to lock it.
_LEAST_AGE_S = 2.0


def remove_abandoned_segments(folder: Path = _FOLDER) -> int:
    """Remove segments of Fast DDS whose owner is gone.

    Nobody else does: a killed process leaves its whole segment, 64 MiB with the profile for large
    images, so a node that is killed and started again would fill a container's /dev/shm and then
    not start. The kernel drops a lock with its owner, so a lock that can be had has no owner.

    Args:
        folder: Where shared memory lies.

    Returns:
        Bytes that were given back.
    """
    freed = 0
    for lock in sorted(folder.glob(f"fast*{_SUFFIX}")):
        if _LOCK.fullmatch(lock.name):
            # Somebody else's, or gone meanwhile.
            with suppress(OSError):
                freed += _remove_if_abandoned(lock)
    return freed


def remove_own_segments(folder: Path = _FOLDER) -> None:
    """Remove this process's segments of Fast DDS, before it ends without asking Fast DDS to.

    Its own are those whose locks it has open.

    Args:
        folder: Where shared memory lies.
    """
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            lock = descriptor.readlink()
            if lock.parent == folder and _LOCK.fullmatch(lock.name):
                lock.with_name(lock.name.removesuffix(_SUFFIX)).unlink(missing_ok=True)
                lock.unlink()


def other_users(folder: Path = _FOLDER) -> list[int]:
    """Return the ids of other users whose shared memory of Fast DDS is there.

    Args:
        folder: Where shared memory lies.
    """
    found = set()
    for path in folder.glob("fast*"):
        with suppress(OSError):
            found.add(path.stat().st_uid)
    return sorted(found - {os.getuid()})


def _remove_if_abandoned(lock: Path) -> int:
    descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if time.time() - os.fstat(descriptor).st_mtime < _LEAST_AGE_S:
            return 0
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        segment = lock.with_name(lock.name.removesuffix(_SUFFIX))
        size = 0
        with suppress(FileNotFoundError):
            size = segment.stat().st_blocks * 512
            segment.unlink()
        lock.unlink()
        return size
    finally:
        os.close(descriptor)
