# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Regions of interest: how they are written, and every rule that a file can break."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.classes.regions import Region, RegionsError, load_regions
from lwrf_ros.package_data import config_path


def written(folder: Path, *entries: str) -> Path:
    path = folder / "regions.yaml"
    path.write_text("regions:\n" + "".join(f"  - {entry}\n" for entry in entries), encoding="utf-8")
    return path


def test_rectangles_and_polygons(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "{name: left, rectangle: [0, 0.25, 0.5, 1]}",
        "{name: far-path_2, polygon: [[0.5, 0], [1, 1.0], [0, 1]]}",
    )
    assert load_regions(path) == (
        Region("left", ((0.0, 0.25), (0.5, 0.25), (0.5, 1.0), (0.0, 1.0))),
        Region("far-path_2", ((0.5, 0.0), (1.0, 1.0), (0.0, 1.0))),
    )


def test_the_example_is_one() -> None:
    regions = load_regions(config_path("regions.yaml"))
    assert [region.name for region in regions] == ["path", "left", "right"]


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    with pytest.raises(RegionsError) as caught:
        load_regions(path)
    assert str(caught.value) == f"there is no file of regions {path}; check the path"


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("{name: a b, rectangle: [0, 0, 1, 1]}", "region 1 has the name 'a b'; wanted letters"),
        ("{name: 2nd, rectangle: [0, 0, 1, 1]}", "region 1 has the name '2nd'"),
        ("{name: yes, rectangle: [0, 0, 1, 1]}", "region 1 has the name True; wanted text"),
        ("{name: ok, rectangle: [0, 0, 1, 1]}", "region 1 is 'ok' again, like region 0 in line 2"),
        ("{rectangle: [0, 0, 1, 1]}", "region 1 has no `name`"),
        ("{name: a}", "region 1 (a) has no shape; wanted either rectangle"),
        (
            "{name: a, rectangle: [0, 0, 1, 1], polygon: [[0, 0], [1, 0], [1, 1]]}",
            "region 1 (a) has rectangle and polygon; wanted either",
        ),
        ("{name: a, circle: 1}", "region 1 has the key 'circle'"),
        ("{name: a, rectangle: [0, 0, 1]}", "has the rectangle [0, 0, 1]; wanted [left, top,"),
        ("{name: a, rectangle: [0, 0, 1, 1.01]}", "wanted [left, top, right, bottom]"),
        ("{name: a, rectangle: [-0.1, 0, 1, 1]}", "wanted [left, top, right, bottom]"),
        ("{name: a, rectangle: [.nan, 0, 1, 1]}", "wanted [left, top, right, bottom]"),
        ("{name: a, rectangle: [0.5, 0, 0.5, 1]}", "left less than right"),
        ("{name: a, rectangle: [0, 0.6, 1, 0.5]}", "top less than bottom"),
        ("{name: a, rectangle: [false, 0, 1, 1]}", "has the rectangle [False, 0, 1, 1]"),
        ("{name: a, rectangle: all}", "has the rectangle 'all'"),
        ("{name: a, polygon: [[0, 0], [1, 1]]}", "wanted at least three corners [x, y]"),
        ("{name: a, polygon: [[0, 0], [1, 0], [1, 2]]}", "in fractions of the image, 0 to 1"),
        ("{name: a, polygon: [[0, 0], [1, 0], 1]}", "wanted at least three corners"),
        ("{name: a, polygon: [[0, 0], [0.5, 0.5], [1, 1]]}", "whose corners lie on one line"),
        ("{name: a, polygon: [[0, 0], [0, 0], [0, 0]]}", "whose corners lie on one line"),
        ("7", "region 1 is 7; wanted {name: path, rectangle"),
    ],
)
def test_what_breaks_a_rule_is_named_with_its_line(
    tmp_path: Path, entry: str, complaint: str
) -> None:
    path = written(tmp_path, "{name: ok, rectangle: [0, 0, 1, 1]}", entry)
    with pytest.raises(RegionsError) as caught:
        load_regions(path)
    assert str(caught.value).startswith(f"the file of regions {path}, line 3: ")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("regions: []\n", "line 1: the list `regions` is empty; wanted one entry like {name: path"),
        ("# none\n", "line 1: there is no list `regions`"),
        ("regions: [1]\nzones: 2\n", "line 2: there is the key 'zones'"),
        ("regions: !!python/object/apply:os.system [true]\n", "line 1: not valid YAML"),
    ],
)
def test_what_is_around_them(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "regions.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RegionsError) as caught:
        load_regions(path)
    assert complaint in str(caught.value)
