# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""ONNX files: what is read of them, and what is said of files that are none."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import TensorProto, helper
from small_teachers import pointwise, write

from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.model import OutputTensor
from lwrf_ros.labelling.opening import open_model


def info(name: str, kind: int, shape: list[int | str]) -> object:
    return helper.make_tensor_value_info(name, kind, shape)


def identity(path: Path, kind: int, shape: list[int | str]) -> Path:
    node = helper.make_node("Identity", ["image"], ["same"])
    return write(path, [node], [info("image", kind, shape)], [info("same", kind, shape)])


def test_what_is_read_and_run(tmp_path: Path) -> None:
    path = pointwise(tmp_path / "a.onnx", [[1, 0, 0], [0, 2, 0]], [0, 5], ("rows", 2))
    model = open_model(path, threads=1)
    assert model.input.shape == (1, 3, None, 2)
    assert model.input.dtype == np.float32
    assert model.outputs == (OutputTensor("scores"),)
    (scores,) = model.run(np.full((1, 3, 4, 2), 3, np.float32))
    np.testing.assert_array_equal(scores[0, :, 3, 1], [3, 11])


def test_uint8_input(tmp_path: Path) -> None:
    path = identity(tmp_path / "a.onnx", TensorProto.UINT8, [1, 4, 4, 3])
    assert open_model(path, threads=1).input.dtype == np.uint8


def test_a_size_that_the_network_refuses(tmp_path: Path) -> None:
    path = pointwise(
        tmp_path / "a.onnx", [[1, 0, 0]] * 2, size=("h", "w"), added=np.zeros((1, 2, 8, 8))
    )
    model = open_model(path, threads=1)
    model.run(np.zeros((1, 3, 8, 8), np.float32))
    with pytest.raises(TeacherError, match=r"a\.onnx refuses an input of 1 x 3 x 6 x 8: .*--size"):
        model.run(np.zeros((1, 3, 6, 8), np.float32))


def test_inputs_that_are_no_image(tmp_path: Path) -> None:
    flat = identity(tmp_path / "flat.onnx", TensorProto.FLOAT, [1, 10])
    with pytest.raises(TeacherError, match=re.escape("inputs image [1, 10]; wanted one with four")):
        open_model(flat, threads=1)
    words = identity(tmp_path / "words.onnx", TensorProto.INT64, [1, 3, 8, 8])
    with pytest.raises(TeacherError, match=r"takes tensor\(int64\); wanted one of tensor\(float\)"):
        open_model(words, threads=1)
    shape = [1, 3, 8, 8]
    two = write(
        tmp_path / "two.onnx",
        [helper.make_node("Add", ["left", "right"], ["sum"])],
        [info(name, TensorProto.FLOAT, shape) for name in ("left", "right")],
        [info("sum", TensorProto.FLOAT, shape)],
    )
    with pytest.raises(TeacherError, match=r"inputs left \[1, 3, 8, 8\], right"):
        open_model(two, threads=1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.onnx", "is not there; give the file of a teacher"),
        ("folder.onnx", "is a folder; give the file of a teacher"),
        ("text.onnx", "cannot be read as an ONNX file"),
        ("empty.onnx", "cannot be read as an ONNX file"),
        ("weights.pth", "called neither .onnx nor .tflite"),
        ("folder", "called neither .onnx nor .tflite"),
    ],
)
def test_files_that_are_none(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "text.onnx").write_text("not a network")
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(TeacherError, match=message):
        open_model(tmp_path / name, threads=1)


@pytest.mark.parametrize(
    ("name", "module"), [("a.onnx", "onnxruntime"), ("a.tflite", "ai_edge_litert.interpreter")]
)
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).touch()
    package = module.partition(".")[0].replace("_", "-")
    with pytest.raises(TeacherError, match=rf"needs the Python package {package}.*\[label\]"):
        open_model(tmp_path / name, threads=1)
