# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The folder that a replay writes into: new, empty, or an earlier replay's that may go."""

from __future__ import annotations

import shutil
from pathlib import Path

from lwrf_ros.errors import LwrfError
from lwrf_ros.replay.run_record import RECORD_FILE


def check_output_folder(folder: Path, recording: Path, overwrite: bool) -> None:
    """Make sure that a folder may be written to, without touching it.

    Args:
        folder: The folder.
        recording: The recording that will be read, which must not be lost.
        overwrite: Whether an earlier replay's output may be removed.

    Raises:
        LwrfError: If there is something else.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / RECORD_FILE).is_file():
        raise LwrfError(
            f"{folder} is there and not a replay's output; give a folder that is new or empty (-o)"
        )
    if not overwrite:
        raise LwrfError(
            f"{folder} has an earlier replay's output; give --overwrite to replace it, or another "
            "folder (-o)"
        )
    if recording.resolve().is_relative_to(folder.resolve()):
        raise LwrfError(
            f"{recording} lies in {folder}, which would be replaced; give another folder (-o)"
        )


def make_output_folder(folder: Path) -> None:
    """Make a folder that was checked, empty.

    Raises:
        OSError: If it cannot be made.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
