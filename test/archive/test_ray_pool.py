# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""An archive on a real Ray cluster of this machine, one of whose workers is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import QUICK
from small_bags import frames, raw_image, write_bag

pytest.importorskip("pyarrow", reason="pyarrow is not installed: make test-archive has it")
pytest.importorskip("fsspec", reason="fsspec is not installed: make test-archive has it")
pytest.importorskip("ray", reason="ray is not installed: --ray needs it")

import ray

from lwrf_ros.archive.archive_run import Report, archive
from lwrf_ros.archive.options import Shipment
from lwrf_ros.archive.pools import RAY_USAGE, RayPool
from lwrf_ros.archive.store import Store

PATIENCE_S = 180.0


@pytest.fixture
def cluster() -> Iterator[str]:
    """Return the address of a cluster with two workers' worth of processors."""
    from ray.cluster_utils import Cluster

    os.environ.setdefault(RAY_USAGE, "0")
    # Else Ray's workers stand back behind whatever else this machine does.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (Ray writes it so)
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    yield made.address
    ray.shutdown()
    made.shutdown()


def test_a_worker_of_a_cluster_dies_and_nothing_is_lost(tmp_path: Path, cluster: str) -> None:
    for count in (250, 251, 2):
        write_bag(tmp_path / "bags" / f"of_{count}", {"/image": frames(raw_image, count)})
    store = Store(tmp_path / "archive")
    reports: list[Report] = []

    def run() -> None:
        reports.append(
            archive(
                [str(tmp_path / "bags")],
                QUICK,
                store,
                lambda: RayPool(QUICK, store.folder, cluster, gpu=False),
            )
        )

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    end_s = time.monotonic() + PATIENCE_S
    while not (busy := list(store.partial.glob("*.parquet")) if store.partial.exists() else []):
        assert time.monotonic() < end_s
        time.sleep(0.01)
    os.kill(int(busy[0].stem.rpartition("-")[2]), signal.SIGKILL)
    thread.join(PATIENCE_S)
    (report,) = reports
    assert (report.done, report.frames, report.failed) == (3, 503, [])


def test_ray_reports_nothing_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = []

    class Ray:
        """Notes what Ray would be told."""

        def init(self, **_: object) -> None:
            seen.append(os.environ[RAY_USAGE])
            raise RuntimeError("enough")

    monkeypatch.delenv(RAY_USAGE, raising=False)
    monkeypatch.setattr("lwrf_ros.archive.pools.import_optional", lambda name: Ray())
    with pytest.raises(RuntimeError, match="enough"):
        RayPool(QUICK, tmp_path, "auto", gpu=False)
    assert seen == ["0"]


def test_weights_and_tables_travel_as_files(tmp_path: Path) -> None:
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"tensors")
    regions = tmp_path / "regions.yaml"
    regions.write_bytes(b"regions")
    engine = replace(QUICK.engine, weights=str(weights))
    shipment = Shipment.of(replace(QUICK, engine=engine, regions=str(regions)))
    weights.unlink()
    regions.unlink()
    here = shipment.unpacked()
    assert Path(here.engine.weights).read_bytes() == b"tensors"
    assert Path(here.engine.weights).suffix == ".safetensors"
    assert Path(here.regions).read_bytes() == b"regions"
    # What has a name on every machine keeps it.
    assert here.engine.classes == ""
    assert Shipment.of(QUICK).unpacked() == QUICK
