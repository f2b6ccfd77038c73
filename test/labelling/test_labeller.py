# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Masks and probabilities of images: views and teachers put together, doubt left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from small_teachers import constant, pointwise

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.labelling.description import RANGES, Description
from lwrf_ros.labelling.labeller import Labeller, LabellerOptions, stored, winners
from lwrf_ros.labelling.teacher import Teacher

TABLE = ClassTable("colours", ("red", "blue"), np.zeros((2, 3), np.uint8))
RED_AND_BLUE = [[1, 0, 0], [0, 0, 1]]
GREY = np.full((10, 6, 3), 99, np.uint8)


def teacher(path: Path, **said: Any) -> Teacher:
    description = Description(path, RANGES["0..1"], scores="probabilities", **said)
    return Teacher(description, TABLE, threads=1)


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    return [constant(tmp_path / "a.onnx", (0.8, 0.2)), constant(tmp_path / "b.onnx", (0.3, 0.7))]


def test_teachers_are_averaged(two: list[Path]) -> None:
    labels = Labeller([teacher(one) for one in two], LabellerOptions()).label(GREY)
    assert labels.mask.shape == (10, 6)
    assert labels.mask.dtype == np.uint8
    assert (labels.mask == 0).all()
    assert labels.confidence == pytest.approx(0.55)
    # 0.55 and 0.45 of 255 for the 10 x 6 pixels in steps of 4.
    assert labels.probabilities.shape == (2, 3, 2)
    assert labels.probabilities.dtype == np.uint8
    assert (labels.probabilities[0] == 140).all()
    assert (labels.probabilities[1] == 115).all()


def test_weights(two: list[Path]) -> None:
    teachers = [teacher(two[0]), teacher(two[1], weight=3.0)]
    labels = Labeller(teachers, LabellerOptions()).label(GREY)
    # (0.2 + 3 * 0.7) / 4
    assert (labels.mask == 1).all()
    assert labels.confidence == pytest.approx(0.575)


def test_doubt_is_unlabelled(two: list[Path]) -> None:
    teachers = [teacher(one) for one in two]
    for options in (LabellerOptions(agree=True), LabellerOptions(min_confidence=0.56)):
        labels = Labeller(teachers, options).label(GREY)
        assert (labels.mask == 255).all()
        assert labels.confidence == 0.0
        assert (labels.probabilities[0] == 140).all(), "probabilities are as they were"
    sure = Labeller([teachers[0]] * 2, LabellerOptions(agree=True, min_confidence=0.79))
    assert (sure.label(GREY).mask == 0).all()


def test_what_is_no_class_is_unlabelled_where_it_is_most_probable(tmp_path: Path) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text("classes: {red: 0, blue: 1}\n")
    path = constant(tmp_path / "a.onnx", (0.4, 0.1, 0.2, 0.3))
    labels = Labeller([teacher(path, mapping=str(mapping))], LabellerOptions()).label(GREY)
    # 0.2 and 0.3 together are nothing of one's own: more than red's 0.4.
    assert (labels.mask == 255).all()
    assert labels.probabilities[:, 0, 0].tolist() == [102, 26]


def test_mirroring_makes_left_and_right_alike(tmp_path: Path) -> None:
    # It says blue on the left, 0.9 to 0.6, and red on the right, whatever there is to be seen.
    blue = np.array([0.9, 0.6, 0.4, 0.3])
    added = np.stack([1 - blue, blue])[None, :, None].repeat(4, axis=2)
    path = pointwise(tmp_path / "a.onnx", np.zeros((2, 3)), size=(4, 4), added=added)
    image = np.zeros((4, 4, 3), np.uint8)
    seen = Labeller([teacher(path)], LabellerOptions()).label(image)
    assert seen.mask[0].tolist() == [1, 1, 0, 0]
    both = Labeller([teacher(path)], LabellerOptions(mirror=True)).label(image)
    # (0.9 + 0.3) / 2 outside, (0.6 + 0.4) / 2 inside, where red and blue are equal: the first.
    assert both.mask[0, [0, 3]].tolist() == [1, 1]
    assert both.confidence == pytest.approx((0.6 + 0.5) / 2, abs=1e-6)


