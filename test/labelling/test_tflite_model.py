# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""TensorFlow Lite files: the scores before an ArgMax, from real networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")

from ai_edge_litert.interpreter import Interpreter

from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.opening import open_model

# The published networks and what their files say: labels, then the scores before the last layer
# and the step of a quantised score.
MOSAIC = ("mosaic_ade31_uint8.tflite", (1, 512, 512, 32), 0.0962192565202713, 0)
EDGE = ("deeplab_edgetpu_cityscapes_uint8.tflite", (1, 513, 513, 19), 0.20154353976249695, 82)


@pytest.fixture(scope="session")
def models(shared: Path) -> Path:
    path = shared / "models"
    if not path.is_dir():
        pytest.skip(f"{path} is missing: the published networks are only there for the developers")
    return path


@pytest.mark.parametrize(("name", "shape", "step", "zero"), [MOSAIC, EDGE])
def test_scores_instead_of_labels(
    models: Path, name: str, shape: tuple[int, ...], step: float, zero: int
) -> None:
    model = open_model(models / name, threads=1)
    assert model.input.shape == (*shape[:3], 3)
    assert (model.input.dtype, model.input.zero_point) == (np.uint8, 128)
    image = np.random.default_rng(1).integers(0, 256, model.input.shape, dtype=np.uint8)
    (scores,), (output,) = model.run(image), model.outputs
    assert (scores.shape, scores.dtype) == (shape, np.uint8)
    assert (output.scale, output.zero_point) == (pytest.approx(step), zero)
    # The labels that the file itself gives, by an interpreter that knows nothing of scores.
    plain = Interpreter(str(models / name), num_threads=1)
    plain.allocate_tensors()
    plain.set_tensor(plain.get_input_details()[0]["index"], image)
    plain.invoke()
    labels = plain.get_tensor(plain.get_output_details()[0]["index"])
    np.testing.assert_array_equal(scores.argmax(axis=3), labels)


def test_files_that_are_none(tmp_path: Path, models: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(b"text and no network")
    with pytest.raises(TeacherError, match="is no TensorFlow Lite file; convert"):
        open_model(path, threads=1)
    path.write_bytes((models / MOSAIC[0]).read_bytes()[:100_000])
    with pytest.raises(TeacherError, match="cannot be read as a TensorFlow Lite file"):
        open_model(path, threads=1)
