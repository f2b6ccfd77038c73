# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which frames are worth a look: changes by hand, ties, flicker, and nothing at all."""

from __future__ import annotations

from pathlib import Path

from small_run import CLASSES, write_run

from lwrf_ros.replay.report.reading import read_run
from lwrf_ros.replay.report.worst import COUNT, WorstFrame, largest_changes

NAMES = [*CLASSES, "unlabelled"]
CALM = [0.5, 0.25, 0.25]


def changes(folder: Path, frames: list[list[float] | str]) -> list[WorstFrame]:
    _, (run,) = read_run(write_run(folder, frames))
    return largest_changes(run, NAMES)


def test_the_largest_change_comes_first(tmp_path: Path) -> None:
    frames = [CALM] * 20
    frames[6:] = [[0.4, 0.35, 0.25]] * 14
    frames[12:] = [[0.4, 0.1, 0.1]] * 8
    assert changes(tmp_path / "out", frames) == [
        WorstFrame(12, "40.0% changed: unlabelled +40.0, car -25.0, tree -15.0"),
        WorstFrame(6, "10.0% changed: road -10.0, car +10.0"),
    ]


def test_places_are_those_of_frames_with_labels(tmp_path: Path) -> None:
    frames = [CALM, "truncated", CALM, "truncated", [0.0, 0.75, 0.25]]
    (worst,) = changes(tmp_path / "out", frames)
    assert worst == WorstFrame(2, "50.0% changed: road -50.0, car +50.0")


def test_a_flicker_is_shown_once_and_no_more_than_so_many(tmp_path: Path) -> None:
    other = [0.25, 0.5, 0.25]
    flicker = changes(tmp_path / "flicker", [CALM, other] * 3)
    assert [worst.place for worst in flicker] == [1, 5]
    many = changes(tmp_path / "many", ([CALM] * 5 + [other] * 5) * 10)
    assert len(many) == COUNT


def test_nothing_is_worth_a_look(tmp_path: Path) -> None:
    assert changes(tmp_path / "calm", [CALM] * 4) == []
    assert changes(tmp_path / "one", [CALM]) == []
    assert changes(tmp_path / "none", []) == []
