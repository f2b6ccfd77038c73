# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Two archives beside each other, as one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader

from lwrf_ros.archive.differences import Differences
from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.files import replace_file

PAGE_FILE = "differences.html"


def write_page(differences: Differences, path: Path) -> None:
    """Write the page; where the newer archive has reports of recordings, it links to them.

    Raises:
        ArchiveError: If it cannot be written.
    """
    templates = Environment(loader=PackageLoader(__package__, "page"), autoescape=True)
    reports = {
        one.key: f"labels/{one.key}/report.html"
        for one in differences.recordings
        if (path.parent / "labels" / one.key / "report.html").is_file()
    }
    page = templates.get_template("differences.html").render(found=differences, reports=reports)
    try:
        replace_file(path, page.encode())
    except OSError as error:
        raise ArchiveError(f"cannot write {path}: {error.strerror}; free space") from error


def as_text(differences: Differences, most_shown: int = 10) -> str:
    """Lay out what changed most."""
    lines = [
        f"{differences.frames} frames of {len(differences.recordings)} recordings compared; "
        f"{differences.refusals} have labels in one archive only"
    ]
    lines += [
        f"  {one.name}: {one.before:.2%} to {one.after:.2%} of the image, {one.moved:.2%} moved"
        for one in differences.classes[:most_shown]
    ]
    lines.append("recordings that changed most:")
    lines += [
        f"  {one.recording}: {one.moved:.2%}, most in frame {one.worst_frame} of "
        f"{one.worst_topic} ({one.worst:.2%})"
        for one in differences.recordings[:most_shown]
    ]
    for what, only in (
        ("older", differences.only_before),
        ("newer", differences.only_after),
    ):
        if only:
            lines.append(f"only in the {what} archive: {len(only)} recordings, {only[0]} first")
    return "\n".join(lines)
