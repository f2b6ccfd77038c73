# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Class tables: by name, from a file of one's own, and every rule that a file can break."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lwrf_ros.classes.class_table import UNLABELLED, UNLABELLED_NAME, ClassTable, ClassTableError

# The usual colours of CamVid's 11 classes, in the order of the SegNet split's indices.
CAMVID = {
    "sky": (128, 128, 128),
    "building": (128, 0, 0),
    "pole": (192, 192, 128),
    "road": (128, 64, 128),
    "pavement": (0, 0, 192),
    "tree": (128, 128, 0),
    "sign": (192, 128, 128),
    "fence": (64, 64, 128),
    "car": (64, 0, 128),
    "pedestrian": (220, 20, 60),
    "bicyclist": (0, 128, 192),
}


def refusal(source: str | Path) -> str:
    with pytest.raises(ClassTableError) as caught:
        ClassTable.load(source)
    return str(caught.value)


def written(folder: Path, text: str, name: str = "table.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_camvid() -> None:
    table = ClassTable.load("camvid")
    assert table.name == "camvid"
    assert len(table) == 11
    assert dict(zip(table.names, map(tuple, table.colours.tolist()), strict=True)) == CAMVID
    assert table.names == tuple(CAMVID)
    assert (table.colours.dtype, table.colours.shape) == (np.uint8, (11, 3))


def test_unlabelled_is_255() -> None:
    assert (UNLABELLED, UNLABELLED_NAME) == (255, "unlabelled")


@pytest.mark.parametrize("name", ["mine.yaml", "mine.yml"])
def test_a_file_of_ones_own(tmp_path: Path, name: str) -> None:
    text = (
        "name: yard\nclasses:\n  - {name: grass, colour: [0, 255, 1]}\n"
        "  - name: 'pûle'\n    colour: [9, 8, 7]\n"
    )
    table = ClassTable.load(str(written(tmp_path, text, name)))
    assert (table.name, table.names) == ("yard", ("grass", "pûle"))
    assert table.colours.tolist() == [[0, 255, 1], [9, 8, 7]]


def test_without_a_name_it_is_called_like_the_file(tmp_path: Path) -> None:
    text = "classes:\n  - {name: grass, colour: [0, 255, 1]}\n"
    assert ClassTable.load(written(tmp_path, text, "garden.yaml")).name == "garden"


def test_a_path_below_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    written(tmp_path, "classes:\n  - {name: grass, colour: [0, 255, 1]}\n")
    assert ClassTable.load("~/table.yaml").names == ("grass",)


def test_a_file_named_like_a_bundled_table_needs_its_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "classes:\n  - {name: grass, colour: [0, 255, 1]}\n", "camvid")
    assert len(ClassTable.load("camvid")) == 11
    assert len(ClassTable.load("./camvid")) == 1


def many(count: int) -> str:
    """Return a table of as many classes, no colour twice."""
    entries = (f"- {{name: class{k}, colour: [{k % 256}, {k // 256}, 0]}}" for k in range(count))
    return "\n".join(["classes:", *entries])


def test_at_most_255_classes(tmp_path: Path) -> None:
    assert len(ClassTable.load(written(tmp_path, many(255)))) == 255
    path = written(tmp_path, many(256))
    message = refusal(path)
    # The 256th class is the first that is too many.
    assert f"{path}, line 257: there are 256 classes; wanted at most 255" in message
    assert "255 means unlabelled" in message


@pytest.mark.parametrize("name", ["", "kitti", "Camvid", "camvid "])
def test_an_unknown_name_lists_the_bundled_tables(name: str) -> None:
    message = refusal(name)
    assert repr(name) in message
    assert "wanted one of ade31, camvid, cityscapes, context, nyu40, person_part" in message
    assert "YAML file" in message


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    assert refusal(path) == f"there is no class table {path}; check the path"


def test_a_folder(tmp_path: Path) -> None:
    assert f"the class table {tmp_path} is a folder; wanted a file" in refusal(tmp_path)


def test_what_the_system_says_is_passed_on(tmp_path: Path) -> None:
    assert "Not a directory" in refusal(written(tmp_path, many(2)) / "table.yaml")


@pytest.mark.parametrize("path", ["a\0b.yaml", "~no_such_user/table.yaml"])
def test_paths_that_cannot_be_opened(path: str) -> None:
    shown = path.replace("\0", "\\x00")
    assert f"cannot open the class table {shown}" in refusal(path)


def test_what_is_no_yaml(tmp_path: Path) -> None:
    path = written(tmp_path, "name: yard\nclasses: [")
    assert f"the class table {path}, line 2: not valid YAML" in refusal(path)


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("", 1, "there is no list `classes`"),
        ("3", 1, "there is no list `classes`"),
        ("\n[]", 2, "there is no list `classes`"),
        ("name: yard", 1, "there is no list `classes`"),
        ("name: yard\nclasses:", 2, "there is no list `classes`"),
        ("name: yard\n\nclasses: []", 3, "the list `classes` is empty"),
        ("name: yard\nclasses: {a: 1}", 2, "there is no list `classes`"),
    ],
)
def test_without_a_list_of_classes(tmp_path: Path, text: str, line: int, complaint: str) -> None:
    path = written(tmp_path, text)
    message = refusal(path)
    assert message.startswith(f"the class table {path}, line {line}: {complaint}; wanted ")
    assert "{name: road, colour: [128, 64, 128]}" in message


