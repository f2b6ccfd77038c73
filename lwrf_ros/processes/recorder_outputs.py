# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The files of one recording: takes messages' contents, ends as pictures and a summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.drawing.contact_sheet import ContactSheet
from lwrf_ros.drawing.coverage_plot import plot_coverage
from lwrf_ros.drawing.decoration import decoration
from lwrf_ros.drawing.legend import share_texts
from lwrf_ros.drawing.pictures import class_colours
from lwrf_ros.errors import LwrfError
from lwrf_ros.files import replace_file
from lwrf_ros.output_folder import remove_files
from lwrf_ros.recordings.coverage_table import CoverageTable
from lwrf_ros.recordings.overlay_video import OverlayVideo

VIDEO = "overlay.mp4"
SHEET = "contact_sheet.png"
TABLE = "coverage.csv"
PLOT = "coverage.png"
SUMMARY = "summary.json"


class OutputError(LwrfError):
    """The output folder cannot be used."""


class Outputs:
    """Everything that is written into the output folder.

    Args:
        folder: The files of an earlier recording in it are replaced.
        source: What is recorded, for titles; for example ``/segmenter``.
        classes: The class table, for colours.
        note: Sentence for a banner in every picture, None for no banner.

    Raises:
        OutputError: The folder cannot be made or written to.
    """

    def __init__(self, folder: Path, source: str, classes: ClassTable, note: str | None) -> None:
        self._folder = folder
        self._source = source
        self._classes = classes
        self._note = note
        try:
            remove_files(folder, (VIDEO, SHEET, TABLE, PLOT, SUMMARY))
            self._video = OverlayVideo(folder / VIDEO, note)
            self._table = CoverageTable(folder / TABLE)
        except OSError as error:
            raise OutputError(
                f"cannot write into {folder}: {error}; give a folder that can be made or written to"
            ) from error
        self._sheet = ContactSheet()

    def add_overlay(self, frame_bgr: npt.NDArray[np.uint8], stamp_ns: int) -> None:
        """Take one overlay: ``(H, W, 3) uint8`` BGR and its stamp in nanoseconds."""
        self._video.add(frame_bgr, stamp_ns)
        self._sheet.add(frame_bgr, stamp_ns)

    def add_coverage(self, stamp_ns: int, fractions: dict[str, str]) -> None:
        """Take one coverage message: its stamp in nanoseconds and its fractions by class name.

        Raises:
            CoverageError: The message does not fit those before it.
        """
        seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
        self._table.add(f"{seconds}.{nanoseconds:09d}", fractions)

    def finish(self, summary: dict[str, Any]) -> dict[str, Any]:
        """Write everything that waits for the end.

        Args:
            summary: What the recorder knows about the run.

        Returns:
            The summary as written, with the frame rate, the mean coverage and the files added.
        """
        names = self._table.names
        table = self._table.finish()
        means = self._table.means()
        colours = class_colours(names or self._classes.names, self._classes)
        details = share_texts(means)
        files: dict[str, str | None] = {TABLE: str(table) if table else None}
        files[PLOT] = None
        if table:
            plot = self._folder / PLOT
            title = f"Coverage of {self._source}, {self._table.rows} frames"
            with decoration(PLOT):
                plot_coverage(table, plot, title, self._note, colours, details)
                files[PLOT] = str(plot)
        files[SHEET] = None
        if self._video.frames:
            sheet = self._folder / SHEET
            title = f"{self._source}: {self._video.frames} frames at {self._video.rate_hz:.1f} Hz"
            seen = {name: colours[name] for name in details} or colours
            with decoration(SHEET):
                self._sheet.write(sheet, title, self._note, seen, details)
                files[SHEET] = str(sheet)
        video = self._video.finish()
        files[VIDEO] = str(video) if video else None
        complete = {
            **summary,
            "note": self._note,
            "overlay_rate_hz": round(self._video.rate_hz, 3) if self._video.frames else None,
            "mean_coverage": {name: round(mean, 6) for name, mean in means.items()},
            "files": files,
        }
        text = json.dumps(complete, indent=2, ensure_ascii=False)
        replace_file(self._folder / SUMMARY, f"{text}\n".encode())
        return complete
