# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A replay's output as arrays, whole, killed, with stamps of any kind; and what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_run import START_NS, camera, write_run

from lwrf_ros.errors import LwrfError
from lwrf_ros.replay.report.reading import overlays, read_run
from lwrf_ros.replay.run_record import FRAMES_FILE, RECORD_FILE

FRAMES = [[0.5, 0.25, 0.0], "truncated", [0.25, 0.25, 0.25], [1.0, 0.0, 0.0]]
FRACTIONS = [[0.5, 0.25, 0.0, 0.25], [0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0]]


def test_every_figure_of_a_run(tmp_path: Path) -> None:
    cameras = [camera("left"), camera("right")]
    record, runs = read_run(write_run(tmp_path / "out", FRAMES, cameras))
    assert record.input == "recordings/corridor.bag"
    assert [run.label for run in runs] == ["left", "right"]
    for run in runs:
        assert [row.outcome for row in run.rows] == [
            "processed",
            "truncated",
            "processed",
            "processed",
        ]
        assert run.processed.tolist() == [0, 2, 3]
        assert run.engine_ms.tolist() == [10.0, 12.0, 13.0]
        np.testing.assert_allclose(run.times, [0.0, 0.1, 0.2, 0.3])
        assert run.axis == "seconds since the first frame, by its stamp"
        np.testing.assert_allclose(run.coverage, FRACTIONS)
    # JPEG files, of the processed frames alone.
    files = list(overlays(tmp_path / "out", cameras[1]))
    assert len(files) == 3
    assert all(file[:2].tolist() == [0xFF, 0xD8] for file in files)


@pytest.mark.parametrize(
    ("stamps_ns", "times", "axis"),
    [
        ([5, 5, 6, 7], [0.0, 0.1, 0.2, 0.3], "as recorded"),
        ([0, 0, 0, 0], [0.0, 0.1, 0.2, 0.3], "as recorded"),
        ([START_NS, START_NS + 2 * 10**9, START_NS + 3 * 10**9, START_NS + 9 * 10**9],
         [0, 2, 3, 9], "by its stamp"),
    ],
)  # fmt: skip
def test_time_goes_by_what_grows(
    tmp_path: Path, stamps_ns: list[int], times: list[float], axis: str
) -> None:
    _, (run,) = read_run(write_run(tmp_path / "out", FRAMES, stamps_ns=stamps_ns))
    np.testing.assert_allclose(run.times, times)
    assert axis in run.axis


def test_where_nothing_grows_frames_are_counted(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", FRAMES, stamps_ns=[3, 2, 2, 1])
    table = folder / FRAMES_FILE
    heading, *rows = table.read_text().splitlines()
    cells = [row.split(",") for row in rows]
    table.write_text("\n".join([heading, *(",".join([*c[:3], "7", *c[4:]]) for c in cells), ""]))
    _, (run,) = read_run(folder)
    assert run.times.tolist() == [0, 1, 2, 3]
    assert run.axis.startswith("frame")


def test_a_run_that_was_killed_is_read_as_far_as_both_go(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", FRAMES, complete=False)
    table = folder / FRAMES_FILE
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:-1]) + lines[-1][:9])
    record, (run,) = read_run(folder)
    assert not record.complete
    assert len(run.rows) == 3
    np.testing.assert_allclose(run.coverage, FRACTIONS[:2])


def test_a_run_without_frames(tmp_path: Path) -> None:
    for frames in ([], ["empty", "empty"]):
        _, (run,) = read_run(write_run(tmp_path / f"out{len(frames)}", frames))
        assert len(run.rows) == len(frames)
        assert len(run.processed) == len(run.coverage) == len(run.engine_ms) == 0


def test_files_of_two_runs_are_told_apart(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", FRAMES)
    other = write_run(tmp_path / "other", FRAMES, stamps_ns=[7, 8, 9, 10])
    (folder / FRAMES_FILE).write_bytes((other / FRAMES_FILE).read_bytes())
    with pytest.raises(LwrfError, match="not of one run; replay again"):
        read_run(folder)


def test_what_is_no_replay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LwrfError, match=f"has no {RECORD_FILE}; give the output folder"):
        read_run(tmp_path)
    folder = write_run(tmp_path / "out", FRAMES)
    (folder / FRAMES_FILE).write_text("topic,index,stamp_ns,log_ns,outcome,engine_ms\nx,0,0,0,a,\n")
    with pytest.raises(LwrfError, match=r"has the topic x, which replay\.json does not name"):
        read_run(folder)


def test_a_bag_of_other_classes_is_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", FRAMES, class_names=["road", "car", "bush"])
    with pytest.raises(LwrfError, match="lacks the share of a class \\('bush'\\)"):
        read_run(folder)
