# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The folder that a replay writes into: new, empty, or an earlier replay's that may go."""

from __future__ import annotations

from pathlib import Path

from lwrf_ros.errors import LwrfError
from lwrf_ros.output_folder import remove_files
from lwrf_ros.recordings.bags.bag_writer import files_of_bag
from lwrf_ros.replay import comparison_report
from lwrf_ros.replay.compare_command import FOLDER
from lwrf_ros.replay.ground_truth import SCORES_FILE
from lwrf_ros.replay.run_record import FRAMES_FILE, RECORD_FILE

# The page of `lwrf report`, which is about this very run.
_REPORT_FILE = "report.html"


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
    """Make a folder that was checked, and remove what an earlier replay has written there.

    Whatever else is in it stays.

    Raises:
        OSError: If it cannot be made, or a file not be removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    comparison = [f"{FOLDER}/{name}" for name in comparison_report.WRITTEN]
    written = [*files_of_bag(folder), FRAMES_FILE, SCORES_FILE, _REPORT_FILE]
    # The record goes last: it is what tells that the rest is a replay's.
    remove_files(folder, [*comparison, f"{FOLDER}/", *written, RECORD_FILE])
