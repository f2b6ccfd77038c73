# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Data sets: what is read from the files, and that no mistake in them stays unsaid."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from tiny_dataset import TABLE, scene, write_dataset, write_pair

from lwrf_ros.datasets.dataset import (
    DatasetError,
    check_pairs,
    count_facts,
    find_pairs,
    list_pairs,
    raise_if_any,
    read_image,
)

NO = 255


def array(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.uint8)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def mistakes_of(folder: Path) -> list[str]:
    """Everything that is wrong, as `lwrf train` collects it; one line each."""
    problems: list[str] = []
    count_facts(list_pairs(folder, problems, classes=TABLE), TABLE, problems)
    return problems


# ---- pairs


def test_pairs_belong_together_by_name(tmp_path: Path) -> None:
    image, mask = scene(0, (4, 6))
    for name, suffix in (("b", ".jpg"), ("a.1", ".PNG"), ("c", ".bmp")):
        write_pair(tmp_path, name, image, mask, suffix)
    (tmp_path / "masks/b.png").rename(tmp_path / "masks/b.PNG")
    # What a file manager or a person leaves there is no image.
    for name in ("images/.b.png", "masks/.hidden.png", "images/notes.txt", "masks/b.yaml"):
        (tmp_path / name).write_text("nothing")
    pairs = find_pairs(tmp_path)
    assert [(pair.name, pair.image.name, pair.mask.name) for pair in pairs] == [
        ("a.1", "a.1.PNG", "a.1.png"),
        ("b", "b.jpg", "b.PNG"),
        ("c", "c.bmp", "c.png"),
    ]
    assert pairs[0].image.parent == tmp_path / "images"
    assert find_pairs(str(tmp_path)) == pairs


def test_pairs_are_in_natural_order(tmp_path: Path) -> None:
    """As they were recorded: a calibration halves them, and the first N are the first N."""
    for number in (10, 9, 100, 1):
        write_pair(tmp_path, f"frame_{number}", *scene(0, (4, 6)))
    assert [pair.name for pair in find_pairs(tmp_path)] == [
        f"frame_{number}" for number in (1, 9, 10, 100)
    ]


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("f0.jpg", "f0_mask.png"),  # Roboflow
        ("a_jpg.rf.5c1d.jpg", "a_jpg.rf.5c1d_mask.png"),
        ("f0.png", "f0.png.png"),  # Supervisely
        ("f0.JPG", "f0.JPG.png"),
        ("f0_mask.png", "f0_mask.png"),  # its own name
        ("f.png.bmp", "f.png.png"),
        # A name as Linux and Windows write it, and as macOS does; either side may be on a Mac.
        (
            "stra\N{LATIN SMALL LETTER SHARP S}e_\N{LATIN SMALL LETTER U WITH DIAERESIS}.jpg",
            "stra\N{LATIN SMALL LETTER SHARP S}e_u\N{COMBINING DIAERESIS}.png",
        ),
        ("u\N{COMBINING DIAERESIS}.png", "\N{LATIN SMALL LETTER U WITH DIAERESIS}_mask.png"),
    ],
)
def test_masks_as_labelling_tools_name_them(tmp_path: Path, image: str, mask: str) -> None:
    for path in write_pair(tmp_path, "a", *scene(0, (4, 6))):
        path.rename(path.with_name({"images": image, "masks": mask}[path.parent.name]))
    # What macOS puts beside both on a stick.
    (tmp_path / f"images/._{image}").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / f"masks/._{mask}").write_bytes(b"\x00\x05\x16\x07")
    (pair,) = find_pairs(tmp_path)
    assert (pair.image.name, pair.mask.name) == (image, mask)
    assert pair.name == unicodedata.normalize("NFC", Path(image).stem)


def test_an_image_of_the_masks_whole_name_comes_first(tmp_path: Path) -> None:
    for name in ("a", "a_mask", "a.png"):
        write_pair(tmp_path, name, *scene(0, (4, 6)))
    assert {pair.name: pair.mask.name for pair in find_pairs(tmp_path)} == {
        "a": "a.png",
        "a.png": "a.png.png",
        "a_mask": "a_mask.png",
    }


