# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The picture that the small recordings of these tests are made of."""

from __future__ import annotations

import numpy as np


def picture(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """``(height, width, 3) uint8`` BGR; its blue is flat and tells the number."""
    y, x = np.mgrid[:height, :width]
    blue = np.full_like(x, 10 * number + 5)
    return np.stack([blue, y * 255 // height, x * 255 // width], axis=-1).astype(np.uint8)
