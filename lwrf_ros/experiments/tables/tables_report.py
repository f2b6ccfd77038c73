# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The tables for people: the paper's number beside what was measured, and a dash for nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

from lwrf_ros.evaluation.score_values import as_text
from lwrf_ros.experiments.tables import measured_scores as scores
from lwrf_ros.experiments.tables import runtime
from lwrf_ros.experiments.tables.grid import Grid
from lwrf_ros.experiments.tables.paper import (
    COUNTED_SIZE,
    OPERATIONS_CLAIM,
    PARAMETERS_CLAIM,
    RUNTIME_CLAIM,
    RUNTIME_SIZE,
    SCORED,
    TABLE_2,
    TABLES,
    Row,
)
from lwrf_ros.experiments.tables.results import Results, Size, paper_speed_up

NOTHING = "-"
_BOTH = ("paper", "here")
_TITLES = {
    1: "Table 1: parameters and operations on 512x512",
    2: "Table 2: NYUDv2, PASCAL Person-Part and parameters",
    3: "Table 3: PASCAL VOC and operations on 512x512",
}
_DATA = {
    "nyu40": "NYUDv2 mIoU, %",
    "person_part": "Person-Part mIoU, %",
    "voc": "VOC val mIoU, %",
}
_COUNTS = (
    "parameters and operations here: with 21 classes; convolutions only, one multiply-add is one "
    "operation"
)
_FRAME_RATES = (
    "frames/s in the paper: of the abstract, whose 20 and 17 are taken for RefineNet-50's and "
    "-152's"
)

Cells = tuple[str, ...]


def grids(results: Results, about_runs: str) -> list[Grid]:
    """Lay everything out.

    Args:
        results: What was measured.
        about_runs: Device, threads and precision in words.
    """
    found = []
    for number in results.tables:
        found.append(_table(number, results))
        if number == 2 and results.sizes:
            found.append(_runtimes(results, about_runs))
    found.append(_claims(results))
    others = _other_scores(results)
    return [*found, others] if others.rows else found


def _table(number: int, results: Results) -> Grid:
    columns: list[tuple[str, Callable[[Row], Cells]]] = [
        (_DATA[name], partial(_scores, results, name)) for name in SCORED[number]
    ]
    if number != 3:
        columns.append(("parameters, M", partial(_parameters, results)))
    if number != 2:
        columns.append(("operations, G", partial(_operations, results)))
    grid = Grid(_TITLES[number], [(title, _BOTH) for title, _ in columns])
    for row in TABLES[number]:
        grid.rows.append((row.title, [cell for _, cells in columns for cell in cells(row)]))
    grid.notes.append(_COUNTS)
    if number == 2 and not results.sizes:
        grid.notes.append("runtime: left out, as --no-runtime asks")
    if SCORED[number]:
        grid.notes += _about_scores(SCORED[number], TABLES[number], results)
    return grid


def _about_scores(datasets: tuple[str, ...], rows: tuple[Row, ...], results: Results) -> list[str]:
    notes = [f"mIoU here: {scores.INCLUDES}"]
    if any(score.multi_scale for row in rows for score in row.mean_iou.values()):
        notes.append("msc: of several scales")
    missing = [
        name for row, name in product(rows, datasets) if (row.network, name) not in results.scores
    ]
    if missing:
        name = missing[0]
        notes.append(
            f"{NOTHING}: the paper has none; here, no weights and data were given: --weights "
            f"BACKBONE[:DECODER]:{name}=FILE --data {name}:FOLDER"
        )
    return notes


def _runtimes(results: Results, about_runs: str) -> Grid:
    columns: list[tuple[str, Cells, Callable[[Row], Cells]]] = []
    for size in results.sizes:
        columns += _runtime_columns(size, results)
    passes = min(len(one.times_ms) for one in results.passes.values())
    grid = Grid("Table 2, runtime", [(title, names) for title, names, _ in columns])
    for row in TABLE_2:
        grid.rows.append((row.title, [cell for _, _, cells in columns for cell in cells(row)]))
    grid.notes = [
        f"ms: mean ± standard deviation of {passes} passes here, of 100 in the paper (GTX 1080 Ti)",
        runtime.INCLUDES,
        f"here: {about_runs}; the original and the light network of a backbone take turns, "
        f"{runtime.WARM_UP_PASSES} passes of each before are left out",
        "times as fast as the original on the same backbone: by medians here, by means in the "
        "paper",
    ]
    if COUNTED_SIZE in results.sizes:
        grid.notes.append(_FRAME_RATES)
    return grid


