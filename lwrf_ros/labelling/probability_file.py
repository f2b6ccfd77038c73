# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The file that holds what teachers think of each class, beside an image and its mask."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

FOLDER = "probabilities"
SUFFIX = ".npz"
KEY = "probabilities"


def encode_probabilities(probabilities: NDArray[np.uint8]) -> bytes:
    """Return the bytes of a file.

    Args:
        probabilities: ``(C, h, w) uint8``: 255 times the probability of each class of the table,
            stretched over the whole image with half-pixel centres. Where the teacher sees what is
            no class of the table, the sum is less than 255.
    """
    data = io.BytesIO()
    np.savez_compressed(data, probabilities=probabilities)  # named as KEY
    return data.getvalue()
