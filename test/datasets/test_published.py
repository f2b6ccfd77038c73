# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Data sets as distributed: which files are pairs, what their values mean, what is refused."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from published_sets import (
    SIZE,
    WRITERS,
    cityscapes,
    context_converted,
    nyu_labels_40,
    nyu_of_the_authors,
    nyu_rgb_label,
    person_part,
    stripes,
    voc,
    write_image,
    write_mask,
)

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.dataset import (
    DatasetError,
    check_pairs,
    count_facts,
    find_pairs,
    list_pairs,
    read_truth,
)

NO = 255


def truth_of(source: str) -> list[list[int]]:
    """What the first row of each pair's mask means, without repetitions."""
    rows = [read_truth(pair)[0].tolist() for pair in find_pairs(source)]
    return [[value for value, _ in groupby(row)] for row in rows]


def problems_of(source: str, table: str) -> list[str]:
    problems: list[str] = []
    count_facts(list_pairs(source, problems), ClassTable.load(table), problems)
    return problems


# ---- what the values mean


@pytest.mark.parametrize(
    ("writer", "values", "indices"),
    [
        ("voc", (0, 1, 15, 20, 255), [0, 1, 15, 20, NO]),
        ("person_part", (0, 1, 6, 255), [0, 1, 6, NO]),
        ("context", (0, 1, 59, 255), [0, 1, 59, NO]),
        ("nyu_of_the_authors", (0, 1, 39, 255), [0, 1, 39, NO]),
        ("nyu_rgb_label", (0, 1, 2, 40), [NO, 0, 1, 39]),
        ("nyu_labels_40", (0, 1, 2, 40), [NO, 0, 1, 39]),
        # unlabeled, ego vehicle, road, building, guard rail, person, train, bicycle, no plate.
        (
            "cityscapes",
            (0, 1, 7, 11, 14, 24, 31, 33, 255),
            [NO, 0, 2, NO, 11, 16, 18, NO],
        ),
    ],
)
def test_values_become_class_indices(
    tmp_path: Path, writer: str, values: tuple[int, ...], indices: list[int]
) -> None:
    name, write = WRITERS[writer]
    write(tmp_path, {"one": stripes(*values)})
    assert truth_of(f"{name}:{tmp_path}") == [indices]
    (pair,) = find_pairs(f"{name}:{tmp_path}")
    assert read_truth(pair).dtype == np.uint8
    assert read_truth(pair).shape == SIZE


@pytest.mark.parametrize(
    ("name", "table_name", "value"),
    [
        ("road", "cityscapes", 7),
        ("bicycle", "cityscapes", 33),
        ("wall", "nyu40", 1),
        ("otherprop", "nyu40", 40),
        # The converter's order: background, aeroplane, bag, bed, bedclothes, bench, bicycle, ...
        ("background", "context_converted", 0),
        ("bag", "context_converted", 2),
        ("bicycle", "context_converted", 6),
        ("wood", "context_converted", 59),
    ],
)
def test_values_mean_the_class_of_that_name(
    tmp_path: Path, name: str, table_name: str, value: int
) -> None:
    writers = {"nyu40": nyu_rgb_label, "cityscapes": cityscapes}
    layout = table_name.partition("_")[0]
    writers.get(table_name, context_converted)(tmp_path, {"one": stripes(value)})
    ((index,),) = truth_of(f"{layout}:{tmp_path}")
    assert ClassTable.load(layout).names[index] == name


def test_every_class_of_every_layout_has_a_value(tmp_path: Path) -> None:
    for writer, (name, write) in WRITERS.items():
        root = write(tmp_path / writer, {"one": stripes(1)})
        (pair,) = find_pairs(f"{name}:{root}")
        assert pair.numbering is not None
        table = ClassTable.load(name)
        assert (pair.numbering.table, pair.numbering.num_classes) == (name, len(table))
        found = sorted(set(pair.numbering.indices) - {254, NO})
        assert found == list(range(len(table))), writer


# ---- which files


