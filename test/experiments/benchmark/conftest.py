# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the tests of the benchmark share: a small case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lwrf_ros.experiments.benchmark.case import Case, Setting
from lwrf_ros.weights.bundled import RANDOM


@pytest.fixture
def case() -> Case:
    """Images of 64x48 through a network at 64x32, one thread."""
    return Case(
        backbone="mobilenet_v2",
        decoder="light_weight",
        classes="camvid",
        weights=RANDOM,
        image_size=(48, 64),
        input_size=(32, 64),
        device="cpu",
        precision="fp32",
        batch=1,
        threads=1,
    )


@pytest.fixture
def setting(case: Case) -> Setting:
    """What a contestant is given there: three classes, easy means."""
    return Setting(case, num_classes=3, mean=(0.5, 0.4, 0.0), std=(0.25, 0.5, 1.0))


@pytest.fixture
def on_gpu(setting: Setting) -> Setting:
    """The same on a GPU, whether there is one or not."""
    return replace(setting, case=replace(setting.case, device="cuda:0", precision="fp16"))
