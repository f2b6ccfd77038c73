# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The paper's numbers against the paper's text, and its networks against what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.backbones import BACKBONES, DECODERS
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.published import LAYOUTS
from lwrf_ros.experiments.tables.paper import SCORED, TABLES, Network, Row
from lwrf_ros.experiments.tables.results import paper_speed_up

ROWS = [(number, row) for number, rows in TABLES.items() for row in rows]


@pytest.fixture(scope="module")
def lines(shared: Path) -> list[str]:
    """The paper line by line, without what marks bold numbers."""
    text = (shared / "paper" / "light_weight_refinenet.txt").read_text(encoding="utf-8")
    return [
        line.replace("**", "").replace("<b>", "").replace("</b>", "") for line in text.splitlines()
    ]


def numbers_of(row: Row) -> list[str]:
    """Every number of a row but the abstract's, as the paper writes them."""
    given = [row.parameters_m, row.operations_g, *(one.percent for one in row.mean_iou.values())]
    found = [f"{value:g}" for value in given if value is not None]
    if row.runtime:
        found += [f"{row.runtime.mean_ms:.2f}", f"{row.runtime.std_ms:.2f}"]
    return found


@pytest.mark.parametrize(("number", "row"), ROWS, ids=lambda value: getattr(value, "title", value))
def test_numbers_are_the_papers(lines: list[str], number: int, row: Row) -> None:
    # The title ends where the citation or the next cell begins.
    own = [line for line in lines if line.split("\t")[0].split(" ")[0] == row.title]
    wanted = numbers_of(row)
    assert wanted
    assert any(all(text in line for text in wanted) for line in own), (wanted, own)
    several = [one.multi_scale for one in row.mean_iou.values()]
    if several:
        fits = [line for line in own if all(text in line for text in wanted)]
        assert any(line.count("msc") == sum(several) for line in fits)


def test_frame_rates_are_the_abstracts(lines: list[str]) -> None:
    rates = {row.title: row.frames_per_s for _, row in ROWS if row.frames_per_s}
    assert rates == {
        "RefineNet-50": 20,
        "RefineNet-152": 17,
        "RefineNet-LW-50": 55,
        "RefineNet-LW-152": 32,
    }
    abstract = next(line for line in lines if "from 20 FPS to 55 FPS" in line)
    assert "our slowest model with 32 FPS (from original 17 FPS)" in abstract


def test_everything_that_is_named_is_there() -> None:
    for number, row in ROWS:
        assert row.network.backbone in BACKBONES
        assert row.network.decoder in DECODERS
        assert set(row.mean_iou) <= set(SCORED[number])
    for name in (name for names in SCORED.values() for name in names):
        assert name in LAYOUTS
        assert len(ClassTable.load(name))


def test_speed_up_of_the_paper() -> None:
    rows = {row.title: row for row in TABLES[2]}
    # 54.18 / 19.56.
    ratio = paper_speed_up(rows["RefineNet-LW-50"], rows["RefineNet-50"])
    assert ratio == pytest.approx(2.7699, abs=1e-4)
    assert paper_speed_up(rows["RefineNet-50"], rows["RefineNet-50"]) is None
    assert paper_speed_up(TABLES[3][2], rows["RefineNet-50"]) is None
    assert Network("resnet50", "light_weight").original == rows["RefineNet-50"].network
