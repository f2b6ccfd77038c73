# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From a replay's output folder to one HTML file that needs nothing else."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader

from lwrf_ros.files import replace_file
from lwrf_ros.replay.report.content import camera_content, class_names, run_content
from lwrf_ros.replay.report.judgement import Comparison, read_comparison, read_scores
from lwrf_ros.replay.report.overlay_pictures import (
    MOST_PICTURES,
    choose_places,
    encode_overlays,
    encode_picture,
)
from lwrf_ros.replay.report.reading import CameraRun, ReportError, read_run
from lwrf_ros.replay.report.worst import largest_changes, least_equal

REPORT_FILE = "report.html"
# Of a page, whatever the length of the run.
PAGE_BYTES = 14_000_000
_CHANGES = (
    "where most of the picture changed its class from one frame to the next; the numbers are "
    "percentage points"
)
# Of the pictures of a comparison, in which several panels stand side by side.
_CHANGED_WIDTH_PX = 1400
_DIFFERENCES = "the frames that have changed most since the earlier replay"


class Report(NamedTuple):
    """The written report.

    Attributes:
        path: The page.
        pictures: Frames with a picture on it.
        frames: Frames with labels.
    """

    path: Path
    pictures: int
    frames: int

    def __str__(self) -> str:
        """Say where the page is and what is on it."""
        shown = f"{self.pictures} of {self.frames} frames" if self.frames else "no frames"
        return f"{self.path}: {shown}, {self.path.stat().st_size / 1e6:.1f} MB"


def write_report(folder: Path, path: Path, comparison_folder: Path | None = None) -> Report:
    """Make the page of a replay.

    Args:
        folder: Output of `lwrf replay`.
        path: The file to write; one that is there is replaced.
        comparison_folder: Of a comparison with an earlier replay; None takes the one in the output,
            if there is any.

    Raises:
        LwrfError: If the folder is no replay's output, or the page cannot be made or written.
    """
    library = plotting_library()
    record, runs = read_run(folder)
    names = class_names(record)
    comparison, scores = read_comparison(folder, comparison_folder), read_scores(folder)
    most = MOST_PICTURES // max(1, len(runs))
    cameras, chosen = [], []
    for run in runs:
        equal = comparison.of(run) if comparison else None
        if equal is None:
            worst, title = largest_changes(run, names), _CHANGES
        else:
            worst, title = least_equal(equal), _DIFFERENCES
        places = choose_places(len(run.processed), most, [one.place for one in worst])
        truth = scores.get(run.topics.topic)
        cameras.append(camera_content(run, places, worst, title, equal, truth))
        chosen.append(places)
    content = run_content(record, folder, cameras, _comparison_content(comparison))
    around = len(_page(content, library).encode())
    _add_pictures(folder, runs, chosen, cameras, PAGE_BYTES - around)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, _page(content, library).encode())
    except OSError as error:
        raise ReportError(
            f"cannot write {path}: {error.strerror}; give another file (-o)"
        ) from error
    return Report(path, sum(map(len, chosen)), sum(len(run.processed) for run in runs))


def _comparison_content(comparison: Comparison | None) -> dict[str, Any] | None:
    """Return what a comparison says with its pictures."""
    if comparison is None:
        return None
    pictures = [
        [text, base64.b64encode(encode_picture(path, _CHANGED_WIDTH_PX)).decode("ascii")]
        for text, path in comparison.pictures()
    ]
    return {**comparison.content, "pictures": pictures}


def _add_pictures(
    folder: Path,
    runs: list[CameraRun],
    chosen: list[list[int]],
    cameras: list[dict[str, Any]],
    budget_bytes: int,
) -> None:
    """Put the pictures into the cameras' content; base64 makes four bytes of three."""
    total = max(1, sum(map(len, chosen)))
    for run, places, content in zip(runs, chosen, cameras, strict=True):
        share = int(budget_bytes * len(places) / total * 3 / 4) - 4 * len(places)
        files = encode_overlays(folder, run.topics, places, share)
        content["pictures"] = [base64.b64encode(file).decode("ascii") for file in files]


def plotting_library() -> str:
    """Return the source of the plotting library that a page carries.

    Raises:
        ReportError: If it is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ReportError(f"the report needs plotly ({error}); pip install plotly") from error
    return str(get_plotlyjs())


def _page(content: dict[str, Any], library: str) -> str:
    """Fill in `page/report.html`, which includes its style and script."""
    files = Environment(loader=PackageLoader(__package__, "page"), autoescape=True)
    # The content's own order, and no more bytes than it needs.
    files.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return files.get_template("report.html").render(content=content, library=library)
