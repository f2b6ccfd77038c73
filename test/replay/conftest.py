# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the tests of the replay share: small bags and a quick network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: its message classes are used")

from quick import QUICK

from lwrf_ros.replay.replay_run import ReplayOptions, replay
from lwrf_ros.replay.run_record import RunRecord

RunReplay = Callable[..., RunRecord]


@pytest.fixture
def quick_replay(tmp_path: Path) -> RunReplay:
    """Replay with a small random network into a folder, by default ``out`` of the test's."""

    def run(recording: Path, output: Path | None = None, **options: Any) -> RunRecord:
        options.setdefault("engine", QUICK)
        return replay(ReplayOptions(recording, output or tmp_path / "out", **options))

    return run
