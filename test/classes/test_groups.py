# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Class groups: by name, from a file of one's own, and every rule that a file can break."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lwrf_ros import package_data as data
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.classes.groups import ClassGroups, ClassGroupsError

CAMVID = ClassTable.load("camvid")
REST = "building, pole, tree, sign, fence, car, bicyclist"
GOOD = f"""name: three
groups:
  - {{name: way, colour: [0, 255, 0], classes: [road, pavement]}}
  - {{name: people, colour: [255, 0, 0], classes: [pedestrian]}}
  - {{name: things, colour: [0, 0, 255], classes: [{REST}]}}
unlabelled: [sky]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "groups.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(source: str | Path, classes: ClassTable = CAMVID) -> str:
    with pytest.raises(ClassGroupsError) as caught:
        ClassGroups.load(source, classes)
    return str(caught.value)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    groups = ClassGroups.load(written(tmp_path, GOOD), CAMVID)
    assert (groups.table.name, groups.table.names) == ("three", ("way", "people", "things"))
    assert groups.table.colours.tolist() == [[0, 255, 0], [255, 0, 0], [0, 0, 255]]
    # sky, building, pole, road, pavement, tree, sign, fence, car, pedestrian, bicyclist
    assert groups.index[:11].tolist() == [255, 2, 2, 0, 0, 2, 2, 2, 2, 1, 2]
    assert (groups.index[11:] == 255).all()
    assert (groups.index.dtype, groups.index.shape) == (np.uint8, (256,))
    assert groups.dropped == (0,)


def test_without_a_name_it_is_called_like_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("name: three\n", ""))
    assert ClassGroups.load(path, CAMVID).table.name == "groups"


@pytest.mark.parametrize("name", data.class_groups())
def test_bundled_groups_fit_the_table_that_their_name_begins_with(name: str) -> None:
    classes = ClassTable.load(name.partition("_")[0])
    groups = ClassGroups.load(name, classes)
    assert groups.table.name == name
    assert groups.table.names == ("traversable", "obstacle", "person", "unknown")
    assert groups.dropped == ()
    by_name = dict(zip(classes.names, groups.index.tolist(), strict=False))
    people = {"person", "pedestrian", "bicyclist", "rider"}
    assert {name for name, group in by_name.items() if group == 2} == people & set(classes.names)
    assert by_name["floor" if "floor" in by_name else "road"] == 0


def test_ade31_for_navigation() -> None:
    classes = ClassTable.load("ade31")
    groups = ClassGroups.load("ade31_navigation", classes)
    group_of = dict(zip(classes.names, groups.index.tolist(), strict=False))
    members = {
        group: {name for name, index in group_of.items() if index == at}
        for at, group in enumerate(groups.table.names)
    }
    assert members["traversable"] == {
        "floor", "road", "sidewalk", "earth", "grass", "field", "rug",
    }  # fmt: skip
    assert members["unknown"] == {
        "sky", "ceiling", "water", "sea", "mirror", "windowpane", "mountain",
    }  # fmt: skip
    assert members["person"] == {"person"}
    assert len(members["obstacle"]) == 31 - 7 - 7 - 1
    assert {"wall", "tree", "door", "car", "armchair"} <= members["obstacle"]


def test_four_groupings_are_bundled() -> None:
    assert list(data.class_groups()) == [
        "ade31_navigation",
        "camvid_navigation",
        "cityscapes_navigation",
        "nyu40_navigation",
    ]


def test_an_unknown_name_lists_the_bundled_groups() -> None:
    assert refusal("navigation") == (
        "there are no class groups 'navigation'; wanted one of ade31_navigation, "
        "camvid_navigation, cityscapes_navigation, nyu40_navigation, or the path of a YAML file"
    )


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    assert refusal(path) == f"there is no file of class groups {path}; check the path"


def test_groups_of_another_table() -> None:
    message = refusal("nyu40_navigation")
    assert "nyu40_navigation.yaml, line 5: group 0 (traversable) has the class 'floor'" in message
    assert "which the class table camvid lacks; wanted one of sky, building" in message


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("unlabelled: [sky]\n", "", 2, "the classes sky of camvid are in no group; put each into"),
        ("[pedestrian]", "[pedestrian, road]", 4, "class road, which line 3 has put somewhere"),
        ("[pedestrian]", "[]", 4, "group 1 (people) has the classes []; wanted a list like"),
        ("[pedestrian]", "pedestrian", 4, "group 1 (people) has the classes 'pedestrian'"),
        ("[pedestrian]", "[3]", 4, "group 1 (people) has the classes [3]"),
        ("[sky]", "sky", 6, "unlabelled has the classes 'sky'"),
        ("[sky]", "[sun, sky]", 6, "unlabelled has the class 'sun', which the class table"),
        ("unlabelled:", "unlabeled:", 6, "there is the key 'unlabeled'; wanted `groups` and"),
        ("name: people, ", "", 4, "group 1 has no `name`"),
        ("name: people", "name: 3", 4, "group 1 has the name 3; wanted text"),
        ("name: people", "name: way", 4, "group 1 is 'way' again, like group 0 in line 3"),
        ("name: people", "name: unlabelled", 4, "reserved for index 255; put its classes into"),
        ("[255, 0, 0]", "[0, 255, 0]", 4, "has the colour of way in line 3, [0, 255, 0]"),
        ("[255, 0, 0]", "[256, 0, 0]", 4, "group 1 (people) has the colour [256, 0, 0]; wanted"),
        ("groups:\n", "groups: 3\nunlabelled:\n", 2, "there is no list `groups`"),
        ("name: three", "name: 3", 1, "has the name 3"),
    ],
)
def test_what_breaks_a_rule_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, complaint: str
) -> None:
    text = GOOD.replace(old, new)
    if "groups: 3" in new:
        text = "name: three\ngroups: 3\n"
    path = written(tmp_path, text)
    message = refusal(path)
    assert message.startswith(f"the file of class groups {path}, line {line}: ")
    assert complaint in message
