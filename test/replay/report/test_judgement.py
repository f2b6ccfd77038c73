# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A report beside a comparison or scores: whose they are, which frames, and what is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_run import START_NS, camera, write_comparison, write_run, write_scores
from test_report_page import page_of

from lwrf_ros.replay.report.judgement import read_comparison, read_scores
from lwrf_ros.replay.report.reading import ReportError, read_run
from lwrf_ros.replay.report.worst import WorstFrame, least_equal

SHARES = [0.5, 0.25, 0.25]
TOPIC = camera().topic


def test_frames_are_matched_by_stamp_and_repetition(tmp_path: Path) -> None:
    stamps_ns = [5, 7, 7, 9, 11]
    folder = write_run(
        tmp_path / "out", [SHARES, SHARES, SHARES, "empty", SHARES], stamps_ns=stamps_ns
    )
    equal = [(TOPIC, 7, 1, 0.25), (TOPIC, 5, 0, 1.0), (TOPIC, 7, 0, 0.5), ("/other", 11, 0, 0.75)]
    write_comparison(folder / "comparison", folder, equal)
    comparison = read_comparison(folder, None)
    assert comparison is not None
    _, (run,) = read_run(folder)
    np.testing.assert_array_equal(comparison.of(run), [1.0, 0.5, 0.25, np.nan])


def test_the_least_equal_frames_come_first() -> None:
    equal = np.array([1.0, np.nan, 0.5, 0.4, 1.0, 1.0, 1.0, 0.875])
    # The neighbour of a worse one is left out.
    assert least_equal(equal) == [
        WorstFrame(3, "60.00% of the pixels have another class"),
        WorstFrame(7, "12.50% of the pixels have another class"),
    ]
    assert least_equal(np.array([1.0, 1.0])) == least_equal(np.array([])) == []


def test_the_page_shows_the_comparison_and_the_scores(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", [SHARES] * 4)
    stamps_ns = [START_NS + k * 100_000_000 for k in range(4)]
    equal = [(TOPIC, stamp, 0, share) for stamp, share in zip(stamps_ns, [1, 1, 0.5, 1])]  # noqa: B905
    write_comparison(folder / "comparison", folder, equal)
    write_scores(folder, [TOPIC])
    data = page_of(folder).data
    assert data["comparison"]["golden"] == "runs/yesterday"
    ((said, picture),) = data["comparison"]["pictures"]
    assert said.startswith(f"{TOPIC}, stamp {stamps_ns[2]} ns: 50.00% of the pixels")
    assert len(picture) > 40
    (one,) = data["cameras"]
    assert one["equal"] == {"time": [0, 0.1, 0.2, 0.3], "values": [100, 100, 50, 100], "each": 1}
    assert one["worst"]["frames"] == [[2, "50.00% of the pixels have another class"]]
    assert one["scores"]["mean_iou"] == 0.75


def test_without_either_the_page_does_without(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", [SHARES] * 2)
    assert read_comparison(folder, None) is None
    assert read_scores(folder) == {}
    data = page_of(folder).data
    assert data["comparison"] is data["cameras"][0]["equal"] is data["cameras"][0]["scores"] is None


def test_a_comparison_of_another_replay_is_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", [SHARES])
    other = write_comparison(tmp_path / "other", tmp_path, [(TOPIC, 1, 0, 1.0)])
    with pytest.raises(ReportError, match="and the report is of"):
        read_comparison(folder, other)
    named = write_comparison(tmp_path / "named", folder, [(TOPIC, 1, 0, 1.0)])
    assert read_comparison(folder, named) is not None
    with pytest.raises(ReportError, match=r"has no comparison\.json; give the folder"):
        read_comparison(folder, tmp_path)


def test_damaged_files_are_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", [SHARES])
    (folder / "scores.json").write_text('{"format": 7}')
    with pytest.raises(ReportError, match="has the format 7, wanted 1"):
        read_scores(folder)
    (folder / "scores.json").write_text("{")
    with pytest.raises(ReportError, match=r"cannot read .*scores\.json"):
        read_scores(folder)
    comparison = write_comparison(folder / "comparison", folder, [(TOPIC, 1, 0, 1.0)])
    (comparison / "frames.csv").write_text("topic,stamp_ns\nx,1\n")
    with pytest.raises(ReportError, match=r"cannot read .*frames\.csv"):
        read_comparison(folder, None)
