# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The bundled class tables: names, order and colours as the data sets define them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.classes.class_table import UNLABELLED_NAME, ClassTable
from lwrf_ros.package_data import class_tables

COUNTS = {
    "ade31": 31,
    "camvid": 11,
    "cityscapes": 19,
    "context": 60,
    "nyu40": 40,
    "person_part": 7,
    "voc": 21,
}

# The classes in the order of their indices.
VOC = (
    "background,aeroplane,bicycle,bird,boat,bottle,bus,car,cat,chair,cow,diningtable,dog,horse,"
    "motorbike,person,pottedplant,sheep,sofa,train,tvmonitor"
)

# 59_labels.txt of PASCAL-Context, after the background.
CONTEXT = (
    "background,aeroplane,bicycle,bird,boat,bottle,bus,car,cat,chair,cow,table,dog,horse,motorbike,"
    "person,pottedplant,sheep,sofa,train,tvmonitor,bag,bed,bench,book,building,cabinet,ceiling,"
    "cloth,computer,cup,door,fence,floor,flower,food,grass,ground,keyboard,light,mountain,mouse,"
    "curtain,platform,sign,plate,road,rock,shelves,sidewalk,sky,snow,bedclothes,track,tree,truck,"
    "wall,water,window,wood"
)

PERSON_PART = "background,head,torso,upper arms,lower arms,upper legs,lower legs"

NYU40 = (
    "wall,floor,cabinet,bed,chair,sofa,table,door,window,bookshelf,picture,counter,blinds,desk,"
    "shelves,curtain,dresser,pillow,mirror,floor mat,clothes,ceiling,books,refridgerator,"
    "television,paper,towel,shower curtain,box,whiteboard,person,night stand,toilet,sink,lamp,"
    "bathtub,bag,otherstructure,otherfurniture,otherprop"
)

# The 20 of the 40 that the ScanNet benchmark scores, in the colours of its pictures.
SCANNET = {
    "wall": (174, 199, 232),
    "floor": (152, 223, 138),
    "cabinet": (31, 119, 180),
    "bed": (255, 187, 120),
    "chair": (188, 189, 34),
    "sofa": (140, 86, 75),
    "table": (255, 152, 150),
    "door": (214, 39, 40),
    "window": (197, 176, 213),
    "bookshelf": (148, 103, 189),
    "picture": (196, 156, 148),
    "counter": (23, 190, 207),
    "desk": (247, 182, 210),
    "curtain": (219, 219, 141),
    "refridgerator": (255, 127, 14),
    "shower curtain": (158, 218, 229),
    "toilet": (44, 160, 44),
    "sink": (112, 128, 144),
    "bathtub": (227, 119, 194),
    "otherfurniture": (82, 84, 163),
}

# By index: what networks published for ADE20K's 31 most frequent classes give, less one, in the
# colours of the data set's own pictures.
ADE31 = {
    "wall": (120, 120, 120),
    "building": (180, 120, 120),
    "sky": (6, 230, 230),
    "floor": (80, 50, 50),
    "tree": (4, 200, 3),
    "ceiling": (120, 120, 80),
    "road": (140, 140, 140),
    "bed": (204, 5, 255),
    "windowpane": (230, 230, 230),
    "grass": (4, 250, 7),
    "cabinet": (224, 5, 255),
    "sidewalk": (235, 255, 7),
    "person": (150, 5, 61),
    "earth": (120, 120, 70),
    "door": (8, 255, 51),
    "table": (255, 6, 82),
    "mountain": (143, 255, 140),
    "plant": (204, 255, 4),
    "curtain": (255, 51, 7),
    "chair": (204, 70, 3),
    "car": (0, 102, 200),
    "water": (61, 230, 250),
    "painting": (255, 6, 51),
    "sofa": (11, 102, 255),
    "shelf": (255, 7, 71),
    "house": (255, 9, 224),
    "sea": (9, 7, 230),
    "mirror": (220, 220, 220),
    "rug": (255, 9, 92),
    "field": (112, 9, 255),
    "armchair": (8, 255, 214),
}

# By training index: labels.py of the data set's scripts, rows with a trainId from 0 to 18.
CITYSCAPES = {
    "road": (128, 64, 128),
    "sidewalk": (244, 35, 232),
    "building": (70, 70, 70),
    "wall": (102, 102, 156),
    "fence": (190, 153, 153),
    "pole": (153, 153, 153),
    "traffic light": (250, 170, 30),
    "traffic sign": (220, 220, 0),
    "vegetation": (107, 142, 35),
    "terrain": (152, 251, 152),
    "sky": (70, 130, 180),
    "person": (220, 20, 60),
    "rider": (255, 0, 0),
    "car": (0, 0, 142),
    "truck": (0, 0, 70),
    "bus": (0, 60, 100),
    "train": (0, 80, 100),
    "motorcycle": (0, 0, 230),
    "bicycle": (119, 11, 32),
}


