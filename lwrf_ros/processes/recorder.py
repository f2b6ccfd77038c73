# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Subscribes to the node's topics and hands what arrives to the output files."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from lwrf_ros.processes.latency import LatencySample
from lwrf_ros.processes.recorder_outputs import Outputs
from lwrf_ros.recordings.coverage_table import CoverageError
from lwrf_ros.stamps import stamp_to_ns
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.weights.bundled import DEFAULT_CLASSES

TOPICS = ("labels", "overlay", "coverage")
# Longer than the node is likely to run ahead while a frame is written to disk.
QUEUE_DEPTH = 50
SPIN_S = 0.1
# At most so long is queued up when the end comes; a node that goes on publishes for ever.
DRAIN_S = 2.0
# What is printed once all publishers are there; the demo waits for it.
CONNECTED = "connected to"


@dataclass(frozen=True)
class RecordOptions:
    """Options of recording: the topics, and when to stop.

    Attributes:
        node: Full name of the node.
        camera: Name of the camera, None for a node without camera names.
        output: Folder to write into.
        idle_timeout_s: End so many seconds after the last message, None for never.
        frames: End after so many messages of each topic, None for never.
        note: Sentence for a banner in every picture, None for no banner.
        classes: Class table for the colours.
        class_groups: Groups of its classes that the node publishes in, empty for the classes.
    """

    node: str
    camera: str | None
    output: Path
    idle_timeout_s: float | None = None
    frames: int | None = None
    note: str | None = None
    classes: str = DEFAULT_CLASSES
    class_groups: str = ""

    @property
    def base(self) -> str:
        """The prefix of the topics."""
        parts = [self.node.strip("/"), *([self.camera] if self.camera else [])]
        return "/" + "/".join(parts)