GOOD = "{name: good, colour: [1, 2, 3]}"


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("names: [road]", 1, "there is the key 'names'; wanted `classes`"),
        (f"classes: [{GOOD}]\ncount: 1\n", 2, "there is the key 'count'; wanted `classes`"),
        (f"classes: [{GOOD}]\n\non: 1\n", 3, "there is the key True; wanted `classes`"),
        (f"# mine\nname: 3\nclasses: [{GOOD}]\n", 2, "the class table has the name 3; wanted text"),
        (f"classes: [{GOOD}]\nname:\n", 2, "the class table has the name None; wanted text"),
        (f"classes: [{GOOD}]\nname: ' '\n", 2, "the class table has the name ' '; wanted text"),
        (f"classes: [{GOOD}]\nname: [a]\n", 2, "the class table has the name ['a']; wanted text"),
    ],
)
def test_what_is_around_the_classes(tmp_path: Path, text: str, line: int, complaint: str) -> None:
    path = written(tmp_path, text)
    assert f"the class table {path}, line {line}: {complaint}" in refusal(path)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("road", "is 'road'; wanted {name"),
        ("[road, [1, 2, 4]]", "is ['road', [1, 2, 4]]; wanted {name"),
        ("", "is None; wanted {name"),
        ("{name: road}", "has no `colour`; wanted {name"),
        ("{colour: [1, 2, 4]}", "has no `name`; wanted {name"),
        ("{}", "has no `name`; wanted {name"),
        ("{name: road, color: [1, 2, 4]}", "has the key 'color'; wanted {name"),
        ("{name: road, colour: [1, 2, 4], id: 7}", "has the key 'id'; wanted {name"),
        ("{name: 3, colour: [1, 2, 4]}", "has the name 3; wanted text (quote it)"),
        ("{name: no, colour: [1, 2, 4]}", "has the name False; wanted text (quote it)"),
        ("{name: '  ', colour: [1, 2, 4]}", "has the name '  '; wanted text"),
        ("{name: unlabelled, colour: [1, 2, 4]}", "reserved for index 255"),
        (
            "{name: good, colour: [1, 2, 4]}",
            "is 'good' again, like class 0 in line 3; class names must differ",
        ),
        (
            "{name: road, colour: [1, 2, 3]}",
            "(road) has the colour of good in line 3, [1, 2, 3]; colours must differ",
        ),
        ("{name: road, colour: [1, 2]}", "has the colour [1, 2]; wanted [red, green, blue]"),
        ("{name: road, colour: [1, 2, 256]}", "each 0 to 255"),
        ("{name: road, colour: [1, 2, -1]}", "each 0 to 255"),
        ("{name: road, colour: [1, 2, 3.5]}", "each 0 to 255"),
        ("{name: road, colour: [1, 2, true]}", "each 0 to 255"),
        ("{name: road, colour: '#010204'}", "has the colour '#010204'"),
        ("{name: road, colour: }", "has the colour None"),
    ],
)
def test_an_entry_that_breaks_a_rule_is_named(tmp_path: Path, entry: str, complaint: str) -> None:
    path = written(tmp_path, f"name: yard\nclasses:\n  - {GOOD}\n\n  - {entry}\n")
    message = refusal(path)
    assert message.startswith(f"the class table {path}, line 5: class 1 ")
    assert complaint in message


@pytest.mark.parametrize(
    ("lines", "line", "complaint"),
    [
        (["- name: 3", "  colour: [1, 2, 4]"], 4, "the name 3"),
        (["- colour: [1, 2, 4]", "  name: good"], 5, "like class 0 in line 2"),
        (["- name: road", "  colour: [1, 2, 3]"], 5, "the colour of good in line 3"),
        (["- name: road", "  colour:", "    - 1", "    - 2"], 5, "the colour [1, 2]"),
        (["- name: road", "  colour: [1, 2, 4]", "  id: 7"], 6, "the key 'id'"),
        (["- &road {name: road, colour: [1, 2, 4]}", "- *road"], 5, "like class 1 in line 4"),
        (["- {<<: *good, name: road}"], 4, "the colour of good in line 3"),
        (["- <<: *good", "  colour: [1, 2, 4]"], 4, "is 'good' again, like class 0 in line 2"),
    ],
)
def test_the_line_is_that_of_the_key(
    tmp_path: Path, lines: list[str], line: int, complaint: str
) -> None:
    text = ["classes:", "- &good {name: good,", "  colour: [1, 2, 3]}", *lines]
    path = written(tmp_path, "\n".join(text))
    message = refusal(path)
    assert f"{path}, line {line}: " in message
    assert complaint in message


def test_what_is_merged_in_can_be_overridden(tmp_path: Path) -> None:
    text = (
        "classes:\n"
        "  - &good {name: good, colour: [1, 2, 3]}\n"
        "  - {<<: *good, name: better, colour: [1, 2, 4]}\n"
    )
    table = ClassTable.load(written(tmp_path, text))
    assert table.names == ("good", "better")
    assert table.colours.tolist() == [[1, 2, 3], [1, 2, 4]]


@pytest.mark.parametrize("entry", ["&all [*all]", "[" + "[x, y, z], " * 60 + "]", "x" * 9999])
def test_what_is_long_is_cut_short(tmp_path: Path, entry: str) -> None:
    message = refusal(written(tmp_path, f"classes:\n  - {entry}\n"))
    assert "line 2: class 0 is " in message
    assert "..." in message
    assert len(message) < 400


@pytest.mark.parametrize(
    "names", [("road", "car"), ("yes", "null", "1e3"), ('a "b"', "ä: {b}", "#")]
)
def test_a_table_is_written_as_it_is_read(tmp_path: Path, names: tuple[str, ...]) -> None:
    colours = np.array([[0, 0, 255 - i] for i in range(len(names))], dtype=np.uint8)
    (tmp_path / "t.yaml").write_text(ClassTable("no", names, colours).as_yaml(), encoding="utf-8")
    read = ClassTable.load(tmp_path / "t.yaml")
    assert (read.name, read.names) == ("no", names)
    assert read.colours.tolist() == colours.tolist()
