# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which outputs are maps of classes, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lwrf_ros.labelling.class_scores import ClassScores, softmax
from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.model import OutputTensor

SIZE = (513, 257)


@pytest.mark.parametrize(
    ("shape", "channels_first", "axis"),
    [
        ((1, 21, 129, 65), True, 1),
        ((1, 129, 65, 21), False, 3),
        # Converters change the layout of one end only.
        ((1, 129, 65, 21), True, 3),
        ((1, 21, 129, 65), False, 1),
        ((1, 2, 513, 257), True, 1),
        ((1, 150, 33, 17), True, 1),
        # Both would do; then the input decides.
        ((1, 65, 65, 65), True, 1),
    ],
)
def test_scores(shape: tuple[int, ...], channels_first: bool, axis: int) -> None:
    size = (257, 257) if shape[1:] == (65, 65, 65) else SIZE
    found = ClassScores.find(np.full(shape, -1, np.float32), size, channels_first, "auto")
    assert found == ClassScores(axis, shape[axis], logits=True)


@pytest.mark.parametrize("shape", [(1, 513, 257), (513, 257), (1, 1, 129, 65), (1, 129, 65, 1)])
def test_indices(shape: tuple[int, ...]) -> None:
    found = ClassScores.find(np.zeros(shape, np.int64), SIZE, True, "auto")
    assert found == ClassScores(None)


@pytest.mark.parametrize(
    "output",
    [
        np.zeros((1, 1000), np.float32),
        np.zeros((1, 21), np.int64),
        np.zeros((1, 257, 513), np.int64),  # the wrong way round
        np.zeros((1, 257, 513), np.float32),
        np.zeros((1, 1, 2, 513, 257), np.float32),
        np.zeros((1, 21, 65, 129), np.float32),
        np.zeros((2, 21, 129, 65), np.float32),
        np.zeros((1, 21, 129, 65), np.int32),  # integers that stand for no scores
        np.zeros((1, 21, 1, 1), np.float32),
    ],
)
def test_what_is_no_map_of_classes(output: np.ndarray) -> None:
    assert ClassScores.find(output, SIZE, True, "auto") is None


def test_probabilities_are_told_from_logits_by_their_sums() -> None:
    scores = np.zeros((1, 3, 4, 4), np.float32)
    scores[0] = np.array([0.5, 0.3, 0.2])[:, None, None]
    assert not ClassScores.find(scores, (4, 4), True, "auto").logits
    assert ClassScores.find(scores, (4, 4), True, "logits").logits
    for change in (scores + 1, scores - [[[[0.6]], [[0]], [[0]]]]):
        changed = change.astype(np.float32)
        assert ClassScores.find(changed, (4, 4), True, "auto").logits
        assert not ClassScores.find(changed, (4, 4), True, "probabilities").logits


def test_classes_that_are_found_one_by_one() -> None:
    # Sigmoids: every class by itself, so that their sum is anything.
    scores = np.zeros((1, 2, 4, 4), np.float32)
    scores[0] = np.array([0.9, 0.6])[:, None, None]
    with pytest.raises(TeacherError, match=r"of 0\.6 to 0\.9 but do not sum up to 1; say --scores"):
        ClassScores.find(scores, (4, 4), True, "auto")
    found = ClassScores.find(scores, (4, 4), True, "probabilities")
    np.testing.assert_allclose(found.planes(scores, 2)[:, 1, 2], [0.6, 0.4], atol=1e-6)
    # Neither of them: the rest belongs to no class.
    np.testing.assert_allclose(found.planes(scores / 10, 2)[:, 1, 2], [0.09, 0.06], atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1, 3, 2), (1, 3, 2, 1), (1, 3, 2), (3, 2)])
def test_one_map_is_of_one_class_and_the_rest(shape: tuple[int, ...]) -> None:
    output = np.array([[0, 1], [0.25, 0.5], [0.75, 1]], dtype=np.float32)
    found = ClassScores.find(output.reshape(shape), (6, 4), True, "auto")
    assert found == ClassScores(None, 2)
    assert not found.indices
    planes = found.planes(output.reshape(shape), 2)
    np.testing.assert_array_equal(planes, [1 - output, output])
    # Logits are never taken for granted: a map of depths looks the same.
    logits = (output * 4 - 2).reshape(shape)
    with pytest.raises(TeacherError, match=r"one map, of -2 to 2; .* --scores logits"):
        ClassScores.find(logits, (6, 4), True, "auto")
    found = ClassScores.find(logits, (6, 4), True, "logits")
    # 1 / (1 + e^2) = 0.119203
    probabilities = softmax(found.planes(logits, 2))
    np.testing.assert_allclose(probabilities[:, 0, 0], [0.880797, 0.119203], atol=1e-6)


def test_planes() -> None:
    indices = np.array([[[0, 2], [255, 1]]])
    planes = ClassScores(None).planes(indices, 3)
    assert planes.dtype == np.float32
    np.testing.assert_array_equal(planes, [[[1, 0], [0, 0]], [[0, 0], [0, 1]], [[0, 1], [0, 0]]])
    last = np.arange(12, dtype=np.float16).reshape(1, 2, 2, 3)
    planes = ClassScores(3, 3, logits=True).planes(last, 3)
    np.testing.assert_array_equal(planes[1], [[1, 4], [7, 10]])


@pytest.mark.parametrize(
    ("dtype", "zero_point", "stored", "real"),
    [
        (np.uint8, 82, (0, 82, 255), (-16.4, 0, 34.6)),
        (np.int8, -3, (-128, -3, 127), (-25, 0, 26)),
        (np.int16, 0, (-300, 0, 300), (-60, 0, 60)),
    ],
)
def test_quantised_scores(
    dtype: type, zero_point: int, stored: Sequence[int], real: Sequence[float]
) -> None:
    tensor = OutputTensor("scores", 0.2, zero_point)
    output = np.array(stored, dtype=dtype)[:, None].repeat(2, axis=1).reshape(1, 3, 2, 1)
    output = output.repeat(2, axis=3).transpose(0, 2, 3, 1)
    found = ClassScores.find(output, (4, 4), False, "auto", tensor)
    assert found == ClassScores(3, 3, logits=True, tensor=tensor)
    planes = found.planes(output, 3)
    assert (planes.shape, planes.dtype) == ((3, 2, 2), np.float32)
    np.testing.assert_allclose(planes[:, 1, 0], real, atol=1e-5)


def test_softmax_of_large_scores() -> None:
    # 1 / (1 + e^-1) and its complement, also where e^1000 is too large for a number.
    found = softmax(np.array([[[1000.0, 0]], [[999.0, 1]]], dtype=np.float32))
    np.testing.assert_allclose(found[:, 0], [[0.731059, 0.268941], [0.268941, 0.731059]], atol=1e-6)
