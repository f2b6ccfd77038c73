# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""TensorFlow Lite files, run by LiteRT on the CPU; scores where the file ends in an ArgMax."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.model import InputTensor, Model, OutputTensor, check_image_input, require

_PACKAGE = "ai-edge-litert"
# What a TensorFlow Lite file has at its fourth byte.
_IDENTIFIER = b"TFL3"


class TfliteModel(Model):
    """A TensorFlow Lite file.

    An output that is made by an ArgMax is replaced by the scores that the ArgMax sees: they hold
    the labels and how sure the network is of them.

    Args:
        path: The file.
        threads: Of the CPU.

    Raises:
        TeacherError: If it cannot be read, its input is no image, or LiteRT is missing.
    """

    def __init__(self, path: Path, threads: int) -> None:
        litert = require("ai_edge_litert.interpreter", _PACKAGE, path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise TeacherError(f"{path} cannot be read: {error.strerror}") from error
        if data[4:8] != _IDENTIFIER:
            raise TeacherError(f"{path} is no TensorFlow Lite file; convert the network again")
        self.path = path
        self._interpreter: Any = None
        try:
            scores_of = _scores_before_argmax(data, path)
            with warnings.catch_warnings():
                # It says that keeping tensors takes memory, which is known and meant.
                warnings.simplefilter("ignore")
                self._interpreter = litert.Interpreter(
                    model_content=data,
                    num_threads=threads,
                    experimental_preserve_all_tensors=bool(scores_of),
                )
            inputs = self._interpreter.get_input_details()
            check_image_input(path, [(one["name"], one["shape"]) for one in inputs])
            self._interpreter.allocate_tensors()
        except TeacherError:
            raise
        except Exception as error:  # LiteRT raises whatever its parts do
            raise TeacherError(
                f"{path} cannot be read as a TensorFlow Lite file: {' '.join(str(error).split())}; "
                "convert the network again"
            ) from error
        self._in = inputs[0]
        scale, zero_point = self._in["quantization"]
        signature = self._in["shape_signature"]
        shape = tuple(int(axis) if axis > 0 else None for axis in signature)
        self.input = InputTensor(
            self._in["name"], shape, np.dtype(self._in["dtype"]), float(scale), int(zero_point)
        )
        details = {one["index"]: one for one in self._interpreter.get_tensor_details()}
        found = [one["index"] for one in self._interpreter.get_output_details()]
        self._out = [details[scores_of.get(index, index)] for index in found]
        self.outputs = tuple(OutputTensor(one["name"], *one["quantization"]) for one in self._out)

    def run(self, tensor: NDArray[Any]) -> list[NDArray[Any]]:
        """Run it, see `Model`."""
        try:
            if tensor.shape != tuple(self._in["shape"]):
                self._interpreter.resize_tensor_input(self._in["index"], tensor.shape, strict=True)
                self._interpreter.allocate_tensors()
                self._in = self._interpreter.get_input_details()[0]
            self._interpreter.set_tensor(self._in["index"], tensor)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(one["index"]) for one in self._out]
        except (ValueError, RuntimeError) as error:
            raise TeacherError(
                f"{self.path} refuses an input of {' x '.join(map(str, tensor.shape))}: "
                f"{' '.join(str(error).split())}; give the size that it was made for (--size WxH)"
            ) from error


def _scores_before_argmax(data: bytes, path: Path) -> dict[int, int]:
    """Return, for each tensor that is an ArgMax of scores, the tensor with these scores."""
    schema: Any = require("ai_edge_litert.schema_py_generated", _PACKAGE, path)
    model = schema.Model.GetRootAs(data, 0)
    graph = model.Subgraphs(0)
    kinds = schema.BuiltinOperator
    # What may be done to labels without changing them.
    keeping = (kinds.CAST, kinds.RESHAPE, kinds.SQUEEZE, kinds.EXPAND_DIMS)
    found: dict[int, int] = {}
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        code = model.OperatorCodes(operator.OpcodeIndex())
        # Old files have the first field alone, new ones say 127 there for what does not fit.
        kind = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
        source = int(operator.Inputs(0)) if operator.InputsLength() else -1
        if kind == kinds.ARG_MAX:
            found[int(operator.Outputs(0))] = source
        elif kind in keeping and source in found:
            found[int(operator.Outputs(0))] = found[source]
    return found
