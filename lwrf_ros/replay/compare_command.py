# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From two output folders to what is said of their difference, and the exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lwrf_ros.errors import LwrfError
from lwrf_ros.output_folder import remove_files
from lwrf_ros.replay.changed_frames import draw_changed_frames
from lwrf_ros.replay.comparison import Limits, compare
from lwrf_ros.replay.comparison_report import (
    COMPARISON_FILE,
    WRITTEN,
    as_json,
    as_text,
    write_files,
)
from lwrf_ros.replay.label_bag import LabelBag
from lwrf_ros.terminal.exit_codes import EXIT_DIFFERENT, EXIT_DONE
from lwrf_ros.terminal.progress import progress_bar

FOLDER = "comparison"


def compare_folders(
    golden: Path, current: Path, limits: Limits, output: Path | None, as_json_text: bool
) -> int:
    """Compare two outputs, print, write, and return the exit code.

    Args:
        golden: The earlier output.
        current: The later one.
        limits: What may change.
        output: Folder for pictures and files; one of an earlier comparison is replaced. None
            writes nothing.
        as_json_text: Whether JSON is printed instead of a table.

    Raises:
        LwrfError: If they cannot be compared or the folder cannot be written to.
    """
    if output is not None:
        _check(output)
    one, other = LabelBag(golden), LabelBag(current)
    count = sum(account.processed for account in other.record.account.values())
    with progress_bar("comparing", count, in_logs=False) as bar:
        comparison = compare(one, other, bar.update)
    pictures = {}
    if output is not None:
        _clear(output)
        pictures = draw_changed_frames(output, comparison)
        write_files(output, comparison, limits, pictures)
    if as_json_text:
        print(json.dumps(as_json(comparison, limits, pictures), indent=2, allow_nan=False))
    else:
        print(as_text(comparison, limits, pictures))
    if output is not None:
        # What goes to stdout shall stay JSON.
        print(f"wrote {output}", file=sys.stderr if as_json_text else sys.stdout)
    sys.stdout.flush()
    return EXIT_DIFFERENT if comparison.exceeded(limits) else EXIT_DONE


def _check(folder: Path) -> None:
    there = [] if not folder.exists() else list(folder.iterdir())
    if there and not (folder / COMPARISON_FILE).is_file():
        raise LwrfError(
            f"{folder} is there and no comparison's; give a folder that is new or empty (-o)"
        )


def _clear(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_files(folder, WRITTEN)
    except OSError as error:
        raise LwrfError(
            f"cannot write into {folder}: {error.strerror}; give a folder that can be made (-o)"
        ) from error
