# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A home for who has none: when, where, and that it is nobody else's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from lwrf_ros.home import ensure_home, home_problem


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_without_a_home_there_is_one_that_the_next_process_finds(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = temporary / f"lwrf_ros_home_{os.getuid()}"
    for _ in range(2):
        monkeypatch.delenv("HOME", raising=False)
        ensure_home()
        assert os.environ["HOME"] == str(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert f"HOME is not set: {folder} takes its place" in capsys.readouterr().err


def test_a_home_is_kept_be_it_empty_or_still_to_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for home in (tmp_path, tmp_path / "new" / "one"):
        monkeypatch.setenv("HOME", str(home))
        ensure_home()
        assert os.environ["HOME"] == str(home)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("other", ["a folder that all may write to", "a link", "a file"])
def test_what_another_may_have_put_there_is_not_used(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    folder = temporary / f"lwrf_ros_home_{os.getuid()}"
    if other == "a link":
        (temporary / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to("elsewhere")
    elif other == "a file":
        folder.touch()
    else:
        folder.mkdir()
        folder.chmod(0o777)
    monkeypatch.delenv("HOME", raising=False)
    ensure_home()
    home = os.environ.get("HOME")
    # A file in its place leaves none.
    assert (home is None) == (other == "a file")
    assert home != str(folder)


def test_what_is_no_home() -> None:
    assert home_problem({}) == "HOME is not set"
    assert home_problem({"HOME": "~"}) == "HOME is ~, which is no whole path"