class Recorder:
    """The subscriptions and what they have seen.

    Args:
        node: Node to subscribe with.
        options: What to record.
        outputs: Where the contents go.
    """

    def __init__(self, node: Node, options: RecordOptions, outputs: Outputs) -> None:
        self._node = node
        self._options = options
        self._outputs = outputs
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._latency = LatencySample()
        self._labels: dict[str, Any] = {}
        self._stamps_ns: list[int] = []
        self._last_message_s: float | None = None
        handlers: dict[str, tuple[Any, Callable[[Any, Any], None]]] = {
            "labels": (Image, self._on_labels),
            "overlay": (Image, self._on_overlay),
            "coverage": (DiagnosticArray, self._on_coverage),
        }
        qos = QoSProfile(depth=QUEUE_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
        for topic, (kind, handler) in handlers.items():
            node.create_subscription(kind, f"{options.base}/{topic}", handler, qos)

    def run(self, interrupted: Callable[[], str]) -> str:
        """Receive until the end.

        Args:
            interrupted: Says what ended the recording from outside, or nothing.

        Returns:
            Why it ended.
        """
        executor = SingleThreadedExecutor()
        executor.add_node(self._node)
        connected = False
        reason = ""
        bar_of = f"recording {self._options.base}"
        with progress_bar(bar_of, self._options.frames, in_logs=False) as bar:
            while not reason:
                executor.spin_once(timeout_sec=SPIN_S)
                bar.update(self._counts["labels"] - bar.n)
                if not connected and self._publishers_are_there():
                    connected = True
                    bar.write(f"lwrf record: {CONNECTED} {self._options.base}", file=sys.stderr)
                    sys.stderr.flush()
                reason = interrupted() or self._own_reason()
            self._drain(executor)
        executor.shutdown()
        return reason

    def _drain(self, executor: SingleThreadedExecutor) -> None:
        """Take what had arrived before the end was asked for."""
        deadline_s = time.monotonic() + DRAIN_S
        quiet = 0
        while quiet < 2 and time.monotonic() < deadline_s:
            before = self._counts.total()
            executor.spin_once(timeout_sec=SPIN_S / 2)
            quiet = 0 if self._counts.total() > before else quiet + 1

    def summary(self, reason: str) -> dict[str, Any]:
        """Return what was seen.

        Args:
            reason: Why the recording ended.
        """
        first_ns, last_ns = self._stamps_ns or (None, None)
        return {
            "node": self._options.node,
            "camera": self._options.camera,
            "ended_by": reason,
            "messages": {topic: self._counts[topic] for topic in TOPICS},
            "refused": dict(self._refused),
            "labels": self._labels or None,
            "first_stamp_ns": first_ns,
            "last_stamp_ns": last_ns,
            "latency_ms": self._latency.summary(),
            "latency_is": "header stamp to reception of the labels, both by the system clock",
        }

    def _publishers_are_there(self) -> bool:
        return all(
            self._node.count_publishers(f"{self._options.base}/{topic}") > 0 for topic in TOPICS
        )

    def _own_reason(self) -> str:
        frames, idle_s = self._options.frames, self._options.idle_timeout_s
        if frames is not None and all(self._counts[topic] >= frames for topic in TOPICS):
            return f"{frames} frames"
        if idle_s is not None and self._last_message_s is not None:
            waited_s = time.monotonic() - self._last_message_s
            if waited_s > idle_s:
                return f"idle for {idle_s:g} s"
        return ""

    def _takes(self, topic: str) -> bool:
        self._last_message_s = time.monotonic()
        if self._options.frames is not None and self._counts[topic] >= self._options.frames:
            return False
        self._counts[topic] += 1
        return True

    def _on_labels(self, message: Image, info: Any) -> None:
        if not self._takes("labels"):
            return
        stamp_ns = stamp_to_ns(message.header.stamp)
        # The middleware's time of reception: writing the frame before must not count.
        received_ns = info["received_timestamp"] or time.time_ns()
        self._latency.add((received_ns - stamp_ns) * 1e-6)
        self._stamps_ns = [self._stamps_ns[0] if self._stamps_ns else stamp_ns, stamp_ns]
        self._labels = {
            "width": message.width,
            "height": message.height,
            "step": message.step,
            "encoding": message.encoding,
            "frame_id": message.header.frame_id,
        }

    def _on_overlay(self, message: Image, _: Any) -> None:
        if not self._takes("overlay"):
            return
        frame_bgr = to_bgr(message)
        if frame_bgr is None:
            self._refuse(f"overlay: {message.encoding} {message.width}x{message.height}")
        else:
            self._outputs.add_overlay(frame_bgr, stamp_to_ns(message.header.stamp))

    def _on_coverage(self, message: DiagnosticArray, _: Any) -> None:
        if not self._takes("coverage"):
            return
        # The first status is the whole image; those behind it are regions.
        values = message.status[0].values if message.status else []
        try:
            self._outputs.add_coverage(
                stamp_to_ns(message.header.stamp), {value.key: value.value for value in values}
            )
        except CoverageError as error:
            self._refuse(f"coverage: {error}")

    def _refuse(self, reason: str) -> None:
        if reason not in self._refused:
            print(f"lwrf record: warning: not recorded: {reason}", file=sys.stderr, flush=True)
        self._refused[reason] += 1


def to_bgr(message: Image) -> npt.NDArray[np.uint8] | None:
    """Read an overlay.

    Args:
        message: An image, rgb8 or bgr8.

    Returns:
        ``(H, W, 3) uint8`` BGR, or None for another encoding or too little data.
    """
    height, width, step = message.height, message.width, message.step
    data = np.frombuffer(message.data, np.uint8)
    sound = height > 0 and width > 0 and step >= 3 * width and data.size >= step * height
    if message.encoding not in ("rgb8", "bgr8") or not sound:
        return None
    rows = data[: step * height].reshape(height, step)[:, : 3 * width]
    pixels = rows.reshape(height, width, 3)
    if message.encoding == "bgr8":
        return np.ascontiguousarray(pixels)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), dtype=np.uint8)