@pytest.mark.parametrize("writer", WRITERS)
def test_pairs_of_a_part(tmp_path: Path, writer: str) -> None:
    name, write = WRITERS[writer]
    values = (7, 8) if name == "cityscapes" else (1, 2)
    stems = ("bonn/bonn_10", "bonn/bonn_9") if name == "cityscapes" else ("2007_10", "2007_9")
    write(tmp_path, {stem: stripes(*values) for stem in stems})
    write(tmp_path, {"other": stripes(3)}, split="train")  # type: ignore[call-arg]
    if name == "cityscapes":
        # What browsers of files and notebooks leave behind.
        hidden = tmp_path / "leftImg8bit/val/.ipynb_checkpoints"
        hidden.mkdir()
        (hidden / "bonn_9_leftImg8bit.png").touch()
    pairs = find_pairs(f"{name}:{tmp_path}")
    assert [pair.name for pair in pairs] == list(stems[::-1])
    for pair in pairs:
        assert Path(pair.name).name in pair.image.name
        assert Path(pair.name).name in pair.mask.name
    assert [pair.name for pair in find_pairs(f"{name}:{tmp_path}", "train")] == ["other"]
    # The part that the source names wins.
    assert [pair.name for pair in find_pairs(f"{name}:{tmp_path}:train")] == ["other"]
    table = ClassTable.load(name)
    assert check_pairs(pairs, table).pixels.sum() == 2 * SIZE[0] * SIZE[1]


def test_where_person_part_may_lie(tmp_path: Path) -> None:
    """Unpacked in the folder of VOC, or by itself."""
    person_part(tmp_path / "VOC2010", {"a": stripes(0, 3)}, inside="pascal_person_part/")
    person_part(tmp_path / "own", {"b": stripes(0, 3)})
    assert [pair.name for pair in find_pairs(f"person_part:{tmp_path / 'VOC2010'}")] == ["a"]
    assert [pair.name for pair in find_pairs(f"person_part:{tmp_path / 'own'}")] == ["b"]


@pytest.mark.parametrize("write", [nyu_of_the_authors, nyu_rgb_label, nyu_labels_40])
def test_the_test_set_of_nyu_has_two_names(tmp_path: Path, write: type) -> None:
    write(tmp_path, {"000001": stripes(1)})
    pairs = find_pairs(f"nyu40:{tmp_path}:val")
    assert [pair.name for pair in pairs] == ["000001"]
    assert find_pairs(f"nyu40:{tmp_path}:test") == pairs


def test_a_folder_with_a_colon(tmp_path: Path) -> None:
    root = voc(tmp_path / "12:30", {"a": stripes(1)}, "train")
    (root / "ImageSets/Segmentation/val.txt").write_text("")
    assert [pair.name for pair in find_pairs(f"voc:{root}", "train")] == ["a"]
    assert [pair.name for pair in find_pairs(f"voc:{root}:train")] == ["a"]


# ---- mistakes


def test_every_mistake_is_named(tmp_path: Path) -> None:
    given = stripes(0, 1)
    root = voc(tmp_path, {name: given for name in ("good", "bare", "gone", "wide", "odd")})
    (root / "SegmentationClass/bare.png").unlink()
    (root / "JPEGImages/gone.jpg").unlink()
    write_mask(root / "SegmentationClass/wide.png", given[:, :40].copy())
    write_mask(root / "SegmentationClass/odd.png", stripes(0, 21, 200))
    said = dict(line.split(": ", 1) for line in problems_of(f"voc:{root}", "voc"))
    assert said == {
        f"{root}/JPEGImages/bare.jpg": f"has no mask; wanted {root}/SegmentationClass/bare.png",
        f"{root}/JPEGImages/gone.jpg": "is listed, but not there",
        f"{root}/SegmentationClass/wide.png": "is 40x32, its image is 48x32; wanted the same size",
        f"{root}/SegmentationClass/odd.png": "holds the indices 21, 200; PASCAL VOC's masks have "
        "0 to 20, and 255 for unlabelled (1024 pixels, the first at x 16, y 0)",
    }


