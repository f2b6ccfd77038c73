# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Results by group, and labels of the network's size, through the engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from oracle import BLUE, GREEN, RED, StrongestChannel, class_table, painted

from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation import Segmenter

EVERYTHING = ("labels", "confidence", "coverage")
GREY = (128, 128, 128)


def groups_of(folder: Path, text: str) -> ClassGroups:
    path = folder / "groups.yaml"
    path.write_text(text, encoding="utf-8")
    return ClassGroups.load(path, class_table(3))


@pytest.fixture
def warm(tmp_path: Path) -> Segmenter:
    """Green alone, red and blue together."""
    groups = groups_of(
        tmp_path,
        "groups:\n"
        "  - {name: leaves, colour: [0, 9, 0], classes: [class1]}\n"
        "  - {name: others, colour: [9, 0, 9], classes: [class2, class0]}\n",
    )
    return Segmenter(StrongestChannel(), class_table(3), "cpu", groups=groups)


@pytest.fixture
def dropping(tmp_path: Path) -> Segmenter:
    """Red and green together, blue dropped."""
    groups = groups_of(
        tmp_path,
        "groups:\n  - {name: warm, colour: [9, 0, 0], classes: [class0, class1]}\n"
        "unlabelled: [class2]\n",
    )
    return Segmenter(StrongestChannel(), class_table(3), "cpu", groups=groups)


def test_labels_and_coverage_are_those_of_the_groups(warm: Segmenter) -> None:
    (result,) = warm.segment([painted(RED, GREEN, BLUE, RED)], outputs=EVERYTHING)
    assert warm.classes.names == ("leaves", "others")
    assert result.labels.tolist() == [[1] * 32 + [0] * 32 + [1] * 64] * 40
    assert (result.coverage.tolist(), result.unlabelled) == ([0.25, 0.75], 0.0)


def test_confidence_is_that_of_the_pixels_class(warm: Segmenter) -> None:
    images = [painted(RED, GREEN, BLUE), painted(GREY, GREY)]
    plain = Segmenter(StrongestChannel(), class_table(3), "cpu")
    by_class = plain.segment(images, outputs=EVERYTHING)
    by_group = warm.segment(images, outputs=EVERYTHING)
    for one, other in zip(by_class, by_group, strict=True):
        np.testing.assert_array_equal(one.confidence, other.confidence)


def test_the_threshold_is_one_of_the_class_and_not_of_the_group(warm: Segmenter) -> None:
    # Grey: a third each, so two thirds for the group of two; but only one is known.
    (result,) = warm.segment([painted(GREY)], min_confidence=0.5)
    assert result.unlabelled == 1.0
    assert (result.labels == 255).all()


@pytest.mark.parametrize("outputs", [EVERYTHING, ("confidence",)])
def test_a_dropped_class_is_unlabelled_and_of_no_confidence(
    dropping: Segmenter, outputs: tuple[str, ...]
) -> None:
    (result,) = dropping.segment([painted(RED, BLUE)], outputs=outputs)
    assert (result.coverage.tolist(), result.unlabelled) == ([0.5], 0.5)
    sure = StrongestChannel.pure_confidence
    assert set(result.confidence[:, :24].ravel()) == {sure}
    assert set(result.confidence[:, 32:].ravel()) == {0}
    if "labels" in outputs:
        assert result.labels.tolist() == [[0] * 32 + [255] * 32] * 40
    else:
        assert result.labels is None


def test_pixels_below_the_threshold_keep_their_confidence(dropping: Segmenter) -> None:
    (result,) = dropping.segment([painted(GREY)], outputs=EVERYTHING, min_confidence=0.5)
    assert set(result.labels.ravel()) == {255}
    assert set(result.confidence.ravel()) == {85}  # a third


def test_the_arrays_belong_to_the_caller(warm: Segmenter) -> None:
    (first,) = warm.segment([painted(RED)], outputs=EVERYTHING)
    kept = first.labels.copy(), first.confidence.copy()
    warm.segment([painted(GREEN)], outputs=EVERYTHING)
    np.testing.assert_array_equal(first.labels, kept[0])
    np.testing.assert_array_equal(first.confidence, kept[1])


def test_labels_of_the_networks_size() -> None:
    segmenter = Segmenter(
        StrongestChannel(), class_table(3), "cpu", input_size=(40, 64), label_size="network"
    )
    wide, small = painted(RED, GREEN, height=96, stripe=64), painted(GREEN, RED)
    first, second = segmenter.segment([wide, small], outputs=EVERYTHING)
    assert first.labels.tolist() == [[0] * 32 + [1] * 32] * 40
    assert second.labels.tolist() == [[1] * 32 + [0] * 32] * 40
    for result in (first, second):
        assert result.confidence.shape == (40, 64)
        assert result.coverage.tolist() == [0.5, 0.5, 0.0]


def test_labels_of_the_networks_size_are_the_cameras_where_the_network_gets_that() -> None:
    segmenter = Segmenter(
        StrongestChannel(), class_table(3), "cpu", input_size="image", label_size="network"
    )
    (result,) = segmenter.segment([painted(RED, GREEN)], outputs=EVERYTHING)
    assert result.labels.shape == result.confidence.shape == (40, 64)


def test_another_label_size_is_refused() -> None:
    with pytest.raises(LwrfError, match="label_size is 'camera'; wanted one of image, network"):
        Segmenter(StrongestChannel(), class_table(3), "cpu", label_size="camera")  # type: ignore[arg-type]
