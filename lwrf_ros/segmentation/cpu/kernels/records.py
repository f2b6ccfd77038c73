# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Records of numbers that describe the network's steps to the kernels on a CPU.

A map is ``(height, width, channels) float32``, its channels a multiple of `LANES`; the ones that
are made up have zero weights. Around it there can be a border of zeros, which whoever slides a
window over it reads and nobody writes. Addresses are those of the first pixel inside the border;
steps from row to row and from pixel to pixel are in bytes.
"""

from __future__ import annotations

from enum import IntEnum, auto

import numpy as np


class Kind(IntEnum):
    """The kind of a step."""

    # Three planes become a map of UNROLLED channels.
    IMAGE = auto()
    # A convolution, or several that are added up: see `TERM`.
    PRODUCT = auto()
    # A 3x3 convolution by fewer products; `height` counts rows of tiles.
    WINOGRAD = auto()
    # The prologue of a single term, by itself.
    PROLOGUE = auto()
    MULTIPLY = auto()
    ACTIVATE = auto()
    # Into a part of another map: padding, cropping, concatenation.
    COPY = auto()
    MEAN = auto()
    # What a classifier makes, by position of its window, becomes planes of logits.
    LOGITS = auto()


class Prologue(IntEnum):
    """A prologue: applied to a term's source, a few rows at a time, before its product."""

    DIRECT = auto()
    MAX_POOL = auto()
    MEAN_POOL = auto()
    DEPTHWISE = auto()
    # Bilinear, corners aligned.
    STRETCH = auto()
    # The sum of up to MOST_SUMMED maps.
    SUM = auto()


class Activation(IntEnum):
    """Functions that `Kind.ACTIVATE` applies; CLAMP is the step's own clamp and nothing else."""

    CLAMP = auto()
    SIGMOID = auto()
    SILU = auto()
    HARD_SIGMOID = auto()
    HARD_SWISH = auto()


# What the kernels have room for: maps of a sum, terms of a step, and the side of a window.
MOST_SUMMED = 4
MOST_TERMS = 2
MOST_KERNEL = 11


def _addressed(name: str) -> list[tuple[str, str]]:
    return [(name, "i8"), (f"{name}_row", "i8"), (f"{name}_pixel", "i8")]


# One of the things that a step's products are summed over.
TERM = np.dtype(
    [
        ("prologue", "i8"),
        *_addressed("source"),
        ("height", "i8"),
        ("width", "i8"),
        ("channels", "i8"),
        # The window: its side, how far it moves, and the zeros around the map.
        ("kernel", "i8"),
        ("stride", "i8"),
        ("padding", "i8"),
        # The other maps of a sum.
        ("summed", "i8"),
        ("more", "i8", (MOST_SUMMED - 1,)),
        ("more_row", "i8", (MOST_SUMMED - 1,)),
        # A depthwise convolution: its channels and its weights, (kernel, kernel, channels) with the
        # bias behind.
        ("depthwise_channels", "i8"),
        ("depthwise_weights", "i8"),
        # Of what a depthwise convolution or a sum makes.
        ("low", "f4"),
        ("high", "f4"),
        # The expansion, a 1x1 before it from `channels` to `depthwise_channels`; 0 for none.
        ("expand_weights", "i8"),
        ("expand_bias", "i8"),
        ("expand_low", "f4"),
        ("expand_high", "f4"),
        # Offsets in a thread's scratch memory: rows that the prologue makes, what it needs to make
        # them, rows that were expanded, of which `ring_rows` are kept, and one of zeros.
        ("rows_at", "i8"),
        ("work_at", "i8"),
        ("ring_at", "i8"),
        ("ring_rows", "i8"),
        ("zeros_at", "i8"),
    ]
)

STEP = np.dtype(
    [
        ("kind", "i8"),
        *_addressed("out"),
        ("height", "i8"),
        ("width", "i8"),
        ("channels", "i8"),
        # Its terms in the table of terms.
        ("first_term", "i8"),
        ("terms", "i8"),
        ("weights", "i8"),
        ("bias", "i8"),
        # How many rows go through the weights together.
        ("block", "i8"),
        # Whether what the term behind these makes is added to the product.
        ("has_addend", "i8"),
        ("work_at", "i8"),
        ("low", "f4"),
        ("high", "f4"),
        # Sources of the other kinds, of which only these and `out` are known.
        *_addressed("source"),
        *_addressed("other"),
        ("source_height", "i8"),
        ("source_width", "i8"),
        # COPY: the out's first pixel and channel in coordinates of the source. LOGITS: the classes.
        ("top", "i8"),
        ("left", "i8"),
        ("first_channel", "i8"),
        ("function", "i8"),
        ("positions", "i8"),
        # Rows are shared out in so many parts.
        ("chunks", "i8"),
    ]
)
STEP_BYTES, TERM_BYTES = STEP.itemsize, TERM.itemsize
