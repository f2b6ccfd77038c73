# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""ONNX files, run by ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.model import InputTensor, Model, OutputTensor, check_image_input, require

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
# ONNX Runtime prints to the terminal what its errors say again.
_FATAL = 4


class OnnxModel(Model):
    """An ONNX file.

    Args:
        path: The file.
        threads: Of the CPU.

    Raises:
        TeacherError: If it cannot be read, its input is no image, or ONNX Runtime is missing.
    """

    def __init__(self, path: Path, threads: int) -> None:
        runtime = require("onnxruntime", "onnxruntime", path)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL
        try:
            self._session = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # a class of its own for every cause
            raise TeacherError(
                f"{path} cannot be read as an ONNX file: {_one_line(error)}; export it again"
            ) from error
        self.path = path
        inputs = self._session.get_inputs()
        check_image_input(path, [(one.name, one.shape) for one in inputs])
        (tensor,) = inputs
        if tensor.type not in _DTYPES:
            raise TeacherError(
                f"{path} takes {tensor.type}; wanted one of {', '.join(_DTYPES)}: export it so"
            )
        # Free axes have a name or nothing instead of a number.
        shape = tuple(axis if isinstance(axis, int) and axis > 0 else None for axis in tensor.shape)
        self.input = InputTensor(tensor.name, shape, np.dtype(_DTYPES[tensor.type]))
        self.outputs = tuple(OutputTensor(one.name) for one in self._session.get_outputs())

    def run(self, tensor: NDArray[Any]) -> list[NDArray[Any]]:
        """Run it, see `Model`."""
        try:
            found = self._session.run(None, {self.input.name: tensor})
        except Exception as error:  # a class of its own for every cause
            raise TeacherError(
                f"{self.path} refuses an input of {' x '.join(map(str, tensor.shape))}: "
                f"{_one_line(error)}; give the size that it was made for (--size WxH)"
            ) from error
        return [np.asarray(one) for one in found]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
