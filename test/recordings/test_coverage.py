# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The coverage table takes what fits and refuses the rest; its thinned form keeps the means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lwrf_ros.drawing.coverage_plot import MAX_POINTS, plot_coverage, read_thinned
from lwrf_ros.recordings.coverage_table import CoverageError, CoverageTable


def test_lines_and_means(tmp_path: Path) -> None:
    path = tmp_path / "coverage.csv"
    table = CoverageTable(path)
    table.add("1.000000000", {"road": "0.25", "sky": "0.5", "unlabelled": "0.25"})
    # Another order is the same message.
    table.add("1.100000000", {"unlabelled": "0", "sky": "1", "road": "0"})
    # Written without being closed.
    assert path.read_text().split() == [
        "stamp,road,sky,unlabelled",
        "1.000000000,0.25,0.5,0.25",
        "1.100000000,0,1,0",
    ]
    assert table.means() == {"road": 0.125, "sky": 0.75, "unlabelled": 0.125}
    assert table.finish() == path


@pytest.mark.parametrize(
    ("fractions", "words"),
    [
        ({}, "wanted at least one class"),
        ({"unlabelled": "1"}, "wanted at least one class"),
        ({"road": "1"}, "wanted at least one class and unlabelled"),
        ({"sea": "1", "unlabelled": "0"}, "wanted those of the first message, road"),
        ({"road": "much", "unlabelled": "0"}, "no number"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, fractions: dict[str, str], words: str) -> None:
    table = CoverageTable(tmp_path / "coverage.csv")
    table.add("1.0", {"road": "0.5", "unlabelled": "0.5"})
    with pytest.raises(CoverageError, match=words):
        table.add("2.0", fractions)
    assert (table.rows, table.means()["road"]) == (1, 0.5)


def test_nothing_leaves_no_file(tmp_path: Path) -> None:
    assert CoverageTable(tmp_path / "coverage.csv").finish() is None
    assert not list(tmp_path.iterdir())


def test_thinning_keeps_the_mean(tmp_path: Path) -> None:
    path = tmp_path / "coverage.csv"
    lines = 4 * MAX_POINTS
    road = np.linspace(0.0, 1.0, lines)
    rows = [f"{number * 0.1:.9f},{value},{1 - value}" for number, value in enumerate(road)]
    path.write_text("\n".join(["stamp,road,unlabelled", *rows]) + "\n")
    times_s, fractions, names = read_thinned(path)
    assert names == ["road", "unlabelled"]
    assert fractions.shape == (MAX_POINTS, 2)
    np.testing.assert_allclose(fractions[:, 0], road.reshape(-1, 4).mean(axis=1))
    np.testing.assert_allclose(times_s[:2], [0.15, 0.55])


@pytest.mark.parametrize("stamps", [["5.0"], ["5.0", "5.0", "4.0"]], ids=["one", "not growing"])
def test_plot_of_odd_stamps(tmp_path: Path, stamps: list[str]) -> None:
    table, picture = tmp_path / "coverage.csv", tmp_path / "coverage.png"
    rows = "".join(f"{stamp},0.5,0.5\n" for stamp in stamps)
    table.write_text(f"stamp,road,unlabelled\n{rows}")
    colours = {"road": (10, 200, 30), "unlabelled": (0, 0, 0)}
    plot_coverage(table, picture, "title", None, colours, {"road": "", "unlabelled": ""})
    assert picture.stat().st_size > 5000