def test_masks_without_an_image_where_nothing_is_listed(tmp_path: Path) -> None:
    cityscapes(tmp_path, {"bonn/bonn_1": stripes(7)})
    orphan = tmp_path / "gtFine/val/bonn/bonn_2_gtFine_labelIds.png"
    write_mask(orphan, stripes(7))
    assert problems_of(f"cityscapes:{tmp_path}", "cityscapes") == [
        f"{orphan}: has no image in {tmp_path}/leftImg8bit/val"
    ]
    write_mask(tmp_path / "gtFine/val/bonn/bonn_1_gtFine_labelIds.png", stripes(7, 34, 40))
    assert any(
        "holds the indices 34, 40; Cityscapes' label ids are 0 to 33" in line
        for line in problems_of(f"cityscapes:{tmp_path}", "cityscapes")
    )


def test_nyu_masks_that_count_from_0_are_not_taken_to_count_from_1(tmp_path: Path) -> None:
    nyu_rgb_label(tmp_path, {"7": stripes(0, 39, 255)})
    (problem,) = problems_of(f"nyu40:{tmp_path}", "nyu40")
    assert problem.startswith(f"{tmp_path}/Label/7.png: holds the index 255; in this layout of NYU")


def test_a_class_table_of_another_data_set(tmp_path: Path) -> None:
    voc(tmp_path, {"a": stripes(0, 1), "b": stripes(0, 2)})
    assert problems_of(f"voc:{tmp_path}", "context") == [
        "PASCAL VOC has 21 classes, the class table 'context' has 60; wanted the table 'voc' "
        "(--classes voc)"
    ]


@pytest.mark.parametrize("name", ["voc", "person_part", "nyu40", "context", "cityscapes"])
def test_another_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match=f"there is no folder {tmp_path}/none; wanted "):
        find_pairs(f"{name}:{tmp_path}/none")
    (tmp_path / "VOC2012").mkdir()
    (tmp_path / "README").touch()
    with pytest.raises(DatasetError, match=r"is not .* as distributed: there is no ") as caught:
        find_pairs(f"{name}:{tmp_path}")
    assert " in it, but README, VOC2012; wanted " in str(caught.value)
    (tmp_path / "all.mat").touch()
    with pytest.raises(DatasetError, match="MATLAB files are not read, convert them to PNG"):
        find_pairs(f"{name}:{tmp_path}")


def test_another_part(tmp_path: Path) -> None:
    voc(tmp_path / "voc", {"a": stripes(1)})
    voc(tmp_path / "voc", {"b": stripes(1)}, "train")
    with pytest.raises(DatasetError, match=r"PASCAL VOC has no part 'minival' here") as caught:
        find_pairs(f"voc:{tmp_path}/voc:minival")
    assert str(caught.value).endswith("minival.txt; there are: train, val")
    nyu_of_the_authors(tmp_path / "nyu", {"1": stripes(1)})
    with pytest.raises(DatasetError, match=r"no part 'train' here, .* there are: val$"):
        find_pairs(f"nyu40:{tmp_path}/nyu:train")


def test_images_that_are_elsewhere(tmp_path: Path) -> None:
    person_part(tmp_path, {"a": stripes(1)})
    (tmp_path / "JPEGImages").rename(tmp_path / "pictures")
    with pytest.raises(DatasetError, match=f"there is no folder {tmp_path}/JPEGImages; wanted"):
        find_pairs(f"person_part:{tmp_path}")


def test_lists_that_say_nothing(tmp_path: Path) -> None:
    voc(tmp_path, {"a": stripes(1)})
    listing = tmp_path / "ImageSets/Segmentation/val.txt"
    listing.write_text("\n\n")
    with pytest.raises(DatasetError, match=re.escape(f"{listing} names no images of 'val'")):
        find_pairs(f"voc:{tmp_path}")
    listing.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match="cannot be read as a list of names"):
        find_pairs(f"voc:{tmp_path}")


def test_a_plain_folder_that_looks_like_a_published_one(tmp_path: Path) -> None:
    voc(tmp_path, {"a": stripes(1)})
    with pytest.raises(DatasetError, match=f"or voc:{tmp_path}, as which this looks"):
        find_pairs(tmp_path)


def test_a_plain_folder_with_a_colon_stays_one(tmp_path: Path) -> None:
    root = tmp_path / "2024:05"
    write_image(root / "images/a.png")
    write_mask(root / "masks/a.png", stripes(0, 2))
    (pair,) = find_pairs(root)
    assert pair.numbering is None
    assert read_truth(pair)[0, -1] == 2
