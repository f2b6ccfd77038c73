# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Fixtures that the tests of several packages share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# One thread for torch, before it is imported, here and in the processes that tests start: these
# networks are tiny, and threads that wait for each other cost more than they give, many times as
# much on a busy machine. What several threads share is tested where they are asked for.
os.environ["OMP_NUM_THREADS"] = "1"
# As it is where the package is installed.
pytest_plugins = ["lwrf_ros.replay.pytest_plugin", "tool_fixtures"]
# An example may take as long as a machine needs that does much else.
settings.register_profile(
    "patient", parent=settings(), deadline=None, suppress_health_check=(HealthCheck.too_slow,)
)
settings.load_profile("patient")
REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the published networks' figures, beside the repository; else skip."""
    path = REPOSITORY.parent / "shared"
    if not path.is_dir():
        pytest.skip(f"{path} is missing: the published figures are only there for the developers")
    return path
