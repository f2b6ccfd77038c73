# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Progress in logs: a line every five seconds where it is wanted, and else nothing."""

from __future__ import annotations

import os

import pytest

from lwrf_ros.terminal import progress
from lwrf_ros.terminal.progress import progress_bar


def test_a_log_gets_a_line_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("playing", 100, in_logs=True) as bar:
        begun_s = bar.start_t
        lines = []
        for after_s in (4.9, 5.1):
            capsys.readouterr()
            bar._time = lambda now_s=begun_s + after_s: now_s
            bar.update()
            lines.append(capsys.readouterr().err)
    assert lines[0] == ""
    assert "playing" in lines[1] and "2/100" in lines[1]
    assert len(lines[1].strip()) <= 100


def test_nothing_where_no_log_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("playing", 3, in_logs=False) as bar:
        for _ in range(3):
            bar.update()
    assert capsys.readouterr().err == ""


def test_a_terminal_that_does_not_tell_its_width_has_a_hundred_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress.os, "get_terminal_size", lambda number: os.terminal_size((0, 0)))
    with progress_bar("playing", 3, in_logs=True) as bar:
        assert bar.ncols == 100
