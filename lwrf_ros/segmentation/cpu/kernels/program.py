# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A whole network on a CPU: every thread goes through its steps and does its share of each."""

from __future__ import annotations

import numba
import numpy as np

from lwrf_ros.segmentation.cpu.kernels.compiled import compiled
from lwrf_ros.segmentation.cpu.kernels.layers import product_rows, prologue_rows
from lwrf_ros.segmentation.cpu.kernels.maps import (
    copy_rows,
    interleave_rows,
    logits_rows,
    mean_of_map,
    pointwise_rows,
)
from lwrf_ros.segmentation.cpu.kernels.product import MOST_ROWS, MOST_SEGMENTS, SEGMENT, product
from lwrf_ros.segmentation.cpu.kernels.prologues import prologue
from lwrf_ros.segmentation.cpu.kernels.records import STEP, STEP_BYTES, TERM, TERM_BYTES, Kind
from lwrf_ros.segmentation.cpu.kernels.vectors import (
    add_atomically,
    call_at,
    give_way,
    read_atomically,
)
from lwrf_ros.segmentation.cpu.kernels.winograd import winograd

# int64 of each step's counters: parts that were taken, and parts that are done, each in a cache
# line of its own.
COUNTERS = 16
# Looks at a counter before other threads may have the core: some tens of microseconds.
_PATIENCE = 20000

_IMAGE, _PRODUCT, _WINOGRAD = (int(kind) for kind in (Kind.IMAGE, Kind.PRODUCT, Kind.WINOGRAD))
_PROLOGUE, _COPY = (int(kind) for kind in (Kind.PROLOGUE, Kind.COPY))
_MEAN, _LOGITS = (int(kind) for kind in (Kind.MEAN, Kind.LOGITS))

# What `run` calls by address.
FUNCTIONS = (product.address, prologue.address, winograd.address)
_STEPS = numba.from_dtype(STEP)[::1]
_TERMS = numba.from_dtype(TERM)[::1]
_ADDRESSES = numba.types.UniTuple(numba.int64, len(FUNCTIONS))


@compiled(numba.void(_STEPS, _TERMS, numba.int64[:, ::1], _ADDRESSES, numba.int64))
def run(steps, terms, counters, functions, scratch):
    """Go through a network's steps, in one of any number of threads.

    A thread that begins late, or never, is not waited for: the others do its parts.

    Args:
        steps: ``(n,) STEP``.
        terms: ``(m,) TERM``.
        counters: ``(n, COUNTERS) int64``, zeros before the first thread begins.
        functions: `FUNCTIONS`.
        scratch: Address of this thread's own memory.
    """
    product_at, _, winograd_at = functions
    segments = np.empty((MOST_ROWS, MOST_SEGMENTS, SEGMENT), dtype=np.int64)
    destinations = np.empty((MOST_ROWS, 2, 2), dtype=np.int64)
    for number in range(len(steps)):
        step = steps[number]
        taken, done = counters[number].ctypes.data, counters[number, COUNTERS // 2 :].ctypes.data
        while True:
            part = add_atomically(taken, 1)
            if part >= step.chunks:
                break
            begin = step.height * part // step.chunks
            end = step.height * (part + 1) // step.chunks
            if step.kind == _PRODUCT:
                product_rows(functions, step, terms, begin, end, scratch, segments, destinations)
            elif step.kind == _WINOGRAD:
                own = steps.ctypes.data + number * STEP_BYTES
                first_term = terms.ctypes.data + step.first_term * TERM_BYTES
                call_at(winograd_at, (own, first_term, begin, end, scratch, product_at))
            elif step.kind == _PROLOGUE:
                prologue_rows(functions, step, terms, begin, end, scratch, segments, destinations)
            elif step.kind == _IMAGE:
                interleave_rows(step, begin, end)
            elif step.kind == _COPY:
                copy_rows(step, begin, end)
            elif step.kind == _MEAN:
                mean_of_map(step)
            elif step.kind == _LOGITS:
                logits_rows(step, begin, end, scratch + step.work_at)
            else:
                pointwise_rows(step, begin, end)
            add_atomically(done, 1)
        # The next step reads what the others have made of this one.
        looked = 0
        while read_atomically(done) < step.chunks:
            looked += 1
            if looked > _PATIENCE:
                give_way()
