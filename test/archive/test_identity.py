# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A recording is its content, whatever it is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("fsspec", reason="fsspec is not installed: make test-archive has it")

from lwrf_ros.archive.identity import Identities, key_of
from lwrf_ros.archive.recording_files import find_recordings


def identity(folder: Path, path: Path) -> str:
    (found,) = find_recordings([str(path)])
    return Identities(folder).of(found)


def test_it_follows_the_content(tmp_path: Path) -> None:
    one, other = tmp_path / "a.mcap", tmp_path / "elsewhere/a.mcap"
    one.write_bytes(b"first")
    other.parent.mkdir()
    other.write_bytes(b"first")
    assert identity(tmp_path, one) == identity(tmp_path, other)
    other.write_bytes(b"other")
    assert identity(tmp_path, one) != identity(tmp_path, other)


def test_what_was_hashed_is_kept_until_size_or_time_change(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    path.write_bytes(b"first")
    (found,) = find_recordings([str(path)])
    identities = Identities(tmp_path)
    before = identities.of(found)
    identities.save()
    about = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert Identities(tmp_path).of(found) == before
    os.utime(path, ns=(0, 0))
    assert Identities(tmp_path).of(found) != before
    # What is kept only saves time.
    (tmp_path / "hashes.json").write_text("rubbish")
    assert Identities(tmp_path).of(found) != before


def test_a_key_follows_recording_and_settings() -> None:
    keys = {
        key_of(identity, {"weights": weights}) for identity in ("a", "b") for weights in ("x", "y")
    }
    assert len(keys) == 4
    assert key_of("a", {"one": 1, "two": 2}) == key_of("a", {"two": 2, "one": 1})
