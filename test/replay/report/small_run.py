# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A small replay's output, written by rosbags, whose every figure the test knows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from lwrf_ros.replay.run_record import (
    PROCESSED,
    CameraTopics,
    FrameRow,
    FrameTable,
    RunRecord,
    TopicAccount,
)

CLASSES = ["road", "car", "tree"]
COLOURS = [[128, 64, 128], [64, 0, 128], [0, 0, 0]]
PERIOD_NS = 100_000_000
START_NS = 1_700_000_000_123_456_789
TYPES = get_typestore(Stores.LATEST)


def camera(name: str = "") -> CameraTopics:
    """The topics of a camera, as a replay names them."""
    prefix = f"/segmenter/{name}" if name else "/segmenter"
    return CameraTopics(
        topic=f"/{name or 'camera'}/image_raw",
        name=name,
        labels=f"{prefix}/labels",
        overlay=f"{prefix}/overlay/compressed",
        coverage=f"{prefix}/coverage",
    )


def picture(number: int, width_px: int = 64, noise: bool = False) -> np.ndarray:
    """A picture of its own for each number: grey, or noise that hardly compresses."""
    height_px = width_px * 3 // 4
    if noise:
        return np.random.default_rng(number).integers(0, 255, (height_px, width_px, 3), np.uint8)
    return np.full((height_px, width_px, 3), 20 * (number + 1) % 255, dtype=np.uint8)


def write_run(
    folder: Path,
    frames: Sequence[Sequence[float] | str],
    cameras: Sequence[CameraTopics] = (),
    pictures: Sequence[np.ndarray] = (),
    stamps_ns: Sequence[int] = (),
    **changes: Any,
) -> Path:
    """Write an output folder.

    Args:
        folder: To make.
        frames: For each frame read the shares of `CLASSES`, or the reason of its refusal.
        cameras: All of them see the same; one without a name if there is none.
        pictures: BGR overlays of the frames with shares.
        stamps_ns: Of the frames; 10 Hz if there are none.
        changes: Of the record.
    """
    cameras = list(cameras) or [camera()]
    stamps_ns = stamps_ns or [START_NS + place * PERIOD_NS for place in range(len(frames))]
    rows: list[FrameRow] = []
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = {
            topic: writer.add_connection(topic, message_type, typestore=TYPES)
            for one in cameras
            for topic, message_type in (
                (one.overlay, "sensor_msgs/msg/CompressedImage"),
                (one.coverage, "diagnostic_msgs/msg/DiagnosticArray"),
            )
        }
        shown = 0
        for index, (content, stamp_ns) in enumerate(zip(frames, stamps_ns, strict=True)):
            log_ns = START_NS + index * PERIOD_NS
            refused = isinstance(content, str)
            for one in cameras:
                outcome, engine_ms = (content, None) if refused else (PROCESSED, 10.0 + index)
                rows.append(FrameRow(one.topic, index, stamp_ns, log_ns, str(outcome), engine_ms))
            if refused:
                continue
            bgr = pictures[shown] if pictures else picture(shown)
            shown += 1
            for one in cameras:
                for topic, message in (
                    (one.overlay, _overlay(stamp_ns, bgr)),
                    (one.coverage, _coverage(stamp_ns, content)),
                ):
                    data = TYPES.serialize_cdr(message, message.__msgtype__)
                    writer.write(connections[topic], log_ns, data)
    refusals = Counter(one for one in frames if isinstance(one, str))
    account = TopicAccount(len(frames), len(frames) - refusals.total(), refusals)
    record: dict[str, Any] = {
        "input": "recordings/corridor.bag",
        "settings": {"backbone": "mobilenet_v2", "weights_sha256": "97d18", "input_size": [48, 64]},
        "versions": {"lwrf_ros": "0.1.0", "torch": "2.13.0"},
        "class_names": CLASSES,
        "colours": COLOURS,
        "cameras": cameras,
        "account": {one.topic: account for one in cameras},
        "faults": Counter(),
        "complete": True,
        "wall_s": 1.5,
    }
    RunRecord(**{**record, **changes}).write(folder)
    table = FrameTable(folder)
    for row in rows:
        table.add(row)
    table.close()
    return folder


def write_comparison(
    folder: Path, current: Path, equal: Sequence[tuple[str, int, int, float]], **changes: Any
) -> Path:
    """Write what `lwrf compare` leaves about two replays.

    Args:
        folder: To make.
        current: The later one's output.
        equal: Topic, stamp, repetition and share of equal pixels of each frame.
        changes: Of comparison.json.
    """
    folder.mkdir()
    _, png = cv2.imencode(".png", picture(3, 64))
    (folder / "changed_01.png").write_bytes(png.tobytes())
    topic, stamp_ns, repetition, share = min(equal, key=lambda one: one[3])
    most = {"topic": topic, "stamp_ns": stamp_ns, "repetition": repetition, "equal": share}
    one = {"golden_coverage": 0.5, "coverage": 0.25, "change": -0.25, "iou": 0.5}
    content = {
        "format": 1,
        "golden": "runs/yesterday",
        "current": str(current),
        "same": False,
        "exceeded": ["road has an IoU of 0.5, less than 0.9"],
        "frames": {"compared": len(equal), "equal": 1, "missing": 2, "extra": 0},
        "equal_pixels": {"mean": 0.9, "least": share},
        "classes": {"road": one, "car": {**one, "change": 0.25, "iou": None}},
        "most_changed": [{**most, "picture": "changed_01.png"}],
    }
    (folder / "comparison.json").write_text(json.dumps({**content, **changes}))
    rows = [",".join(map(str, row)) for row in equal]
    (folder / "frames.csv").write_text("\n".join(["topic,stamp_ns,repetition,equal", *rows, ""]))
    return folder


def write_scores(folder: Path, topics: Sequence[str]) -> None:
    """Write into a replay's output what `lwrf replay --ground-truth` leaves there."""
    one = {
        "ground_truth": "/camera/truth",
        "frames": 3,
        "unscored": {"other size": 2},
        "mean_iou": 0.75,
        "pixel_accuracy": 0.875,
        "iou": [1.0, 0.5, None],
        "accuracy": [1.0, 0.625, None],
    }
    content = {"format": 1, "cameras": dict.fromkeys(topics, one)}
    (folder / "scores.json").write_text(json.dumps(content))


def _header(stamp_ns: int) -> Any:
    time = TYPES.types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 1_000_000_000))
    return TYPES.types["std_msgs/msg/Header"](time, "camera")


def _overlay(stamp_ns: int, bgr: np.ndarray) -> Any:
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])
    message = TYPES.types["sensor_msgs/msg/CompressedImage"]
    return message(_header(stamp_ns), "jpeg", data.reshape(-1))


def _coverage(stamp_ns: int, shares: Sequence[float]) -> Any:
    key_value = TYPES.types["diagnostic_msgs/msg/KeyValue"]
    status = TYPES.types["diagnostic_msgs/msg/DiagnosticStatus"]
    names = [*CLASSES, "unlabelled"]
    values = [*shares, 1.0 - sum(shares)]
    pairs = [key_value(name, f"{value:.9g}") for name, value in zip(names, values, strict=True)]
    array = TYPES.types["diagnostic_msgs/msg/DiagnosticArray"]
    return array(_header(stamp_ns), [status(0, "camera", "", "camera", pairs)])
