# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A real replay and its report: what one writes, the other reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_report_page import Page

pytest.importorskip("rclpy", reason="rclpy is not installed: nothing can be replayed")

from lwrf_ros.cli import main as cli

QUICK = ("--weights", "random", "--input-size", "64x64", "--device", "cpu")


def test_two_cameras_of_a_bag(compressed_bag: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    topics = ["/left/compressed", "/right/compressed"]
    chosen = [part for topic in topics for part in ("--bag-topic", topic)]
    assert cli.main(["replay", str(compressed_bag), "-o", str(out), *chosen, *QUICK]) == 0
    assert cli.main(["report", str(out)]) == 0
    data = Page(out / "report.html").data
    assert data["complete"]
    assert data["settings"]["weights"] == "random"
    assert [one["topic"] for one in data["cameras"]] == topics
    for one in data["cameras"]:
        assert (one["read"], one["processed"], len(one["pictures"])) == (3, 3, 3)
        assert one["frames"]["time"] == [0.0, 0.1, 0.2]
        assert all(
            sum(shares) == pytest.approx(100, abs=0.1) for shares in one["frames"]["coverage"]
        )
