# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The driver over real worker processes: what is missing, what dies, what is set aside."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from conftest import QUICK
from small_bags import frames, raw_image, write_bag

pytest.importorskip("pyarrow", reason="pyarrow is not installed: make test-archive has it")
pytest.importorskip("fsspec", reason="fsspec is not installed: make test-archive has it")

from lwrf_ros.archive.archive_run import Report, archive, describe
from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.pools import ProcessPool
from lwrf_ros.archive.store import Store

PATIENCE_S = 120.0


def run(sources: list[Path], store: Store, workers: int = 1) -> Report:
    return archive(
        [str(one) for one in sources],
        QUICK,
        store,
        lambda: ProcessPool(QUICK, store.folder, workers),
    )


def tables(store: Store) -> list[str]:
    return sorted(path.name for path in (store.folder / "frames").rglob("*.parquet"))


def test_an_archive_grows_and_does_only_what_is_missing(bags: Path, tmp_path: Path) -> None:
    (bags / "broken.mcap").write_bytes(b"rubbish")
    shutil.copytree(bags / "one", bags / "one_again")
    store = Store(tmp_path / "archive")
    first = run([bags], store)
    assert (first.found, first.copies, first.earlier, first.done, first.frames) == (4, 1, 0, 2, 9)
    (failure,) = first.failed
    assert (failure.recording, failure.attempts) == (str(bags / "broken.mcap"), 2)
    assert "broken.mcap" in failure.reason
    assert store.failures() == [failure]
    assert "set aside: " in describe(first, store)
    before = tables(store)
    assert len(before) == 2
    # Finished, mended and extended.
    (bags / "broken.mcap").unlink()
    write_bag(bags / "three", {"/image": frames(raw_image, 2)})
    second = run([bags], store)
    assert (second.found, second.earlier, second.done, second.failed) == (4, 2, 1, [])
    assert set(before) < set(tables(store))
    # Nothing is missing: not even a worker is started.
    third = archive([str(bags)], QUICK, store, lambda: pytest.fail("a pool"))
    assert (third.earlier, third.done) == (3, 0)
    # Another content under the same name: its old rows go.
    shutil.rmtree(bags / "three")
    write_bag(bags / "three", {"/image": frames(raw_image, 5)})
    fourth = run([bags / "three"], store)
    assert (fourth.done, fourth.frames, len(tables(store))) == (1, 5, 3)


def test_a_worker_that_is_killed_costs_one_try(tmp_path: Path) -> None:
    for name in ("long", "longer"):
        count = 300 if name == "long" else 301
        write_bag(tmp_path / "bags" / name, {"/image": frames(raw_image, count)})
    store = Store(tmp_path / "archive")
    reports: list[Report] = []
    thread = threading.Thread(
        target=lambda: reports.append(run([tmp_path / "bags"], store, 2)), daemon=True
    )
    thread.start()
    end_s = time.monotonic() + PATIENCE_S
    while not (busy := list(store.partial.glob("*.parquet")) if store.partial.exists() else []):
        assert time.monotonic() < end_s
        time.sleep(0.01)
    os.kill(int(busy[0].stem.rpartition("-")[2]), signal.SIGKILL)
    thread.join(PATIENCE_S)
    (report,) = reports
    assert (report.done, report.frames, report.failed) == (2, 601, [])
    assert list(store.partial.iterdir()) == []


def test_a_second_run_beside_the_first_is_refused(bags: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "archive")
    with store.claimed(), pytest.raises(ArchiveError, match="another run writes into"):
        run([bags], Store(tmp_path / "archive"))
