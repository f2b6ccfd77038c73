# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The folder that a replay writes into: new, empty, or an earlier replay's that may go."""

from __future__ import annotations

import shutil
from pathlib import Path

from lwrf_ros.errors import LwrfError
from lwrf_ros.tools.replaying.run_record import RECORD_FILE


def make_output_folder(folder: Path, recording: Path, overwrite: bool) -> None:
    """Make the folder, empty.

    Args:
        folder: The folder.
        recording: The recording that will be read, which must not be lost.
        overwrite: Whether an earlier replay's output may be removed.

    Raises:
        LwrfError: If there is something else, or it cannot be written to.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            _clear(folder, recording, overwrite)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LwrfError(
            f"cannot write into {folder}: {error.strerror}; give a folder that can be made (-o)"
        ) from error


def _clear(folder: Path, recording: Path, overwrite: bool) -> None:
    if not folder.is_dir() or not (folder / RECORD_FILE).is_file():
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
    shutil.rmtree(folder)
