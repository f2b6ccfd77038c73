# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How much the fit of a temperature looks at; the fit itself is in test_calibration.py."""

from __future__ import annotations

import pytest

from lwrf_ros.evaluation.temperature import pixels_of_a_frame


@pytest.mark.parametrize(
    ("frames", "classes", "pixels"),
    [
        (2, 11, 4096),
        (1000, 12, 4096),  # 50e6 / 12,000 is 4166
        (1000, 50, 1000),
        (100_000, 50, 10),
        (10**8, 50, 1),
    ],
)
def test_the_logits_that_the_fit_sees_fit_into_200_mb(
    frames: int, classes: int, pixels: int
) -> None:
    assert pixels_of_a_frame(frames, classes) == pixels
    assert frames > 10**6 or frames * classes * pixels * 4 <= 200e6
