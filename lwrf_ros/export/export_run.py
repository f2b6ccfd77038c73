# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf export`` to a file that was checked, or none."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.errors import LwrfError
from lwrf_ros.export.checking import LIMITS, Agreement, compare, onnx_runtime, torch_program
from lwrf_ros.export.description import describe, signature
from lwrf_ros.export.models import LabelModel, LogitsModel, prepared
from lwrf_ros.export.onnx_file import PACKAGES, require, write_onnx_program
from lwrf_ros.export.traced_program import MIN_DYNAMIC_SIDE_PX, open_side, trace, write_program
from lwrf_ros.input_size import check_sides
from lwrf_ros.network import RefineNet
from lwrf_ros.terminal.options import options_of
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.weights.bundled import RANDOM
from lwrf_ros.weights.loading import Loaded

ONNX, PT2 = ".onnx", ".pt2"
# What stands for every number and size of images while a network for any is traced.
EXAMPLE_BATCH, EXAMPLE_SIZE = 2, (64, 96)
# What such a file is checked with, beside the size that the weights were trained at.
DYNAMIC_BATCHES = ((1, MIN_DYNAMIC_SIDE_PX, 47), (3, 75, 101), (2, 96, 160), (1, 255, 257))
FIXED_BATCHES = 2


def export(arguments: argparse.Namespace) -> int:
    """Export as the arguments say, check, and return the exit code."""
    target: Path = arguments.output.expanduser()
    _check_target(target)
    if arguments.confidence and not arguments.tail:
        raise LwrfError("--confidence is of labels; give --tail as well, or take it from logits")
    if target.suffix == ONNX:
        for name in PACKAGES:
            require(name)
    loaded = options_of(EngineOptions, arguments).load()
    size = None if arguments.dynamic else _size(arguments.input_size, loaded)

    network, fitted = loaded.network, prepared(loaded.network, arguments.precision)
    model: LogitsModel | LabelModel
    reference: LogitsModel | LabelModel
    if arguments.tail:
        model = LabelModel(fitted, arguments.confidence)
        reference = LabelModel(network, arguments.confidence)
    else:
        model, reference = LogitsModel(fitted), LogitsModel(network)
    metadata = describe(loaded, arguments.precision, arguments.tail, size)
    batches = [(1, *size)] * FIXED_BATCHES if size else _open_sizes(network)

    print(f"exporting {_title(loaded, arguments.precision, size)}", flush=True)
    # Beside the target, so that the last step is a rename; gone whatever happens.
    with _writing(target):
        folder = tempfile.TemporaryDirectory(prefix=".lwrf-export-", dir=target.parent)
    with folder as name:
        draft = Path(name) / target.name
        with _writing(target):
            _write(model, size, network.size_multiple, draft, metadata)
        agreement = _check(draft, reference, batches)
        _judge(agreement, arguments.precision, target)
        with _writing(target):
            draft.replace(target)
    print(_report(target, agreement, batches, signature(model, network.num_classes, size)))
    return 0


def _check_target(target: Path) -> None:
    """Refuse early what could not be written after the work."""
    if target.suffix not in (ONNX, PT2):
        raise LwrfError(
            f"the file to write is {target}; wanted a name that ends in {ONNX} or {PT2}"
        )
    if target.is_dir():
        raise LwrfError(f"{target} is a folder; wanted the name of a file to write")
    if not target.parent.is_dir():
        raise LwrfError(f"there is no folder {target.parent}; make it first")


def _size(asked: tuple[int, int] | None, loaded: Loaded) -> tuple[int, int]:
    """Return ``(height, width)`` of the one size that the file is to take."""
    size = asked or loaded.network.input_size
    if size is None:
        raise LwrfError(
            f"{_source(loaded)} names no training size; wanted --input-size WxH, or --dynamic for "
            "any"
        )
    return check_sides(size)


def _open_sizes(network: RefineNet) -> list[tuple[int, int, int]]:
    """Return what a file for every size is checked with: images, height and width."""
    batches = [*DYNAMIC_BATCHES]
    if network.input_size is not None:
        batches.append((1, *network.input_size))
    multiple = network.size_multiple
    return [
        (count, open_side(height, multiple), open_side(width, multiple))
        for count, height, width in batches
    ]


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LwrfError(f"cannot write {target}: {error.strerror or error}") from error


def _write(
    model: LogitsModel | LabelModel,
    size: tuple[int, int] | None,
    multiple: int,
    path: Path,
    metadata: dict[str, str],
) -> None:
    if size is None:
        axes, example = model.open_axes, model.example(EXAMPLE_BATCH, EXAMPLE_SIZE)
    else:
        axes, example = None, model.example(1, size)
    program = trace(model, example, axes, multiple)
    if path.suffix == PT2:
        write_program(program, path, metadata)
    else:
        write_onnx_program(program, path, dynamic=axes, outputs=model.outputs, metadata=metadata)


def _check(
    path: Path, reference: LogitsModel | LabelModel, batches: Sequence[tuple[int, int, int]]
) -> Agreement:
    """Compare the file, read again, with the network as it was loaded."""
    if path.suffix == PT2:
        program = torch_program(path, reference.outputs)
    else:
        program = onnx_runtime(path)
    with progress_bar("checking", len(batches), in_logs=False, unit="batch") as bar:
        return compare(reference, program, batches, bar.update)


def _judge(agreement: Agreement, precision: str, target: Path) -> None:
    """Refuse a file that is too far from the network.

    Raises:
        LwrfError: If it is.
    """
    limits = LIMITS[precision]
    if agreement.within(limits):
        return
    if precision == "fp32":
        advice = "another version of torch or of the packages that write the file may do better"
    else:
        advice = "use --precision fp32"
    wanted = f"at least {100 * limits.equal_labels:g} %"
    if agreement.compared != "labels":
        wanted = f"at most {limits.of(agreement.compared):.1g} and {wanted}"
    raise LwrfError(
        f"{target} was not written, because it does not do what the network does: {agreement} on "
        f"{agreement.images} images; wanted {wanted}; {advice}"
    )


def _title(loaded: Loaded, precision: str, size: tuple[int, int] | None) -> str:
    network = loaded.network
    return (
        f"{network.backbone} ({network.decoder_name}), {network.num_classes} classes, for "
        f"{_by(size) if size else 'any size'}, {precision}\nweights: {_source(loaded)}"
    )


def _source(loaded: Loaded) -> str:
    """Name the weights, and the terms that go with them into the file."""
    info = loaded.weights
    if info.source == RANDOM:
        return "random weights"
    return Path(info.source).name + (f", {info.terms}" if info.terms else "")


def _report(
    target: Path,
    agreement: Agreement,
    batches: Sequence[tuple[int, int, int]],
    rows: Sequence[tuple[str, str]],
) -> str:
    sizes = ", ".join(dict.fromkeys(_by(batch[1:]) for batch in batches))
    images = f"{agreement.images} images ({sizes})"
    lines = [f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB)"]
    width = max(len(name) for name, _ in rows)
    lines += [f"  {name.ljust(width)}  {form}" for name, form in rows]
    return "\n".join([*lines, f"checked against the network on {images}: {agreement}"])


def _by(size: tuple[int, ...]) -> str:
    """Write ``(height, width)`` as people do: width first."""
    height, width = size
    return f"{width}x{height}"