def colours_of(table: ClassTable) -> dict[str, tuple[int, ...]]:
    return dict(zip(table.names, map(tuple, table.colours.tolist()), strict=True))


def voc_colour(index: int) -> tuple[int, int, int]:
    """Return PASCAL VOC's colour of an index.

    Written in octal, the last digit of the index says which of red (1), green (2) and blue (4) get
    128, the digit before it which of them get 64.
    """
    last, before = index % 8, index // 8
    red, green, blue = ((last & bit and 128) + (before & bit and 64) for bit in (1, 2, 4))
    return red, green, blue


@pytest.mark.parametrize(
    ("index", "colour"),
    [
        (0, (0, 0, 0)),
        (1, (128, 0, 0)),
        (3, (128, 128, 0)),
        (8, (64, 0, 0)),
        (15, (192, 128, 128)),
        (20, (0, 64, 128)),
        (32, (0, 0, 64)),
        (59, (192, 192, 64)),
    ],
)
def test_the_rule_of_the_voc_colours(index: int, colour: tuple[int, int, int]) -> None:
    assert voc_colour(index) == colour


@pytest.mark.parametrize(
    ("name", "names"), [("voc", VOC), ("context", CONTEXT), ("person_part", PERSON_PART)]
)
def test_tables_in_the_colours_of_voc(name: str, names: str) -> None:
    colours = colours_of(ClassTable.load(name))
    assert ",".join(colours) == names
    assert list(colours.values()) == [voc_colour(index) for index in range(COUNTS[name])]


def test_classes_of_voc_by_index() -> None:
    table = ClassTable.load("voc")
    assert (table.names[0], tuple(table.colours[0])) == ("background", (0, 0, 0))
    assert (table.names[15], tuple(table.colours[15])) == ("person", (192, 128, 128))
    assert (table.names[20], tuple(table.colours[20])) == ("tvmonitor", (0, 64, 128))


def test_context_is_numbered_like_the_data_set_and_not_by_the_alphabet() -> None:
    # What the masks of the reference's own examples hold: ducks on grass, a bus on a road.
    names = ClassTable.load("context").names
    assert [names[i] for i in (3, 36, 37, 57, 59)] == ["bird", "grass", "ground", "water", "wood"]
    assert [names[i] for i in (6, 25, 46, 50, 54)] == ["bus", "building", "road", "sky", "tree"]


def test_nyu40() -> None:
    colours = colours_of(ClassTable.load("nyu40"))
    assert ",".join(colours) == NYU40
    assert SCANNET.items() <= colours.items()
    # The first and last of those that ScanNet does not score.
    assert colours["blinds"] == (178, 76, 76)
    assert colours["otherprop"] == (100, 85, 144)


def test_cityscapes() -> None:
    colours = colours_of(ClassTable.load("cityscapes"))
    assert colours == CITYSCAPES
    assert list(colours) == list(CITYSCAPES)


def test_ade31() -> None:
    colours = colours_of(ClassTable.load("ade31"))
    assert colours == ADE31
    assert list(colours) == list(ADE31)


def test_every_bundled_table_is_counted() -> None:
    assert {name: len(ClassTable.load(name)) for name in class_tables()} == COUNTS


@pytest.mark.parametrize("name", COUNTS)
def test_nothing_is_in_a_table_twice(name: str) -> None:
    table = ClassTable.load(name)
    assert len(set(table.names)) == COUNTS[name]
    assert len(set(map(tuple, table.colours.tolist()))) == COUNTS[name]
    assert table.colours.shape == (COUNTS[name], 3)
    assert UNLABELLED_NAME not in table.names
    assert all(name == name.strip().lower() for name in table.names)


@pytest.mark.parametrize("name", COUNTS)
def test_a_copy_is_a_table_of_ones_own(tmp_path: Path, name: str) -> None:
    text = class_tables()[name].read_text(encoding="utf-8")
    assert "A table of your own: copy this file" in text
    copy = tmp_path / "mine.yaml"
    copy.write_text(text.replace(f"name: {name}\n", "name: mine\n"), encoding="utf-8")
    table = ClassTable.load(copy)
    assert table.name == "mine"
    assert colours_of(table) == colours_of(ClassTable.load(name))
