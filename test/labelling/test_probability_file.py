# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What training reads: plain arrays, nothing that would run code."""

from __future__ import annotations

import io

import numpy as np

from lwrf_ros.labelling.probability_file import encode_probabilities


def test_the_file() -> None:
    probabilities = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    with np.load(io.BytesIO(encode_probabilities(probabilities)), allow_pickle=False) as file:
        assert file.files == ["probabilities"]
        np.testing.assert_array_equal(file["probabilities"], probabilities)
        assert file["probabilities"].dtype == np.uint8
