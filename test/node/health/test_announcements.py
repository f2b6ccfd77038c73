# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What of a camera's status comes to the log: when it begins, once, and when it is over."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus

from lwrf_ros.node.health.announcements import Announcements, Line
from lwrf_ros.node.health.camera_status import Finding, Verdict


def verdict(finding: Finding) -> Verdict:
    return Verdict(DiagnosticStatus.WARN, finding, finding.value)


def said(findings: list[tuple[float, Finding]]) -> list[tuple[float, Line]]:
    """Return the lines with the times at which they came."""
    announcements = Announcements()
    lines = [(now_s, announcements.next(verdict(one), now_s)) for now_s, one in findings]
    return [(now_s, line) for now_s, line in lines if line is not None]


def test_a_status_that_lasts_is_said_once_and_so_is_its_end() -> None:
    lost, well = Finding.LOST, Finding.NOTHING
    course = [(0.0, well), (1.0, lost), (2.0, lost), (200.0, lost), (201.0, well), (202.0, well)]
    assert said(course) == [
        (1.0, Line("images lost on the way", True)),
        (201.0, Line("all is well: nothing", False)),
    ]


def test_what_comes_and_goes_is_said_again_after_a_minute_without_it() -> None:
    course = [(float(s), Finding.LATE if s % 2 else Finding.NOTHING) for s in range(20)]
    assert [s for s, _ in said(course)] == [1.0, 2.0]
    course += [(78.9, Finding.LATE), (79.0, Finding.NOTHING)]
    assert [s for s, _ in said(course)] == [1.0, 2.0]
    course += [(139.0, Finding.LATE)]
    assert [s for s, _ in said(course)] == [1.0, 2.0, 139.0]


def test_silence_is_said_after_three_seconds_of_it() -> None:
    silent = [(float(s), Finding.SILENT) for s in range(10)]
    assert said(silent) == [(3.0, Line("no images", True))]
    assert said([(s, Finding.SILENT if s % 3 else Finding.NOTHING) for s, _ in silent]) == []


def test_each_finding_has_its_own_line_and_unwatched_is_no_warning() -> None:
    course = [(0.0, Finding.UNWATCHED), (1.0, Finding.APART), (2.0, Finding.UNWATCHED)]
    assert said(course) == [
        (0.0, Line("nobody subscribes", False)),
        (1.0, Line("peers that cannot be connected", True)),
    ]


def test_images_that_cannot_be_used_are_said_by_those_who_refuse_them() -> None:
    assert said([(0.0, Finding.UNUSABLE), (1.0, Finding.NOTHING)]) == []
