# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What killed processes left in shared memory goes; what belongs to a living one stays."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from lwrf_ros.node import shared_memory
from lwrf_ros.node.shared_memory import remove_abandoned_segments

LONG_AGO_S = 1_000_000_000


def segment(folder: Path, name: str, size: int = 8192, old: bool = True) -> tuple[Path, Path]:
    """Make a segment and its lock file as Fast DDS does."""
    paths = folder / name, folder / f"{name}_el"
    paths[0].write_bytes(b"x" * size)
    paths[1].touch()
    if old:
        os.utime(paths[1], (LONG_AGO_S, LONG_AGO_S))
    return paths


def test_only_the_segments_of_the_dead_go(tmp_path: Path) -> None:
    dead = segment(tmp_path, "fastdds_0123456789abcdef")
    dead += segment(tmp_path, "fastrtps_fedcba9876543210")
    alive = segment(tmp_path, "fastdds_aaaaaaaaaaaaaaaa")
    young = segment(tmp_path, "fastdds_bbbbbbbbbbbbbbbb", old=False)
    others = segment(tmp_path, "fastdds_port7411") + segment(tmp_path, "something_else_el")
    # In another open file, as another process would have it.
    with alive[1].open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        freed = remove_abandoned_segments(tmp_path)
        assert freed >= 2 * 8192
        assert not any(path.exists() for path in dead)
        assert all(path.exists() for path in (*alive, *young, *others))
    assert remove_abandoned_segments(tmp_path) >= 8192
    assert not any(path.exists() for path in alive)


def test_a_lock_without_a_segment_goes_too(tmp_path: Path) -> None:
    memory, lock = segment(tmp_path, "fastdds_0123456789abcdef")
    memory.unlink()
    assert remove_abandoned_segments(tmp_path) == 0
    assert not lock.exists()


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    assert remove_abandoned_segments(tmp_path / "none") == 0


def test_a_lock_counts_from_two_seconds_of_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_memory.time, "time", lambda: LONG_AGO_S + 2.0)
    young = segment(tmp_path, "fastdds_0123456789abcdef")
    os.utime(young[1], (LONG_AGO_S + 1, LONG_AGO_S + 1))
    old = segment(tmp_path, "fastdds_fedcba9876543210")
    remove_abandoned_segments(tmp_path)
    assert all(path.exists() for path in young)
    assert not any(path.exists() for path in old)
