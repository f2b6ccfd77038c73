# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""An archive's folder: one run at a time, and nothing that is done is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.store import Failure, Outcome, Store, table_path

ABOUT = {"settings": {"weights_sha256": "abc", "alerts": []}, "classes": ["road"], "weights": "w"}


def outcome(store: Store, key: str, recording: str) -> Outcome:
    table = table_path("2026-11-28", "amr_1", key)
    (store.folder / table).parent.mkdir(parents=True, exist_ok=True)
    (store.folder / table).write_bytes(b"rows")
    return Outcome(key, recording, "id", table, "2026-11-28", "amr_1", 3, {"data": 1}, {}, 0.5)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    store = Store(tmp_path / "archive")
    with (
        store.claimed(),
        pytest.raises(ArchiveError, match="another run writes into"),
        Store(tmp_path / "archive").claimed(),
    ):
        pass
    with store.claimed():
        pass


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_bytes(b"years")
    with (
        pytest.raises(ArchiveError, match=r"holds thesis\.odt and is no archive"),
        Store(tmp_path).claimed(),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]
    with pytest.raises(ArchiveError, match="is no archive"):
        Store(tmp_path).about()


def test_what_is_done_and_what_failed(tmp_path: Path) -> None:
    store = Store(tmp_path / "archive")
    with store.claimed():
        store.set_aside(Failure("k1", "/bags/a", "cut", 2))
        store.set_aside(Failure("k2", "/bags/b", "cut", 2))
        done = outcome(store, "k1", "/bags/a")
        store.add(done)
    assert store.done() == {"k1": done}
    assert [failure.recording for failure in store.failures()] == ["/bags/b"]
    # Without its rows a task is not done, nor by a note that is cut.
    (store.folder / done.table).unlink()
    assert store.done() == {}
    (store.folder / done.table).write_bytes(b"rows")
    (store.folder / "recordings/k1.json").write_text("{")
    assert store.done() == {}


def test_it_goes_on_as_it_was_begun(tmp_path: Path) -> None:
    store = Store(tmp_path / "archive")
    with store.claimed():
        store.describe(ABOUT)
        store.describe({**ABOUT, "weights": "elsewhere"})
        changed = {**ABOUT, "settings": {"weights_sha256": "def", "alerts": []}}
        with pytest.raises(ArchiveError, match='made with weights_sha256 "abc", not "def"'):
            store.describe(changed)
        assert store.about() == {"format": 1, **ABOUT}


def test_rows_of_a_content_that_is_gone_go_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "archive")
    with store.claimed():
        for key, recording in (("k1", "/bags/a"), ("k2", "/bags/b"), ("k3", "/bags/c")):
            store.add(outcome(store, key, recording))
        # a has another content now, b was moved to where a was before, c was not looked at.
        store.retire({"/bags/a": "k9", "/bags/moved": "k2"})
    assert sorted(store.done()) == ["k2", "k3"]
    assert not (store.folder / table_path("2026-11-28", "amr_1", "k1")).exists()


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    store = Store(tmp_path / "archive")
    with store.claimed():
        store.describe(ABOUT)
        (store.partial / "k1-77.parquet").write_bytes(b"half")
    with store.claimed():
        assert list(store.partial.iterdir()) == []
