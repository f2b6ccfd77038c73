# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A recording that is played in a loop, and the node that plays it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_bags import frames, raw_image, write_bag

from lwrf_ros.processes.player import PlayError, PlayOptions, _looped, play
from lwrf_ros.recordings import open_frames


def test_times_and_stamps_go_on_growing_from_round_to_round(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", {"/image": frames(raw_image, 3)})
    with open_frames(bag) as source:
        once = [(frame.time_ns, frame.stamp_ns) for frame in source]
        played = list(islice(_looped(source, True), 7))
        assert [(time, stamp) for _, time, stamp in _looped(source, False)] == once
    times = [time for _, time, _ in played]
    steps = np.diff(times)
    assert (steps == steps[0]).all(), "as long between two rounds as between two frames"
    stamps = [stamp for _, _, stamp in played]
    assert (np.diff(stamps) == steps).all()
    assert stamps[:3] == [stamp for _, stamp in once]


def test_a_single_image_is_repeated(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((4, 4, 3), np.uint8))
    with open_frames(tmp_path) as source:
        played = [time for _, time, _ in islice(_looped(source, True), 3)]
    assert played == [0, 100_000_000, 200_000_000]


def test_a_name_that_no_node_can_have(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(PlayError, match="--name is 'my camera', which is no name of a node"):
        play(PlayOptions(str(tmp_path), name="my camera"))
