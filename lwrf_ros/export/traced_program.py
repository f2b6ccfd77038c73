# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A network traced by torch.export, with one size or any, and that program as a .pt2 file."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

# Up to 32 px the deepest map is one pixel wide, which torch.export takes for a case of its own.
MIN_DYNAMIC_SIDE_PX = 33
# Of a network that takes multiples only, whose maps torch.export describes less closely.
MIN_MULTIPLE_SIDE_PX = 64
MAX_SIDE_PX = 16384
MAX_BATCH = 1024
BATCH = "batch"
# What a .pt2 file, which is a zip archive, calls the metadata in it.
METADATA_ENTRY = "lwrf_ros.json"


def trace(
    module: nn.Module,
    example: Tensor,
    dynamic: Mapping[int, str] | None = None,
    multiple: int = 1,
) -> ExportedProgram:
    """Trace what a module does with an image.

    Args:
        module: Takes one tensor; in evaluation mode.
        example: Of the type, and along the axes that are not dynamic the size, of all inputs to
            come. Dynamic axes need a batch of 2 or more and sides of at least 33 px here.
        dynamic: Names of the axes whose size is left open: "batch" for 1 to 1024, any other name
            for a side of the image, 33 to 16384 px. None for no such axis.
        multiple: Every side is a multiple of this, and if it is not 1 at least 64 px.

    Returns:
        The program; nothing in it names a file of this machine.
    """
    axes = {
        axis: Dim(name, min=1, max=MAX_BATCH) if name == BATCH else _open(name, multiple)
        for axis, name in (dynamic or {}).items()
    }
    with quiet_torch(), torch.no_grad():
        program = torch.export.export(
            module, (example,), dynamic_shapes=(axes,) if axes else None, strict=False
        )
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
    return program


def open_side(side: int, multiple: int) -> int:
    """Return the least side from this one up that a file for every size takes."""
    least = MIN_DYNAMIC_SIDE_PX if multiple == 1 else MIN_MULTIPLE_SIDE_PX
    return -(-max(side, least) // multiple) * multiple


def _open(name: str, multiple: int) -> Dim:
    side = Dim(name, min=open_side(1, multiple) // multiple, max=MAX_SIDE_PX // multiple)
    return multiple * side if multiple > 1 else side


def write_program(program: ExportedProgram, path: Path, metadata: Mapping[str, str]) -> None:
    """Write a program as a .pt2 file.

    Args:
        program: What `trace` returned.
        path: The file to write; its name ends in ``.pt2``.
        metadata: Entries that `read_program` gives back.
    """
    torch.export.save(program, path, extra_files={METADATA_ENTRY: json.dumps(dict(metadata))})


def read_program(path: Path) -> tuple[nn.Module, dict[str, str]]:
    """Read a .pt2 file.

    Args:
        path: What `write_program` wrote.

    Returns:
        What it computes, as a module that can be called, and the metadata.
    """
    extra = {METADATA_ENTRY: ""}
    program = torch.export.load(path, extra_files=extra)
    return program.module(), json.loads(extra[METADATA_ENTRY])


@contextmanager
def quiet_torch() -> Iterator[None]:
    """Hide what torch's exporters say of themselves and nobody here can change."""
    # One line for each operator of torchvision that they know and that is not installed.
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # torch's own use of what it has deprecated.
            warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)`", FutureWarning)
            yield
    finally:
        logger.setLevel(before)
