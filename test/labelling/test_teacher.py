# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a teacher sees in an image, and the first try that finds out what it is."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import TensorProto, helper
from small_teachers import constant, pointwise, write

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.labelling.description import RANGES, Description
from lwrf_ros.labelling.errors import LabelError, TeacherError
from lwrf_ros.labelling.teacher import Teacher

TABLE = ClassTable("colours", ("red", "blue"), np.zeros((2, 3), np.uint8))
RED_AND_BLUE = [[1, 0, 0], [0, 0, 1]]
IMAGE = np.zeros((6, 10, 3), np.uint8)
IMAGE[:, :5, 0], IMAGE[:, 5:, 2] = 255, 255


def teacher(path: Path, pixels: str = "0..1", **said: Any) -> Teacher:
    return Teacher(Description(path, RANGES[pixels], **said), TABLE, threads=1)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("size", [(6, 10), (12, 5), (4, 5)])
def test_logits(tmp_path: Path, channels_last: bool, size: tuple[int, int]) -> None:
    path = pointwise(
        tmp_path / "a.onnx", np.multiply(RED_AND_BLUE, 2), size=size, channels_last=channels_last
    )
    seen = teacher(path).probabilities(IMAGE, (6, 10))
    assert seen.shape == (3, 6, 10)
    # Far from where the colours meet: e^2 / (e^2 + e^0)
    sure = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(seen[0, :, 0], sure, atol=1e-5)
    np.testing.assert_allclose(seen[1, :, 0], 1 - sure, atol=1e-5)
    np.testing.assert_allclose(seen[1, :, -1], sure, atol=1e-5)
    np.testing.assert_allclose(seen[2], 0, atol=1e-5)


def test_probabilities_are_taken_as_they_are(tmp_path: Path) -> None:
    weights = np.multiply(RED_AND_BLUE, 0.6)
    # Red gives 0.2 + 0.6 and 0.2, the sum is 1; noise does not matter with a softmax behind it.
    path = pointwise(tmp_path / "a.onnx", weights, (0.2, 0.2), (6, 10))
    seen = teacher(path, scores="probabilities").probabilities(IMAGE, (6, 10))
    np.testing.assert_allclose(seen[:2, 2, 1], (0.8, 0.2), atol=1e-6)
    again = teacher(pointwise(tmp_path / "b.onnx", RED_AND_BLUE, size=(6, 10), end="Softmax"))
    assert "probabilities of 2 classes" in str(again)
    np.testing.assert_allclose(
        again.probabilities(IMAGE, (6, 10))[0, 2, 1], 1 / (1 + math.exp(-1)), atol=1e-6
    )


def test_indices_are_certain(tmp_path: Path) -> None:
    path = pointwise(tmp_path / "a.onnx", RED_AND_BLUE, size=(6, 10), end="ArgMax")
    found = teacher(path)
    assert str(found) == "a.onnx: 10x6 in, scores out, class indices, each taken for certain"
    seen = found.probabilities(IMAGE, (6, 10))
    np.testing.assert_array_equal(seen[0], np.tile([1] * 5 + [0] * 5, (6, 1)))
    np.testing.assert_array_equal(seen[2], 0)


def test_scores_of_every_second_pixel_go_to_the_images_size(tmp_path: Path) -> None:
    path = pointwise(tmp_path / "a.onnx", RED_AND_BLUE, size=(6, 10), stride=2)
    found = teacher(path, scores="probabilities", mapping=None)
    seen = found.probabilities(IMAGE, (6, 10))
    # Columns 0, 2, 4 are red, 6 and 8 blue: centres of the five at 0.5, 2.5, 4.5, 6.5, 8.5.
    np.testing.assert_allclose(seen[0, 3], [1, 1, 1, 1, 1, 0.75, 0.25, 0, 0, 0], atol=1e-6)


