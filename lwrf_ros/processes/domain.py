# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A ROS domain that no other run on this machine uses."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lwrf_ros.errors import LwrfError

# Domain ids above 101 reach into the ports that Linux gives to outgoing connections.
FIRST_ID, LAST_ID = 1, 100


@contextmanager
def reserve_domain_id() -> Iterator[int]:
    """Reserve a domain id for as long as the context lasts.

    The reservation is a file lock, so it ends with the process however that ends. It keeps those
    apart that ask here (demos, tests); 0, the default domain of everything else, is never given.

    Yields:
        The id, for the environment variable ROS_DOMAIN_ID.

    Raises:
        LwrfError: All are taken.
    """
    folder = Path(tempfile.gettempdir())
    for domain_id in range(FIRST_ID, LAST_ID + 1):
        try:
            handle = os.open(
                folder / f"lwrf_ros_domain_{domain_id}.lock", os.O_RDWR | os.O_CREAT, 0o666
            )
        except PermissionError:
            continue  # another user's
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        try:
            yield domain_id
        finally:
            os.close(handle)
        return
    raise LwrfError(
        f"all ROS domain ids from {FIRST_ID} to {LAST_ID} are in use by demos or tests; end some, "
        f"or remove the lwrf_ros_domain_*.lock files in {folder}"
    )
