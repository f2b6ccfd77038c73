# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Scores against true labels of the recording, matched by stamp."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from small_bags import COMPRESSED, HEIGHT, IMAGE, TYPES, WIDTH, frames, header, raw_image, write_bag
from small_bags import stamp_ns as stamp_of_frame
from test_replay_run import labels_of, read_bag

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix
from lwrf_ros.replay.ground_truth import read_scores, scores_as_text
from lwrf_ros.replay.stamps import IN_MEMORY

NAMES = ClassTable.load("camvid").names


def truth(number: int) -> np.ndarray:
    rng = np.random.default_rng(100 + number)
    labels = rng.integers(0, len(NAMES), (HEIGHT, WIDTH), dtype=np.uint8)
    labels[:5] = 255
    return labels


def truth_message(number: int, compressed: bool) -> Any:
    about = header(stamp_of_frame(number))
    if compressed:
        png = cv2.imencode(".png", truth(number))[1].reshape(-1)
        return TYPES.types[COMPRESSED](about, "png", png)
    data = truth(number).reshape(-1)
    return TYPES.types[IMAGE](about, HEIGHT, WIDTH, "mono8", 0, WIDTH, data)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("later_ns", [-5_000_000, 150_000_000])
def test_scores_are_those_of_the_labels(
    tmp_path: Path, quick_replay: Any, compressed: bool, later_ns: int
) -> None:
    truths = frames(lambda number: truth_message(number, compressed), 4)
    truths = [(time_ns + later_ns, message) for time_ns, message in truths]
    # One frame has no truth, and one truth has no frame.
    del truths[1]
    bag = write_bag(tmp_path / "bag", {"/image_raw": frames(raw_image, 3), "/truth": truths})
    quick_replay(bag, topics=["/image_raw"], ground_truth=["/truth"])
    matrix = ConfusionMatrix(len(NAMES))
    labels = read_bag(tmp_path / "out")["/segmenter/labels"]
    for number in (0, 2):
        matrix.add(labels_of(labels[number][1]), truth(number))
    scores = read_scores(tmp_path / "out")
    assert scores is not None
    one = scores["cameras"]["/image_raw"]
    assert (one["ground_truth"], one["frames"], one["unscored"]) == ("/truth", 2, {})
    assert (one["frames_without_truth"], one["truths_without_frame"]) == (1, 1)
    assert one["mean_iou"] == pytest.approx(matrix.mean_iou())
    assert one["confusion_matrix"] == matrix.counts.tolist()
    assert f"{matrix.mean_iou():.4f}" in scores_as_text(scores, NAMES)


def test_truths_that_cannot_be_used_are_counted(tmp_path: Path, quick_replay: Any) -> None:
    truths = frames(lambda number: truth_message(number, True), 4)
    truths[0][1].data = truths[0][1].data[:20]
    truths[1][1].data = cv2.imencode(".png", truth(1)[:10])[1].reshape(-1)
    truths[2][1].data = cv2.imencode(".png", np.full((HEIGHT, WIDTH), 99, np.uint8))[1].reshape(-1)
    bag = write_bag(tmp_path / "bag", {"/image_raw": frames(raw_image, 4), "/truth": truths})
    quick_replay(bag, topics=["/image_raw"], ground_truth=["/truth"])
    scores = read_scores(tmp_path / "out")
    assert scores is not None
    one = scores["cameras"]["/image_raw"]
    assert one["frames"] == 1
    reasons = {"unreadable": 1, "other size": 1, "no such class": 1}
    assert one["unscored"] == reasons


def without_stamps(messages: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    for _, message in messages:
        message.header.stamp.sec = message.header.stamp.nanosec = 0
    return messages


@pytest.mark.parametrize("missing", [0, 1])
def test_empty_stamps_are_paired_by_place_or_not_at_all(
    tmp_path: Path, quick_replay: Any, missing: int
) -> None:
    images = without_stamps(frames(raw_image, 4))
    images[1][1].data = images[1][1].data[:50]  # refused, and has its place all the same
    truths = without_stamps(frames(lambda number: truth_message(number, True), 4))
    # Two frames late.
    truths = [(time_ns + 2 * 100_000_000, message) for time_ns, message in truths][missing:]
    bag = write_bag(tmp_path / "bag", {"/image_raw": images, "/truth": truths})
    quick_replay(bag, topics=["/image_raw"], ground_truth=["/truth"])
    matrix = ConfusionMatrix(len(NAMES))
    labels = read_bag(tmp_path / "out")["/segmenter/labels"]
    for (_, message), number in zip(labels, (0, 2, 3), strict=True):
        matrix.add(labels_of(message), truth(number))
    scores = read_scores(tmp_path / "out")
    assert scores is not None
    one = scores["cameras"]["/image_raw"]
    if missing:
        # Which one is missing cannot be told.
        assert (one["frames"], one["unscored"]) == (0, {"without stamps": 2})
        assert "driver that sets the stamps" in scores_as_text(scores, NAMES)
    else:
        assert (one["frames"], one["unscored"]) == (3, {})
        assert one["confusion_matrix"] == matrix.counts.tolist()


def test_truth_in_another_file_of_the_bag_is_found(tmp_path: Path, quick_replay: Any) -> None:
    count = IN_MEMORY + 3
    truths = frames(lambda number: truth_message(number, False), count)
    truths = [(time_ns + 3_600_000_000_000, message) for time_ns, message in truths]
    folder = write_bag(tmp_path / "bag", {"/image_raw": frames(raw_image, count)})
    second = write_bag(tmp_path / "second", {"/truth": truths})
    (folder / "metadata.yaml").unlink()
    (second / "second.mcap").rename(folder / "bag_1.mcap")
    quick_replay(folder, topics=["/image_raw"], ground_truth=["/truth"])
    matrix = ConfusionMatrix(len(NAMES))
    for number, message in enumerate(read_bag(tmp_path / "out")["/segmenter/labels"]):
        matrix.add(labels_of(message[1]), truth(number))
    scores = read_scores(tmp_path / "out")
    assert scores is not None
    one = scores["cameras"]["/image_raw"]
    assert (one["frames"], one["frames_without_truth"]) == (count, 0)
    assert one["confusion_matrix"] == matrix.counts.tolist()


def test_topics_of_truth_that_do_not_fit(tmp_path: Path, quick_replay: Any) -> None:
    bag = write_bag(tmp_path / "bag", {"/image_raw": frames(raw_image, 1)})
    with pytest.raises(LwrfError, match="has no topic /truth for --ground-truth"):
        quick_replay(bag, ground_truth=["/truth"])
    with pytest.raises(LwrfError, match="2 topics of true labels for 1 cameras"):
        quick_replay(bag, ground_truth=["/truth", "/other"])


def test_bundled_weights_on_the_real_drive(shared: Path, tmp_path: Path, quick_replay: Any) -> None:
    quick_replay(
        shared / "bags" / "camvid_drive_mcap",
        engine=EngineOptions(weights="camvid", device="cpu"),
        ground_truth=["/camera/ground_truth/compressed"],
        max_frames=10,
    )
    scores = read_scores(tmp_path / "out")
    assert scores is not None
    one = scores["cameras"]["/camera/image_raw/compressed"]
    assert one["frames"] == 10
    assert one["pixel_accuracy"] > 0.9