def test_a_mirrored_look_at_a_pointwise_network_is_the_same_look(tmp_path: Path) -> None:
    path = pointwise(tmp_path / "a.onnx", RED_AND_BLUE, size=(16, 24))
    image = np.random.default_rng(5).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    once, twice = (
        Labeller([teacher(path)], LabellerOptions(mirror=mirror)).label(image)
        for mirror in (False, True)
    )
    np.testing.assert_array_equal(once.mask, twice.mask)
    np.testing.assert_array_equal(once.probabilities, twice.probabilities)


@pytest.mark.parametrize("scale", [0.5, 1.5, 2.0, 3.0])
def test_tiles_have_no_seams(tmp_path: Path, scale: float) -> None:
    """A gradient stays one where the network only looks at single pixels."""
    path = pointwise(
        tmp_path / "a.onnx", np.multiply([[1, 0, 0], [-1, 0, 0]], 0.8), (0.1, 0.9), (140, 140)
    )
    columns = np.arange(140) / 139 * 255
    image = np.zeros((70, 140, 3), np.uint8)
    image[..., 0] = np.rint(columns)
    planes = Labeller([teacher(path)], LabellerOptions(scales=(scale,))).label(image).probabilities
    # Every fourth column's middle: 4k + 1.5 of 139 on the way from 0.1 to 0.9.
    wanted = 255 * (0.1 + 0.8 * (4 * np.arange(35) + 1.5) / 139)
    assert planes.shape == (2, 18, 35)
    assert np.abs(planes[0] - wanted).max() < 2.5
    assert np.abs(planes[0].astype(int) - planes[0, :1]).max() <= 1


def test_scales_count_alike_however_many_tiles_they_have(tmp_path: Path) -> None:
    """The network says red in an image's upper left quarter, and only there."""
    red = np.zeros((4, 4))
    red[:2, :2] = 1
    path = pointwise(
        tmp_path / "a.onnx", np.zeros((2, 3)), size=(4, 4), added=np.stack([red, 1 - red])[None]
    )
    image = np.zeros((280, 280, 3), np.uint8)
    labels = Labeller([teacher(path)], LabellerOptions(scales=(1.0, 2.0))).label(image)
    planes = labels.probabilities[0].astype(int)
    # Red fades from pixel 105 to 175 in the whole, from 60 to 100 in the tiles that begin at 0,
    # from 180 to 220 in those that begin at 120 and are alone from 160 on. Of the pixels 4k + 1.5:
    # red in both; in the whole alone; in the lower right tile alone; in none.
    assert planes[3, 3] == 255
    assert planes[25, 25] == 128
    assert planes[44, 44] == 128
    assert planes[65, 65] == 0


def test_large_images_keep_their_size(tmp_path: Path) -> None:
    path = pointwise(tmp_path / "a.onnx", RED_AND_BLUE, size=(32, 32))
    image = np.zeros((1100, 2300, 3), np.uint8)
    image[:, :1150, 0], image[:, 1150:, 2] = 255, 255
    for scales in ((1.0,), (2.0,)):
        labels = Labeller([teacher(path)], LabellerOptions(scales=scales)).label(image)
        assert labels.mask.shape == (1100, 2300)
        assert (labels.mask[:, :1100] == 0).all()
        assert (labels.mask[:, 1200:] == 1).all()
        assert labels.probabilities.shape == (2, 275, 575)
    # What looks are put together on takes memory for every class: 1024 pixels are its longer side.
    seen = Labeller([teacher(path)], LabellerOptions())._seen_by(teacher(path), image)
    assert seen.shape == (3, 490, 1024)


def test_winners() -> None:
    planes = np.array([[[0.5, 0.2, 0.4]], [[0.3, 0.2, 0.4]], [[0.2, 0.6, 0.2]]], np.float32)
    labels, probability = winners(planes, (1, 3))
    assert labels.tolist() == [[0, 255, 0]]
    np.testing.assert_allclose(probability, [[0.5, 0.6, 0.4]])


def test_stored_by_the_mean_of_what_a_pixel_covers() -> None:
    plane = np.zeros((1, 8, 4), np.float32)
    plane[0, :4, :2] = 1
    assert stored(plane, (8, 4)).tolist() == [[[128], [0]]]
    assert stored(plane, (9, 5)).shape == (1, 3, 2)
