# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A recording's rows: what they say, against the engine itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import QUICK, MakeTask
from small_bags import DELAY_NS, frames, pixels, raw_image, stamp_ns, write_bag

pytest.importorskip("pyarrow", reason="pyarrow is not installed: make test-archive has it")
pytest.importorskip("fsspec", reason="fsspec is not installed: make test-archive has it")

import pyarrow.parquet as pq

from lwrf_ros.archive.analysis import analyse
from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.store import Store
from lwrf_ros.recordings import FrameError
from lwrf_ros.segmentation import Segmenter


def rows_of(store: Store, table: str) -> list[dict[str, Any]]:
    return pq.ParquetFile(store.folder / table).read().to_pylist()


def test_the_rows_of_two_cameras(bags: Path, store: Store, task_of: MakeTask) -> None:
    task = task_of(bags / "two")
    outcome = analyse(task, QUICK, store.folder)
    assert (outcome.frames, outcome.refused, outcome.robot) == (6, {}, "unknown")
    # 1,700,000,000 s after 1970 it was the evening of a Tuesday in November.
    assert outcome.day == "2023-11-14"
    assert outcome.table == f"frames/day=2023-11-14/robot=unknown/{task.key}.parquet"
    rows = rows_of(store, outcome.table)
    front = [row for row in rows if row["topic"] == "/front/image_raw"]
    assert [row["frame"] for row in front] == [0, 1, 2, 3]
    assert [row["stamp_ns"] for row in front] == [stamp_ns(k) for k in range(4)]
    assert [row["log_ns"] for row in front] == [stamp_ns(k) + DELAY_NS for k in range(4)]
    rear = [row for row in rows if row["topic"] == "/rear/image_raw/compressed"]
    assert len(rear) == 2
    segmenter = Segmenter.load("voc", device="cpu", input_size=(32, 32))
    (wanted,) = segmenter.segment([pixels(2)], "bgr8", ("labels", "coverage", "confidence"))
    assert list(front[2]["coverage"].values())[:-1] == pytest.approx(wanted.coverage, abs=1e-6)
    assert front[2]["coverage"]["unlabelled"] == pytest.approx(wanted.unlabelled)
    assert front[2]["confidence"] == pytest.approx(wanted.confidence.mean() / 255, abs=1e-6)
    assert {row["outcome"] for row in rows} == {"processed"}
    assert list(store.partial.iterdir()) == []


def test_refused_frames_have_rows_without_coverage(
    tmp_path: Path, store: Store, task_of: MakeTask
) -> None:
    images = frames(raw_image, 3)
    images[1][1].encoding = "teletext"
    bag = write_bag(tmp_path / "bag", {"/image": images})
    outcome = analyse(task_of(bag), QUICK, store.folder)
    assert (outcome.frames, outcome.refused) == (3, {"encoding": 1})
    rows = rows_of(store, outcome.table)
    assert [row["outcome"] for row in rows] == ["processed", "encoding", "processed"]
    assert [row["coverage"] is None for row in rows] == [False, True, False]


def test_regions_and_alerts(bags: Path, store: Store, task_of: MakeTask, tmp_path: Path) -> None:
    regions = tmp_path / "regions.yaml"
    regions.write_text("regions:\n  - {name: all, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}\n")
    options = replace(QUICK, regions=str(regions), alerts=("background>0", "person@all>0.999"))
    outcome = analyse(task_of(bags / "one"), options, store.folder)
    for row in rows_of(store, outcome.table):
        assert row["regions"]["all"] == pytest.approx(row["coverage"], abs=1e-6)
        assert row["coverage"]["background"] > 0
        (alert,) = row["alerts"]
        assert alert.startswith("background ")


@pytest.mark.parametrize(
    ("pattern", "robot"),
    [(r"/(?P<robot>one)$", "one"), (r"(?P<robot>.)/one$", "s"), (r"(?P<robot>nobody)", "unknown")],
)
def test_the_robot_by_the_path(
    bags: Path, store: Store, task_of: MakeTask, pattern: str, robot: str
) -> None:
    outcome = analyse(task_of(bags / "one"), replace(QUICK, robot=pattern), store.folder)
    assert outcome.robot == robot
    assert f"/robot={robot}/" in outcome.table


def test_the_robot_by_what_the_bag_says(bags: Path, store: Store, task_of: MakeTask) -> None:
    metadata = bags / "one/metadata.yaml"
    text = metadata.read_text().rstrip()
    text = "\n".join(line for line in text.splitlines() if "custom_data" not in line)
    metadata.write_text(f"{text}\n  custom_data: {{robot_name: amr 7/b}}\n")
    assert analyse(task_of(bags / "one"), QUICK, store.folder).robot == "amr_7_b"


def test_what_grows_while_it_is_read_is_not_done(
    bags: Path, store: Store, task_of: MakeTask
) -> None:
    task = task_of(bags / "one")
    with (bags / "one/metadata.yaml").open("a") as file:
        file.write("# one line more\n")
    with pytest.raises(ArchiveError, match=r"metadata\.yaml changed while it was read"):
        analyse(task, QUICK, store.folder)
    assert not (store.folder / "frames").exists()
    assert list(store.partial.iterdir()) == []


def test_what_cannot_be_read(tmp_path: Path, store: Store, task_of: MakeTask) -> None:
    broken = tmp_path / "broken.mcap"
    broken.write_bytes(b"rubbish")
    with pytest.raises(FrameError, match=r"broken\.mcap"):
        analyse(task_of(broken), QUICK, store.folder)
    assert list(store.partial.iterdir()) == []
