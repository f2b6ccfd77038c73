# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Teachers' files opened by what they are: ONNX or TensorFlow Lite."""

from __future__ import annotations

from pathlib import Path

from lwrf_ros.input_file import refuse_special
from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.model import Model


def open_model(path: Path, threads: int) -> Model:
    """Open a network's file.

    Args:
        path: An ONNX (``.onnx``) or TensorFlow Lite (``.tflite``) file.
        threads: Of the CPU.

    Raises:
        TeacherError: If there is no such file, it is no network, its input is no image, or what
            runs it is not installed.
    """
    from lwrf_ros.labelling.onnx_model import OnnxModel
    from lwrf_ros.labelling.tflite_model import TfliteModel

    kinds: dict[str, type[OnnxModel] | type[TfliteModel]] = {
        ".onnx": OnnxModel,
        ".tflite": TfliteModel,
    }
    if path.suffix.lower() not in kinds:
        raise TeacherError(
            f"{path} is called neither .onnx nor .tflite; wanted a network in one of these formats"
        )
    advice = "give the file of a teacher network (--model)"
    refuse_special(path, "the teacher", TeacherError, advice)
    if not path.exists():
        raise TeacherError(f"{path} is not there; {advice}")
    return kinds[path.suffix.lower()](path, threads)
