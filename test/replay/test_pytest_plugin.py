# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Bags as tests: the fixture that robot teams use, offline and through the node over DDS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: its message classes are used")

from small_bags import frames, jpeg_image, raw_image, stamp_ns, write_bag

from lwrf_ros.errors import LwrfError
from lwrf_ros.replay.pytest_plugin import Replay
from lwrf_ros.replay.replayed import Replayed

COUNT = 10
# None is as fast as it goes.
RATES = (1.0, None)
QUICK = {"weights": "random", "classes": "camvid", "device": "cpu", "input_size": (64, 64)}


def test_what_a_replay_tells(replay: Replay, tmp_path: Path) -> None:
    messages = frames(raw_image, 4)
    messages[1][1].encoding = "32FC1"
    run = replay(write_bag(tmp_path / "bag", {"/image": messages}), **QUICK)
    assert (run.processed, run.refused, run.faults) == (3, {"encoding": 1}, {})
    assert [row.outcome for row in run.frames].count("processed") == 3
    labels = list(run.labels())
    assert [key.stamp_ns for key, _ in labels] == [stamp_ns(number) for number in (0, 2, 3)]
    shares = [np.mean(one == 3) for _, one in labels]
    assert run.record.class_names[3] == "road"
    np.testing.assert_array_equal(run.coverage("road"), shares)
    assert (run.coverage("unlabelled") == 0).all()
    with pytest.raises(LwrfError, match="no class 'roads'"):
        run.coverage("roads")
    with pytest.raises(LwrfError, match="nothing was scored"):
        _ = run.scores
    with pytest.raises(TypeError, match="no setting wieghts"):
        replay(tmp_path / "bag", wieghts="random")


def test_golden(replay: Replay, tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", {"/image": frames(raw_image, 4)})
    golden = tmp_path / "golden"
    run = replay(bag, **QUICK)
    with pytest.raises(LwrfError, match="pytest --lwrf-update-golden"):
        run.assert_same_as(golden)
    with pytest.warns(UserWarning, match="was replaced"):
        Replayed(run.folder, update_golden=True).assert_same_as(golden)
    replay(bag, **QUICK).assert_same_as(golden)
    other = replay(bag, **{**QUICK, "input_size": (96, 96)})
    with pytest.raises(AssertionError, match=r"the labels changed; pictures are in (.|\n)*DIFFER"):
        other.assert_same_as(golden)
    assert list((other.folder / "comparison").glob("changed_01_*.png"))
    other.assert_same_as(golden, min_equal=0.0)
    with pytest.raises(LwrfError, match=r"has no replay\.json"):
        Replayed(run.folder, update_golden=True).assert_same_as(bag)


TEAMS_TEST = """
def test_corridor(replay):
    run = replay("corridor", weights="random", device="cpu", input_size=(64, 64))
    assert run.processed == 3
    assert not run.refused and not run.faults
    run.assert_same_as("golden")
"""


def test_ten_lines_of_a_robot_team(replay: Replay, tmp_path: Path) -> None:
    write_bag(tmp_path / "corridor", {"/image": frames(raw_image, 3)})
    (tmp_path / "test_corridor.py").write_text(TEAMS_TEST)
    plugin = ("-p", "lwrf_ros.replay.pytest_plugin", "-q", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "--lwrf-update-golden"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "was replaced by this run" in done.stdout
    assert "1 passed" in done.stdout
    # The next run, without the option: what the team's test says, here.
    run = replay(tmp_path / "corridor", weights="random", device="cpu", input_size=(64, 64))
    run.assert_same_as(tmp_path / "golden")


def test_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, lwrf_ros.replay.pytest_plugin;"
        "print([n for n in ('rclpy', 'torch', 'cv2', 'rosbags', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_node_over_dds_says_what_the_replay_says(replay: Replay, tmp_path: Path) -> None:
    images: Any = {"/camera/image_raw/compressed": frames(jpeg_image, COUNT)}
    drive = write_bag(tmp_path / "drive", images)
    offline = replay(drive, **QUICK)
    for rate, live in zip(RATES, replay.at_rates(drive, RATES, **QUICK), strict=True):
        # A CPU works on one frame at a time, as the replay does: equal bytes.
        live.assert_same_as(offline, min_equal=1.0)
        assert live.account.settled
        assert len(live.labels) == live.account.processed
        if rate is not None:
            # Slow enough for any machine that can run these tests.
            assert live.account.received == COUNT
    (key, labels), *_ = offline.labels()
    live.labels[key.stamp_ns] = (labels + 1) % 11
    with pytest.raises(AssertionError, match=r"1 of \d+ frames have less than 99\.0000%"):
        live.assert_same_as(offline, min_equal=0.99)
    live.labels[0] = labels
    with pytest.raises(AssertionError, match="of which 1 are not in the replay"):
        live.assert_same_as(offline)
