# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A network as one ONNX file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from lwrf_ros.errors import LwrfError
from lwrf_ros.export.traced_program import quiet_torch, trace
from lwrf_ros.optional import import_optional

# The newest that ONNX Runtime, OpenVINO and TensorRT (from 8.6) all read.
OPSET = 18
PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def require(name: str) -> ModuleType:
    """Import a package that only the export to ONNX needs.

    Raises:
        LwrfError: If it is not installed.
    """
    try:
        return import_optional(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise LwrfError(
            f"ONNX needs the package {name}, which is not installed: pip install "
            f"{' '.join(PACKAGES)}"
        ) from error


def write_onnx(
    module: nn.Module,
    example: Tensor,
    path: Path,
    *,
    dynamic: Mapping[int, str] | None = None,
    inputs: Sequence[str] = ("image",),
    outputs: Sequence[str] = ("logits",),
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a module that takes one tensor as an ONNX file; `trace` says more of the arguments.

    Args:
        module: The network, or something around it.
        example: Such a tensor as the module takes.
        path: The file to write.
        dynamic: Names of the input's axes whose size is left open; None: all are fixed.
        inputs: The input's name.
        outputs: The outputs' names, in the module's order.
        metadata: Entries for the file's metadata.

    Raises:
        LwrfError: If onnx or onnxscript is not installed.
    """
    require_onnx()
    write_onnx_program(
        trace(module, example, dynamic),
        path,
        dynamic=dynamic,
        inputs=inputs,
        outputs=outputs,
        metadata=metadata,
    )


def require_onnx() -> None:
    """Find out that something is missing before any work is done.

    Raises:
        LwrfError: If onnx or onnxscript is not installed.
    """
    for name in ("onnx", "onnxscript"):
        require(name)


def write_onnx_program(
    program: ExportedProgram,
    path: Path,
    *,
    dynamic: Mapping[int, str] | None = None,
    inputs: Sequence[str] = ("image",),
    outputs: Sequence[str] = ("logits",),
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write what `trace` returned as an ONNX file; `write_onnx` has the arguments."""
    onnx = require("onnx")
    with quiet_torch():
        exported = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            external_data=False,
            verbose=False,
        )
    assert exported is not None  # it is with dynamo=True
    model = exported.model_proto
    _tidy(model.graph)
    _name_axes(model.graph, dynamic or {})
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _tidy(graph: Any) -> None:
    """Leave out what the exporter noted of each step: it is of use to the exporter's authors."""
    for part in (graph.node, graph.input, graph.output, graph.value_info, graph.initializer):
        for one in part:
            del one.metadata_props[:]


def _name_axes(graph: Any, dynamic: Mapping[int, str]) -> None:
    """Give the open axes their names, also where other sizes are computed from theirs."""
    dims = graph.input[0].type.tensor_type.shape.dim
    names = {dims[axis].dim_param: name for axis, name in dynamic.items()}
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = re.sub(
                    r"\w+", lambda found: names.get(found[0], found[0]), dim.dim_param
                )
