# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The network of these tests: small and untrained, because they are not about what it says."""

from __future__ import annotations

from lwrf_ros.configuration.engine_options import EngineOptions

QUICK = EngineOptions(weights="random", classes="camvid", device="cpu", input_size=(64, 64))
QUICK_ARGUMENTS = (
    "--weights",
    "random",
    "--classes",
    "camvid",
    "--device",
    "cpu",
    "--input-size",
    "64x64",
)