def _runtime_columns(
    size: Size, results: Results
) -> list[tuple[str, Cells, Callable[[Row], Cells]]]:
    """Return the groups of columns of a size: those that the paper has numbers for have two."""
    title = f"{size[1]}x{size[0]}"

    def times(row: Row) -> Cells:
        found = results.passes.get((row.network, size))
        here = NOTHING if found is None else _spread(found.mean_ms, found.std_ms)
        if size != RUNTIME_SIZE:
            return (here,)
        paper = row.runtime
        return (NOTHING if paper is None else f"{paper.mean_ms:.2f} ± {paper.std_ms:.2f}", here)

    def rates(row: Row) -> Cells:
        found = results.passes.get((row.network, size))
        here = None if found is None else 1e3 / found.mean_ms
        return (_number(row.frames_per_s, 0), _number(here, 2))

    def ratios(row: Row) -> Cells:
        here = _number(results.speed_up(row.network, size), 2)
        original = _original(row)
        if size == RUNTIME_SIZE:
            return (_number(paper_speed_up(row, original), 2), here)
        if size == COUNTED_SIZE:
            return (_number(_rate_ratio(row, original), 2), here)
        return (here,)

    fast = f"{title}, times as fast"
    if size == RUNTIME_SIZE:
        return [(f"{title}, ms", _BOTH, times), (fast, _BOTH, ratios)]
    if size == COUNTED_SIZE:
        return [
            (f"{title}, ms", ("here",), times),
            (f"{title}, frames/s", _BOTH, rates),
            (fast, _BOTH, ratios),
        ]
    return [(f"{title}, ms", ("here",), times), (fast, ("here",), ratios)]


def _claims(results: Results) -> Grid:
    names = [f"{size[1]}x{size[0]}" for size in results.sizes]
    grid = Grid(
        "The paper's claims: how many times as much the original RefineNet takes",
        [("parameters", ("claim", "here")), ("operations", ("claim", "here"))],
    )
    if names:
        grid.groups.append(("time", ("claim", *names)))
    rows = {row.network: row for row in results.rows()}
    for row in sorted(rows.values(), key=lambda row: results.counts[row.network].operations):
        counts = results.counts[row.network]
        original = results.counts.get(row.network.original)
        if original is None or row.network == row.network.original:
            continue
        cells = ["> 2", _number(original.parameters / counts.parameters, 2)]
        cells += ["> 3", _number(original.operations / counts.operations, 2)]
        if names:
            ratios = [results.speed_up(row.network, size) for size in results.sizes]
            cells += ["about 2", *(_number(ratio, 2) for ratio in ratios)]
        grid.rows.append((row.title, cells))
    grid.notes.append("; ".join((PARAMETERS_CLAIM, OPERATIONS_CLAIM, RUNTIME_CLAIM)))
    return grid


def _other_scores(results: Results) -> Grid:
    """Return the scores that no table has a place for: PASCAL-Context and Cityscapes, say."""
    placed = {
        (row.network, name)
        for number in results.tables
        for row, name in product(TABLES[number], SCORED[number])
    }
    grid = Grid("Other scores", [("mIoU, %", ("here",)), ("images", ("here",))])
    for (network, name), found in results.scores.items():
        if (network, name) not in placed:
            title = f"{network.backbone}, {network.decoder}, {name}"
            grid.rows.append((title, [as_text(100 * found.mean_iou, 1), str(found.frames)]))
    grid.notes.append(f"{scores.INCLUDES}; not in the tables that were asked for")
    return grid


def _scores(results: Results, dataset: str, row: Row) -> Cells:
    paper = row.mean_iou.get(dataset)
    found = results.scores.get((row.network, dataset))
    text = NOTHING
    if paper is not None:
        text = f"{paper.percent:.1f}" + (" msc" if paper.multi_scale else "")
    return (text, NOTHING if found is None else as_text(100 * found.mean_iou, 1))


def _parameters(results: Results, row: Row) -> Cells:
    found = results.counts[row.network].parameters / 1e6
    return (_number(row.parameters_m, 0), _number(found, 2))


def _operations(results: Results, row: Row) -> Cells:
    found = results.counts[row.network].operations / 1e9
    paper = row.operations_g
    return (NOTHING if paper is None else f"{paper:g}", _number(found, 2))


def _original(row: Row) -> Row | None:
    return next((one for one in TABLE_2 if one.network == row.network.original), None)


def _rate_ratio(row: Row, original: Row | None) -> float | None:
    if original is None or original is row or not (row.frames_per_s and original.frames_per_s):
        return None
    return row.frames_per_s / original.frames_per_s


def _spread(mean: float, deviation: float) -> str:
    digits = 2 if mean < 100 else 0
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}"


def _number(value: float | None, digits: int) -> str:
    return NOTHING if value is None or value != value else f"{value:.{digits}f}"
