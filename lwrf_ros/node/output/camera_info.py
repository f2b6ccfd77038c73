# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The camera's own CameraInfo beside its labels: matched by stamp, scaled to the labels' size."""

from __future__ import annotations

import copy
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from lwrf_ros.node.input.qos import small_sensor_qos

# Seconds of a fast camera, whichever of the two comes late: labels or CameraInfo.
_KEPT = 256
# Of names and coefficients in a CameraInfo that is kept; the longest model of OpenCV has 14.
_LONGEST = 1024
_GREATEST_UINT32 = 2**32 - 1
_WARN_EVERY_S = 5.0


class Sizes(NamedTuple):
    """Sizes of an image and of its labels, ``(height, width)`` in pixels each."""

    image: tuple[int, int]
    labels: tuple[int, int]


def topic_beside(image_topic: str) -> str:
    """Return where a camera publishes its CameraInfo: where image_transport looks for it.

    Args:
        image_topic: Full name of the image topic, remapped.
    """
    return image_topic.removesuffix("/compressed").rpartition("/")[0] + "/camera_info"


def scaled(info: CameraInfo, sizes: Sizes) -> CameraInfo:
    """Return a CameraInfo for the image stretched to the labels' size.

    Everything that is in pixels of the full resolution is scaled: size, K, P and the region of
    interest; binning stays, so that image_geometry arrives at the labels' pixels.

    Args:
        info: The image's; stays as it is, and is returned itself where nothing is stretched.
        sizes: The sizes.
    """
    if sizes.image == sizes.labels:
        return info
    vertical, horizontal = (b / a for a, b in zip(*sizes, strict=True))
    result = copy.deepcopy(info)
    result.height, result.width = _times(info.height, vertical), _times(info.width, horizontal)
    by_row = np.array([[horizontal], [vertical], [1.0]])
    with np.errstate(over="ignore", invalid="ignore"):
        result.k = (np.reshape(info.k, (3, 3)) * by_row).ravel()
        result.p = (np.reshape(info.p, (3, 4)) * by_row).ravel()
    result.roi.x_offset = _times(info.roi.x_offset, horizontal)
    result.roi.y_offset = _times(info.roi.y_offset, vertical)
    result.roi.width = _times(info.roi.width, horizontal)
    result.roi.height = _times(info.roi.height, vertical)
    return result


class CameraInfoRelay:
    """Hands on the CameraInfo of every frame that has results, whichever of the two comes first.

    The executor's thread brings in messages, the worker says which frames have results; neither
    waits for the other.

    Args:
        node: The node that subscribes.
        topic: The camera's topic.
        publish: Called with what is to be published, in either thread.
    """

    def __init__(self, node: Node, topic: str, publish: Callable[[CameraInfo], None]) -> None:
        self._node = node
        self._publish = publish
        self._lock = threading.Lock()
        self._infos: OrderedDict[tuple[int, int], CameraInfo] = OrderedDict()
        self._warned_s = -_WARN_EVERY_S
        self._owed: OrderedDict[tuple[int, int], Sizes] = OrderedDict()
        self._subscription: Any = node.create_subscription(
            CameraInfo, topic, self._receive, small_sensor_qos()
        )

    @property
    def topic(self) -> str:
        """Full name of the topic that is listened to, remapped."""
        return str(self._subscription.topic_name)

    def follow(self, header: Any, sizes: Sizes) -> None:
        """Publish the CameraInfo of a frame whose results are out, now or when it comes.

        Args:
            header: The image's header.
            sizes: Its size and that of its labels.
        """
        stamp = _stamp(header)
        with self._lock:
            info = self._infos.get(stamp)
            if info is None:
                _keep(self._owed, stamp, sizes)
        if info is not None:
            self._publish(scaled(info, sizes))

    def destroy(self) -> None:
        """Take the subscription out of the node."""
        self._node.destroy_subscription(self._subscription)

    def _receive(self, info: CameraInfo) -> None:
        longest = max(len(info.header.frame_id), len(info.distortion_model), len(info.d))
        if longest > _LONGEST:
            self._warn(longest)
            return
        stamp = _stamp(info.header)
        with self._lock:
            _keep(self._infos, stamp, info)
            sizes = self._owed.pop(stamp, None)
        if sizes is not None:
            self._publish(scaled(info, sizes))

    def _warn(self, longest: int) -> None:
        now_s = time.monotonic()
        if now_s - self._warned_s >= _WARN_EVERY_S:
            self._warned_s = now_s
            self._node.get_logger().warning(
                f"ignored a CameraInfo on {self.topic}: its frame_id, distortion_model or d has "
                f"{longest} elements; wanted at most {_LONGEST}"
            )


def _times(pixels: int, factor: float) -> int:
    """Return a scaled number of pixels that a message can hold, whatever the camera claims."""
    return min(round(pixels * factor), _GREATEST_UINT32)


def _stamp(header: Any) -> tuple[int, int]:
    return header.stamp.sec, header.stamp.nanosec


def _keep(entries: OrderedDict[tuple[int, int], Any], stamp: tuple[int, int], value: Any) -> None:
    entries[stamp] = value
    entries.move_to_end(stamp)
    if len(entries) > _KEPT:
        entries.popitem(last=False)