def test_two_masks_of_one_image(tmp_path: Path) -> None:
    write_pair(tmp_path, "a", *scene(0, (4, 6)))
    mask = (tmp_path / "masks/a.png").read_bytes()
    (tmp_path / "masks/a_mask.png").write_bytes(mask)
    with pytest.raises(DatasetError, match=r"a_mask\.png: is a mask of a, as is a\.png; remove"):
        find_pairs(tmp_path)


def test_names_that_differ_by_their_unicode_only(tmp_path: Path) -> None:
    for name in ("u\N{COMBINING DIAERESIS}", "\N{LATIN SMALL LETTER U WITH DIAERESIS}"):
        write_pair(tmp_path, name, *scene(0, (4, 6)))
    with pytest.raises(DatasetError, match="is called like"):
        find_pairs(tmp_path)


def test_a_mask_of_another_name_or_kind_is_told_the_wanted_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_pair(tmp_path, name, *scene(0, (4, 6)))
    (tmp_path / "masks/a.png").rename(tmp_path / "masks/a_label.png")
    (tmp_path / "masks/b.png").rename(tmp_path / "masks/b.jpg")
    folder = tmp_path / "masks"
    assert mistakes_of(tmp_path) == [
        f"{tmp_path}/images/a.png: has no mask; wanted {folder}/a.png",
        f"{tmp_path}/images/b.png: has no mask; wanted {folder}/b.png, not b.jpg",
        f"{folder}/a_label.png: has no image of that name in {tmp_path}/images",
    ]


@pytest.mark.parametrize("missing", [".", "images", "masks"])
def test_missing_folders(tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "set"
    for part in ("images", "masks"):
        if missing not in (".", part):
            (folder / part).mkdir(parents=True)
    with pytest.raises(DatasetError, match="wanted a data set with images/NAME") as caught:
        find_pairs(folder)
    assert f"there is no folder {folder / missing};" in str(caught.value)


def test_no_images(tmp_path: Path) -> None:
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "notes.txt").touch()
    with pytest.raises(DatasetError, match=f"{tmp_path} holds no images; wanted files in"):
        find_pairs(tmp_path)


# ---- content


def test_pixels_by_class(tmp_path: Path) -> None:
    image = np.zeros((2, 3, 3), np.uint8)
    write_pair(tmp_path, "a", image, array([0, 0, 1], [NO, 0, 1]))
    write_pair(tmp_path, "b", image, array([1, 1, 1], [NO, NO, 0]))
    done: list[int] = []
    facts = check_pairs(find_pairs(tmp_path), TABLE, lambda: done.append(1))
    assert facts.pixels.tolist() == [4, 5, 0]
    assert facts.pixels.dtype == np.int64
    assert facts.masks.tolist() == [2, 2, 0]
    assert (facts.unlabelled, facts.total) == (3, 2)
    assert len(done) == 2


def test_images_are_rgb(tmp_path: Path) -> None:
    colour = np.full((2, 3, 3), (200, 100, 50), np.uint8)
    Image.fromarray(colour).save(tmp_path / "colour.png")
    np.testing.assert_array_equal(read_image(tmp_path / "colour.png"), colour)
    grey = array([0, 100, 255])
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), grey[..., None].repeat(3, 2))


# ---- mistakes


