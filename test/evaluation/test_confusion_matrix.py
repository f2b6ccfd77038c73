# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The scores against values that were worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix, ScoreError

NO = 255


def image(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.uint8)


@pytest.fixture
def matrix() -> ConfusionMatrix:
    """Four classes; class 3 is never there and never found."""
    matrix = ConfusionMatrix(4)
    #   truth    0 0 0 1      labels   0 0 1 1
    #            1 1 2 .               2 . 2 0      (. is 255)
    matrix.add(image([0, 0, 1, 1], [2, NO, 2, 0]), image([0, 0, 0, 1], [1, 1, 2, NO]))
    return matrix


def test_counts_by_truth_and_label(matrix: ConfusionMatrix) -> None:
    assert matrix.counts.dtype == np.int64
    assert matrix.counts.tolist() == [
        # 0  1  2  3  unlabelled
        [2, 1, 0, 0, 0],
        [0, 1, 1, 0, 1],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert matrix.pixels().tolist() == [3, 3, 1, 0]


def test_scores(matrix: ConfusionMatrix) -> None:
    # Class 0: 2 hits, 1 missed, none too many (the one with truth 255 does not count): 2/3.
    # Class 1: 1 hit, 2 missed, 1 too many: 1/4. Class 2: 1 hit, 1 too many: 1/2.
    np.testing.assert_allclose(matrix.iou(), [2 / 3, 1 / 4, 1 / 2, math.nan])
    assert matrix.iou().dtype == np.float64
    assert matrix.mean_iou() == pytest.approx((2 / 3 + 1 / 4 + 1 / 2) / 3)
    np.testing.assert_allclose(matrix.class_accuracy(), [2 / 3, 1 / 3, 1, math.nan])
    assert matrix.mean_accuracy() == pytest.approx((2 / 3 + 1 / 3 + 1) / 3)
    assert matrix.pixel_accuracy() == pytest.approx(4 / 7)


def test_a_class_found_without_being_there_counts_as_zero() -> None:
    matrix = ConfusionMatrix(3)
    matrix.add(image([0, 0, 0, 2]), image([0, 0, 0, 0]))
    matrix.add(image([1]), image([1]))
    np.testing.assert_allclose(matrix.iou(), [3 / 4, 1, 0])
    assert matrix.mean_iou() == matrix.agreement() == pytest.approx(7 / 12)
    assert matrix.mean_accuracy() == pytest.approx(7 / 8)  # of the two classes that are there


@pytest.mark.parametrize(("labels", "agreement"), [([0, 0, 0, 0], 1), ([0, 0, 0, 2], 3 / 8)])
def test_a_mean_over_classes_says_nothing_of_one(labels: list[int], agreement: float) -> None:
    """Whatever was found beside it: all right was 1.0, as of a set with every class."""
    matrix = ConfusionMatrix(3)
    matrix.add(image(labels), image([0, 0, 0, 0]))
    assert math.isnan(matrix.mean_iou())
    assert math.isnan(matrix.mean_accuracy())
    assert matrix.agreement() == agreement
    assert matrix.pixel_accuracy() == labels.count(0) / 4


def test_images_are_counted_together_not_averaged() -> None:
    matrix = ConfusionMatrix(2)
    matrix.add(image([0] * 9 + [1]), image([0] * 10))  # alone: 9/10
    matrix.add(image([1, 1]), image([0, 1]))  # alone: 0
    np.testing.assert_allclose(matrix.iou(), [9 / 11, 1 / 3])


def test_nothing_to_score_is_not_a_number() -> None:
    matrix = ConfusionMatrix(2)
    matrix.add(image([0, 1]), image([NO, NO]))
    assert matrix.counts.sum() == 0
    scores = (matrix.mean_iou(), matrix.mean_accuracy(), matrix.pixel_accuracy())
    assert all(math.isnan(score) for score in scores)


def test_the_largest_table() -> None:
    matrix = ConfusionMatrix(255)
    everything = np.arange(256, dtype=np.uint8).reshape(16, 16)
    matrix.add(everything, everything)
    assert matrix.counts.shape == (255, 256)
    assert matrix.pixel_accuracy() == matrix.mean_iou() == 1
    assert matrix.counts[:, -1].sum() == 0


@pytest.mark.parametrize(
    ("labels", "truth", "words"),
    [
        (image([0, 1]), image([0], [1]), r"\(1, 2\) and the truth is \(2, 1\)"),
        (image([0, 2]), image([0, 1]), "the labels hold the index 2; wanted 0 to 1, or 255"),
        (image([0, 1]), image([254, 7]), "the truth holds the index 7"),
        # Also where the other side is left out.
        (image([3, 1]), image([NO, 1]), "the labels hold the index 3"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    labels: np.ndarray, truth: np.ndarray, words: str
) -> None:
    matrix = ConfusionMatrix(2)
    with pytest.raises(ScoreError, match=words):
        matrix.add(labels, truth)
    assert matrix.counts.sum() == 0
