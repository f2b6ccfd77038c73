# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Small bags with camera images, made with the library that also reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

TYPES = get_typestore(Stores.ROS2_HUMBLE)
IMAGE = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
INFO = "sensor_msgs/msg/CameraInfo"
START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
# From the stamp to the recorder.
DELAY_NS = 7_000_000
WIDTH, HEIGHT = 64, 48


def pixels(number: int) -> np.ndarray:
    """Return ``(48, 64, 3) uint8`` BGR that differs from frame to frame."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)


def stamp_ns(number: int) -> int:
    """Return the stamp of a frame in nanoseconds."""
    return START_NS + number * PERIOD_NS


def header(time_ns: int, frame_id: str = "front") -> Any:
    """Build a header."""
    stamp = TYPES.types["builtin_interfaces/msg/Time"](*divmod(time_ns, 1_000_000_000))
    return TYPES.types["std_msgs/msg/Header"](stamp, frame_id)


def raw_image(number: int, time_ns: int | None = None) -> Any:
    """Build a bgr8 image."""
    when = stamp_ns(number) if time_ns is None else time_ns
    data = pixels(number).reshape(-1)
    return TYPES.types[IMAGE](header(when), HEIGHT, WIDTH, "bgr8", 0, 3 * WIDTH, data)


def jpeg_image(number: int, time_ns: int | None = None) -> Any:
    """Build a JPEG image."""
    when = stamp_ns(number) if time_ns is None else time_ns
    data = cv2.imencode(".jpg", pixels(number))[1].reshape(-1)
    return TYPES.types[COMPRESSED](header(when), "jpeg", data)


def camera_info(number: int) -> Any:
    """Build a CameraInfo whose numbers tell the frame."""
    roi = TYPES.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    k = np.full(9, float(number))
    info = TYPES.types[INFO]
    return info(
        header(stamp_ns(number)),
        HEIGHT,
        WIDTH,
        "plumb_bob",
        np.zeros(5),
        k,
        np.eye(3).reshape(-1),
        np.zeros(12),
        0,
        0,
        roi,
    )


def write_bag(
    path: Path,
    topics: dict[str, Sequence[tuple[int, Any]]],
    storage: StoragePlugin = StoragePlugin.MCAP,
    mangle: Callable[[bytes], bytes] = lambda data: data,
) -> Path:
    """Write a bag.

    Args:
        path: Its folder.
        topics: By topic, the messages with their time of reception in nanoseconds.
        storage: Kind of its file.
        mangle: What is done to every serialised message.
    """
    with Writer(path, version=9, storage_plugin=storage) as writer:
        for topic, messages in topics.items():
            kind = messages[0][1].__msgtype__
            connection = writer.add_connection(topic, kind, typestore=TYPES)
            for time_ns, message in messages:
                data = bytes(TYPES.serialize_cdr(message, kind))
                writer.write(connection, time_ns, mangle(data))
    return path


def frames(make: Callable[[int], Any], count: int) -> list[tuple[int, Any]]:
    """Return messages at 10 Hz with their time of reception."""
    return [(stamp_ns(number) + DELAY_NS, make(number)) for number in range(count)]