def test_every_mistake_is_named_in_one_error(tmp_path: Path) -> None:
    write_dataset(tmp_path, 2)
    image, mask = scene(7, (48, 64))
    noise = np.random.default_rng(0).integers(0, 3, mask.shape, dtype=np.uint8)
    wanted: dict[str, str] = {}

    write_pair(tmp_path, "bare", image, mask)[1].unlink()
    wanted["images/bare.png"] = "has no mask; wanted {folder}/masks/bare.png"
    write_pair(tmp_path, "orphan", image, mask)[0].unlink()
    wanted["masks/orphan.png"] = "has no image of that name in {folder}/images"
    write_pair(tmp_path, "twice", image, mask, ".jpg")
    write_pair(tmp_path, "twice", image, mask, ".png")
    wanted["images/twice.png"] = "is called like twice.jpg; rename one"

    write_pair(tmp_path, "small", image, mask[:47, :63])
    wanted["masks/small.png"] = "is 63x47, its image is 64x48; wanted the same size"
    write_pair(tmp_path, "turned", image, np.ascontiguousarray(mask.T))
    wanted["masks/turned.png"] = "is 48x64, its image is 64x48"
    write_pair(tmp_path, "beyond", image, np.where(noise == 2, 3, noise).astype(np.uint8))
    wanted["masks/beyond.png"] = "holds the index 3; the table has classes 0 to 2, and 255 for"
    write_pair(tmp_path, "colours", image, noise * 100)
    wanted["masks/colours.png"] = "holds the indices 100, 200; the table has"

    write_pair(tmp_path, "text", image, mask)[0].write_text("<html>no image</html>")
    wanted["images/text.png"] = "cannot be read as an image"
    write_pair(tmp_path, "empty", image, mask, ".jpg")[0].write_bytes(b"")
    wanted["images/empty.jpg"] = "cannot be read as an image"
    cut(write_pair(tmp_path, "cut_jpeg", image, mask, ".jpg")[0])
    wanted["images/cut_jpeg.jpg"] = "cannot be read as an image"
    cut(write_pair(tmp_path, "cut_png", image, mask)[0])
    wanted["images/cut_png.png"] = "cannot be read as an image"
    write_pair(tmp_path, "folder", image, mask)[0].unlink()
    (tmp_path / "images/folder.png").mkdir()
    wanted["images/folder.png"] = "cannot be read: it is a folder; wanted a file"

    write_pair(tmp_path, "mask_text", image, mask)[1].write_text("no mask")
    wanted["masks/mask_text.png"] = "cannot be read as an image"
    write_pair(tmp_path, "mask_empty", image, mask)[1].write_bytes(b"")
    wanted["masks/mask_empty.png"] = "cannot be read as an image"
    cut(write_pair(tmp_path, "mask_cut", image, noise)[1])
    wanted["masks/mask_cut.png"] = "cannot be read as an image: it is cut off"
    write_pair(tmp_path, "mask_rgb", image, image)
    wanted["masks/mask_rgb.png"] = "holds colours that no class of 'tiny' has"
    deep = noise.astype(np.uint16)
    deep[noise == 2] = 26000
    Image.fromarray(deep).save(write_pair(tmp_path, "deep", image, mask)[1])
    wanted["masks/deep.png"] = "holds the index 26000; the table has"
    Image.fromarray(mask).save(write_pair(tmp_path, "lossy", image, mask)[1], "JPEG")
    wanted["masks/lossy.png"] = "is a JPEG file, whatever it is called"

    problems = mistakes_of(tmp_path)
    said = dict(problem.split(": ", 1) for problem in problems)
    assert sorted(said) == sorted(str(tmp_path / name) for name in wanted)
    for name, words in wanted.items():
        assert words.format(folder=tmp_path) in said[str(tmp_path / name)]
    with pytest.raises(DatasetError) as caught:
        raise_if_any(problems)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{len(wanted)} mistakes in the data set:"
    assert lines[1:] == [f"  {problem}" for problem in problems]


def test_two_files_of_one_pair_can_both_be_wrong(tmp_path: Path) -> None:
    for path in write_pair(tmp_path, "a", *scene(0, (4, 6))):
        path.write_bytes(b"?")
    with pytest.raises(DatasetError, match="2 mistakes") as caught:
        check_pairs(find_pairs(tmp_path), TABLE)
    assert all(name in str(caught.value) for name in ("images/a.png: ", "masks/a.png: "))


