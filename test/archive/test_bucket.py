# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Recordings in a bucket, of a real server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from conftest import QUICK

pytest.importorskip("pyarrow", reason="pyarrow is not installed: make test-archive has it")
pytest.importorskip("fsspec", reason="fsspec is not installed: make test-archive has it")
pytest.importorskip("moto.server", reason="moto is not installed: it serves the bucket")
pytest.importorskip("s3fs", reason="s3fs is not installed: buckets need it")

from moto.server import ThreadedMotoServer

from lwrf_ros.archive.archive_run import archive
from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.identity import Identities
from lwrf_ros.archive.pools import ProcessPool
from lwrf_ros.archive.recording_files import find_recordings
from lwrf_ros.archive.store import Store

# The server forgets nothing in a process.
_NUMBERS = count()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the URL of an empty bucket on a server of this test's own."""
    import fsspec

    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"fleet-{next(_NUMBERS)}"
    fsspec.filesystem("s3").mkdir(name)
    yield f"s3://{name}"
    server.stop()
    type(fsspec.filesystem("s3")).clear_instance_cache()


def test_a_bucket_is_read_like_a_folder(bags: Path, bucket: str, tmp_path: Path) -> None:
    import fsspec

    files = fsspec.filesystem("s3")
    files.put(str(bags), f"{bucket}/bags", recursive=True)
    found = find_recordings([bucket])
    assert [one.url for one in found] == [f"{bucket}/bags/one", f"{bucket}/bags/two"]
    assert not any(one.local for one in found)
    before = [Identities(tmp_path).of(one) for one in found]
    store = Store(tmp_path / "archive")
    report = archive([bucket], QUICK, store, lambda: ProcessPool(QUICK, store.folder, 1))
    assert (report.done, report.frames, report.failed) == (2, 9, [])
    assert {one.recording for one in store.done().values()} == {one.url for one in found}
    assert archive([bucket], QUICK, store, lambda: pytest.fail("a pool")).earlier == 2
    # What lies there under the same name, but is another, is another recording.
    (name,) = files.glob(f"{bucket}/bags/one/*.mcap")
    files.pipe(name, files.cat(name) + b"x")
    files.invalidate_cache()
    after = [Identities(tmp_path).of(one) for one in find_recordings([bucket])]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, False]


def test_a_bucket_that_is_not_there(bucket: str) -> None:
    with pytest.raises(ArchiveError, match="s3://nobodys/bags"):
        find_recordings(["s3://nobodys/bags"])
