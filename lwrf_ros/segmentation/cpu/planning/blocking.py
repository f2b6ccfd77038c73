# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How many rows of a step go through its weights together, and in how many parts it is shared."""

from __future__ import annotations

from lwrf_ros.segmentation.cpu.kernels.product import MOST_ROWS
from lwrf_ros.segmentation.cpu.kernels.records import Kind, Prologue
from lwrf_ros.segmentation.cpu.kernels.vectors import FLOAT_BYTES
from lwrf_ros.segmentation.cpu.kernels.winograd import DOMAIN, SIDE
from lwrf_ros.segmentation.cpu.planning.steps import Step, Term

# What should be in the cache together: a block's rows, the ring of a depthwise convolution, or the
# tiles of a block in the Winograd domain.
_BLOCK_BYTES = 256 * 1024
_RING_BYTES = 512 * 1024
_TILES_BYTES = 512 * 1024
# More than one, so that a thread whose core others want as well holds up less.
_CHUNKS_PER_THREAD = 2


def rows_to_share(step: Step) -> int:
    """Return the rows of a step that its threads share: of tiles in the Winograd domain."""
    height = step.made.size[0]
    return -(-height // SIDE) if step.kind == Kind.WINOGRAD else height


def chunks(step: Step, threads: int) -> int:
    """Return how many parts a step's rows are shared out in."""
    if step.kind == Kind.MEAN:
        return 1
    # The first rows of a ring would be expanded by both of two neighbours.
    expands = any(term.expansion for term in step.terms)
    return min(threads * (1 if expands else _CHUNKS_PER_THREAD), rows_to_share(step))


def block_rows(step: Step, threads: int) -> int:
    """Return how many rows of `rows_to_share` go together; 1 where a step knows no blocks."""
    if step.kind == Kind.WINOGRAD:
        return _block_of_tiles(step, threads)
    return _block(step, threads) if step.terms else 1


def ring_floats(term: Term) -> int:
    """Return the floats of a row that a depthwise convolution slides over."""
    return (term.source.size[1] + 2 * term.padding) * term.channels


def _block(step: Step, threads: int) -> int:
    height, width = step.made.size
    # Of large weights, the rows should be worth the reading.
    room = max(_BLOCK_BYTES, sum(t.weights.nbytes for t in step.terms if t.weights is not None))
    channels = sum(term.channels for term in step.all_terms) + step.made.channels
    block = room // (channels * width * FLOAT_BYTES)
    for term in step.terms:
        if term.prologue == Prologue.MAX_POOL:
            # Two rows of it take less than two times one.
            block = max(block, 2)
        if term.expansion is not None:
            rows = min(_RING_BYTES // (ring_floats(term) * FLOAT_BYTES), MOST_ROWS)
            block = min(block, (rows - term.kernel) // term.stride + 1)
    return max(1, min(block, -(-height // threads), MOST_ROWS))


def _block_of_tiles(step: Step, threads: int) -> int:
    (term,) = step.terms
    height, width = (-(-side // SIDE) for side in step.made.size)
    block = _TILES_BYTES // (width * DOMAIN * term.channels * FLOAT_BYTES)
    return max(1, min(block, -(-height // threads)))