def test_padding_and_smaller_scales_put_the_image_back_where_it_is(tmp_path: Path) -> None:
    path = pointwise(tmp_path / "a.onnx", RED_AND_BLUE, size=(20, 20))
    padded = teacher(path, fit="pad", scores="logits")
    for found, scale in ((padded, 1.0), (teacher(path, scores="logits"), 0.5)):
        seen = found.probabilities(IMAGE, (6, 10), scale)
        # e^1 / (e^1 + e^0) to the corners, where padding has neither colour.
        np.testing.assert_allclose(seen[0, :, :4], 1 / (1 + math.exp(-1)), atol=1e-5)
        np.testing.assert_allclose(seen[1, :, 6:], 1 / (1 + math.exp(-1)), atol=1e-5)


def test_mapping(tmp_path: Path) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text("classes: {red: [0, 2]}\n")
    path = constant(tmp_path / "a.onnx", (0.2, 0.5, 0.3))
    seen = teacher(path, mapping=str(mapping)).probabilities(IMAGE, (2, 2))
    np.testing.assert_allclose(seen[:, 0, 0], (0.5, 0, 0.5), atol=1e-6)


def two_outputs(path: Path) -> Path:
    shape = [1, 3, 8, 8]
    outputs = [
        helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 3, 1, 1]),
        helper.make_tensor_value_info("labels", TensorProto.INT64, [1, 8, 8]),
        helper.make_tensor_value_info("auxiliary", TensorProto.FLOAT, shape),
    ]
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("ArgMax", ["image"], ["labels"], axis=1, keepdims=0),
        helper.make_node("Neg", ["image"], ["auxiliary"]),
    ]
    return write(path, nodes, [helper.make_tensor_value_info("image", 1, shape)], outputs)


def test_the_output_with_scores_unless_another_is_named(tmp_path: Path) -> None:
    path = two_outputs(tmp_path / "a.onnx")
    (tmp_path / "map.yaml").write_text("classes: {red: 0, blue: 2}\n")
    mapping = str(tmp_path / "map.yaml")
    assert "auxiliary out, logits of 3" in str(teacher(path, mapping=mapping))
    for name in ("labels", "1"):
        assert "labels out, class indices" in str(teacher(path, mapping=mapping, output=name))
    with pytest.raises(TeacherError, match=r"no output 3; it has 3, from 0: mean, labels, aux"):
        teacher(path, output="3")
    message = "gives no map of classes but mean float32 (1, 3, 1, 1); wanted scores as (1, classes"
    with pytest.raises(TeacherError, match=re.escape(message)):
        teacher(path, output="mean")


def test_a_network_of_one_class(tmp_path: Path) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text("classes: {red: 1}\n")
    path = pointwise(tmp_path / "red.onnx", [[2, 0, -2]])
    seen = teacher(path, mapping=str(mapping), scores="logits").probabilities(IMAGE, (6, 10))
    assert seen.shape == (3, 6, 10)
    # The sigmoid of 2 on red; blue, to which nothing is mapped, is everything else.
    np.testing.assert_allclose(seen[:, 0, 0], (0.880797, 0, 0.119203), atol=1e-5)
    np.testing.assert_allclose(seen[:, 0, -1], (0.119203, 0, 0.880797), atol=1e-5)
    found = "logits of one class, which is 1 in a mapping (0: everything else)"
    assert str(teacher(path, mapping=str(mapping), scores="logits")).endswith(found)


def test_what_only_a_first_try_shows(tmp_path: Path) -> None:
    three = constant(tmp_path / "three.onnx", (0.2, 0.5, 0.3))
    message = r"three\.onnx has 3 classes, the table 'colours' has 2; .*--mapping \(ade31"
    with pytest.raises(TeacherError, match=message):
        teacher(three)
    fixed = pointwise(
        tmp_path / "fixed.onnx", RED_AND_BLUE, size=("h", "w"), added=np.zeros((1, 2, 8, 8))
    )
    with pytest.raises(TeacherError, match="refuses an input of 1 x 3 x 9 x 8"):
        teacher(fixed, size=(9, 8))
    endless = pointwise(tmp_path / "endless.onnx", RED_AND_BLUE, (0, math.inf))
    with pytest.raises(LabelError, match="scores that are not finite"):
        teacher(endless)