def test_long_lists_are_not_cut_short(tmp_path: Path) -> None:
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
    for index in range(120):
        (tmp_path / f"images/{index:03d}.jpg").touch()
    with pytest.raises(DatasetError, match="120 mistakes") as caught:
        find_pairs(tmp_path)
    listed = [line.split(": ")[0].strip() for line in str(caught.value).splitlines()[1:]]
    assert listed == sorted(str(path) for path in (tmp_path / "images").iterdir())


def test_the_first_mistake_is_not_the_last_one_looked_for(tmp_path: Path) -> None:
    """A folder that is missing does not hide what is wrong in the others."""
    image, mask = scene(0, (4, 6))
    write_pair(tmp_path / "one", "a", image, mask)[1].unlink()
    write_pair(tmp_path / "three", "b", image, mask + 9)
    problems: list[str] = []
    folders = [tmp_path / name for name in ("one", "two", "three")]
    pairs = [pair for folder in folders for pair in list_pairs(folder, problems)]
    count_facts(pairs, TABLE, problems)
    assert [problem.split(":")[0].split(";")[0] for problem in problems] == [
        str(tmp_path / "one/images/a.png"),
        f"there is no folder {tmp_path / 'two'}",
        str(tmp_path / "three/masks/b.png"),
    ]


def test_nothing_labelled_at_all(tmp_path: Path) -> None:
    blank = np.full((4, 6), NO, np.uint8)
    for name in "ab":
        write_pair(tmp_path, name, scene(0, (4, 6))[0], blank)
    with pytest.raises(DatasetError, match="masks: all 2 masks are unlabelled") as caught:
        check_pairs(find_pairs(tmp_path), TABLE)
    assert "wanted class indices from 0 to 2 in them" in str(caught.value)
    # One labelled pixel will do.
    blank[2, 3] = 1
    write_pair(tmp_path, "a", scene(0, (4, 6))[0], blank)
    assert check_pairs(find_pairs(tmp_path), TABLE).pixels.tolist() == [0, 1, 0]


def counting_from_1(folder: Path, *masks: list[list[int]]) -> list[str]:
    for number, rows in enumerate(masks):
        mask = array(*rows)
        write_pair(folder, f"{number}", np.zeros((*mask.shape, 3), np.uint8), mask)
    return mistakes_of(folder)


def test_masks_that_count_from_1(tmp_path: Path) -> None:
    problems = counting_from_1(tmp_path, [[1, 2], [3, 3]], [[1, 1], [2, 2]])
    assert problems == [
        f"{tmp_path}/masks/0.png: holds the index 3; the table has classes 0 to 2, and 255 for "
        "unlabelled (2 pixels, the first at x 0, y 1)",
        f"{tmp_path}/masks: the largest index is 3, the number of classes; do these masks count "
        "from 1? take 1 off each value, so that 1 becomes 0, and 0 becomes 255 (unlabelled)",
    ]


def test_masks_that_count_from_1_with_0_for_nothing(tmp_path: Path) -> None:
    assert "do these masks count from 1?" in counting_from_1(tmp_path, [[0, 2], [3, 3]])[-1]


def test_a_stray_number_is_no_sign_of_counting_from_1(tmp_path: Path) -> None:
    """Where 0 occurs and what is unlabelled is 255, the others are class indices."""
    (problem,) = counting_from_1(tmp_path, [[0, 2], [3, NO]])
    assert "from 1" not in problem


def test_other_numbers_outside_are_not_for_counting_from_1(tmp_path: Path) -> None:
    (problem,) = counting_from_1(tmp_path, [[1, 2], [3, 4]])
    assert "from 1" not in problem


def test_truncated_jpegs_that_opencv_fills_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As OpenCV 4 does, which a robot's Ubuntu has: grey where the data end, and no error."""
    image, mask = scene(0, (48, 64))
    path, _ = write_pair(tmp_path, "a", image, mask, ".jpg")
    cut(path)
    monkeypatch.setattr(cv2, "imdecode", lambda data, flags: np.full((48, 64, 3), 128, np.uint8))
    (problem,) = mistakes_of(tmp_path)
    assert problem.startswith(f"{path}: cannot be read as an image: ")
