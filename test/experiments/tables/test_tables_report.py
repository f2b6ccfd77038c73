# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Runtimes, ratios and scores in the tables, from measurements that are made up by hand."""

from __future__ import annotations

import json
import math

import pytest

from lwrf_ros.experiments.tables.grid import Grid
from lwrf_ros.experiments.tables.measured_scores import Measured
from lwrf_ros.experiments.tables.paper import TABLES, Network
from lwrf_ros.experiments.tables.records import as_json
from lwrf_ros.experiments.tables.results import Counts, Results, counts_of
from lwrf_ros.experiments.tables.runtime import Passes
from lwrf_ros.experiments.tables.tables_report import grids

ORIGINAL, LIGHT = Network("resnet50", "original"), Network("resnet50", "light_weight")
PAPERS, SQUARE, OTHER = (468, 625), (512, 512), (240, 320)


@pytest.fixture
def results() -> Results:
    """Of Tables 2 and 3: ResNet-50 timed at three sizes, three scores."""
    made = Results((2, 3), sizes=(PAPERS, SQUARE, OTHER))
    made.counts = {row.network: Counts(9_000_000, 8_000_000_000) for row in made.rows()}
    made.counts[LIGHT] = Counts(2_000_000, 1_000_000_000)
    for size, slow, fast in ((PAPERS, 200.0, 50.0), (SQUARE, 100.0, 40.0), (OTHER, 9.0, 6.0)):
        made.passes[ORIGINAL, size] = Passes((slow, slow, slow + 30))
        made.passes[LIGHT, size] = Passes((fast, fast - 3, fast + 3))
    measured = Measured(0.4567, 12, "nyu40:nyud", "some.pth", "ab")
    made.scores[LIGHT, "nyu40"] = measured
    made.scores[Network("mobilenet_v2", "light_weight"), "voc"] = measured
    made.scores[LIGHT, "context"] = Measured(math.nan, 3, "context:VOC2010", "other.pth", "cd")
    return made


def row_of(grid: Grid, title: str) -> list[str]:
    (cells,) = (cells for name, cells in grid.rows if name == title)
    return cells


def test_runtimes_beside_the_papers(results: Results) -> None:
    _, runtimes, *_ = grids(results, "a CPU, 1 thread")
    assert [title for title, _ in runtimes.groups] == [
        "625x468, ms",
        "625x468, times as fast",
        "512x512, ms",
        "512x512, frames/s",
        "512x512, times as fast",
        "320x240, ms",
        "320x240, times as fast",
    ]
    # Means of 210, 110 and 19 with a deviation of 17.3; 1000 / 110 is 9.09.
    assert row_of(runtimes, "RefineNet-50") == [
        *("54.18 ± 0.46", "210 ± 17", "-", "-"),
        *("110 ± 17", "20", "9.09", "-", "-"),
        *("19.00 ± 17.32", "-"),
    ]
    # By medians 200 / 50, 100 / 40 and 9 / 6; the paper's 54.18 / 19.56 and 55 / 20.
    assert row_of(runtimes, "RefineNet-LW-50") == [
        *("19.56 ± 0.29", "50.00 ± 3.00", "2.77", "4.00"),
        *("40.00 ± 3.00", "55", "25.00", "2.75", "2.50"),
        *("6.00 ± 3.00", "1.50"),
    ]
    # Not measured here, and the abstract has no frame rate of it.
    assert row_of(runtimes, "RefineNet-LW-101") == [
        *("27.16 ± 0.19", "-", "2.22", "-"),
        *("-", "-", "-", "-", "-"),
        *("-", "-"),
    ]
    notes = "\n".join(runtimes.notes)
    assert "of 3 passes here, of 100 in the paper" in notes
    assert "a CPU, 1 thread" in notes
    assert "random input on the device" in notes


def test_scores_beside_the_papers(results: Results) -> None:
    second, _, third, claims, others = grids(results, "")
    assert row_of(second, "RefineNet-LW-50") == ["41.7", "45.7", "64.9", "-", "27", "2.00"]
    assert row_of(second, "RefineNet-152")[:2] == ["46.5 msc", "-"]
    assert row_of(third, "RefineNet-LW-MobileNet-v2") == ["76.2", "45.7", "9.3", "8.00"]
    assert row_of(third, "RefineNet-101") == ["-", "-", "263", "8.00"]
    assert "--weights BACKBONE[:DECODER]:voc=FILE --data voc:FOLDER" in "\n".join(third.notes)
    assert others.rows == [("resnet50, light_weight, context", ["n/a", "3"])]
    assert row_of(claims, "RefineNet-LW-50") == [
        *("> 2", "4.50", "> 3", "8.00", "about 2", "4.00", "2.50", "1.50")
    ]
    # The original is no network that is compared with the original.
    assert {name for name, _ in claims.rows} == {
        *("RefineNet-LW-50", "RefineNet-LW-101", "RefineNet-LW-152")
    }


def test_nothing_is_said_to_be_missing_where_nothing_is(results: Results) -> None:
    results.tables = (3,)
    measured = results.scores[LIGHT, "nyu40"]
    results.scores |= {(row.network, "voc"): measured for row in TABLES[3]}
    third, *_ = grids(results, "")
    assert not any("--weights" in note for note in third.notes)


def test_json(results: Results) -> None:
    tree = json.loads(json.dumps(as_json({"date": "today"}, results), allow_nan=False))
    assert tree["date"] == "today"
    assert sorted(tree["tables"]) == ["2", "3"]
    (light,) = (row for row in tree["tables"]["2"] if row["title"] == "RefineNet-LW-50")
    assert light["parameters"] == {"paper_millions": 27, "here": 2_000_000}
    assert light["mean_iou"]["nyu40"] == {
        "paper_percent": 41.7,
        "paper_multi_scale": False,
        "here_percent": pytest.approx(45.67),
        "images": 12,
    }
    assert light["mean_iou"]["person_part"]["here_percent"] is None
    paper_size = light["runtime"]["625x468"]
    assert paper_size["paper_ms"] == {"mean_ms": 19.56, "std_ms": 0.29}
    assert paper_size["here_ms"] == {
        "mean": 50.0,
        "std": 3.0,
        "median": 50.0,
        "passes": 3,
        "each": [50.0, 47.0, 53.0],
    }
    assert paper_size["times_as_fast_as_original"] == 4.0
    assert light["runtime"]["320x240"]["paper_ms"] is None
    assert [one["mean_iou"] for one in tree["scores"]] == [0.4567, 0.4567, None]


def test_counts_take_no_memory_and_each_network_once() -> None:
    network = Network("mobilenet_v2", "light_weight")
    found = counts_of([network, network])
    assert list(found) == [network]
    # The reference counts 3.28 M and 8.58 G.
    assert found[network].parameters == pytest.approx(3.28e6, abs=6e3)
    assert found[network].operations == pytest.approx(8.58e9, abs=6e6)
