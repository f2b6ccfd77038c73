# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One camera: its subscription, its newest-frame slot, its account and its output topics."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from lwrf_ros.images.decoding import Refusal
from lwrf_ros.machine.middleware import Middleware
from lwrf_ros.node.health.announcements import Announcements, Line
from lwrf_ros.node.health.camera_status import CameraFacts, judge
from lwrf_ros.node.health.diagnostics import Account, Rate, Window, is_plausible_age, status
from lwrf_ros.node.health.silence import why_silent
from lwrf_ros.node.input.image_messages import check
from lwrf_ros.node.input.qos import ImageSubscription, output_qos, unserved_subscribers
from lwrf_ros.node.output.camera_info import CameraInfoRelay, topic_beside
from lwrf_ros.node.output.frame_messages import FRAME_OUTPUTS
from lwrf_ros.node.output.label_info import LabelInfoTopic
from lwrf_ros.node.ros_parameters import ParameterServer
from lwrf_ros.stamps import stamp_to_ns

# camera_info goes out with the others, and is no reason to compute anything.
OUTPUT_TYPES = {**FRAME_OUTPUTS, "camera_info": CameraInfo}
# From arrival to the end of publishing; of that the engine's part; from the image's stamp to the
# end of publishing; of that what is not the engine's.
_TIMES = ("latency", "engine", "stamp_age", "stamp_age_less_engine")
_WARN_EVERY_S = 5.0
# Diagnoses, one a second, over which lost images are counted.
_LATELY = 6
# Below it nobody asks why no image comes.
_LONG_SILENCE_S = 1.0


@dataclass(frozen=True, eq=False)
class Frame:
    """A message on its way.

    Attributes:
        camera: Where it came from.
        message: Image or CompressedImage, its header checked.
        arrived_s: Steady time of arrival.
    """

    camera: Camera
    message: Any
    arrived_s: float


class Camera:
    """One camera's topics and slot.

    The executor's thread puts frames in (`receive`), the worker takes the newest out (`take`) and
    says what became of it (`settle`, `refuse`, `publish`).

    Args:
        node: The node whose topics these are.
        name: Name of the camera, or empty: then outputs lie directly under the node's name.
        topic: The image topic; compressed if its remapped name ends in /compressed.
        parameters: The parameters in force: image_qos, max_rate, max_pixels and max_bytes.
        changed: Guards slots and accounts of all cameras; notified when a frame is there.
        middleware: What carries the messages, to know which sizes it loses.
        camera_info_topic: The topic of its CameraInfo; empty: the one beside the image topic.

    Attributes:
        label: What messages call the camera: its name, or its topic.
        label_info: The topic that says what its labels mean.
        camera_info: What hands on its CameraInfo.
        account: Where its frames went.
        alerts: The coverage alerts that its last frame passed, in words.
        active: Whether frames are let through; set by the node.
    """

    def __init__(
        self,
        node: LifecycleNode,
        name: str,
        topic: str,
        parameters: ParameterServer,
        changed: threading.Condition,
        middleware: Middleware,
        camera_info_topic: str = "",
    ) -> None:
        self._node = node
        self._middleware = middleware
        self._changed = changed
        self._parameters = parameters
        # By the remapped name: what the camera is called decides what it sends.
        compressed = node.resolve_topic_name(topic).endswith("/compressed")
        self._subscription = ImageSubscription(
            node,
            CompressedImage if compressed else Image,
            topic,
            parameters.current.image_qos,
            self.receive,
        )
        prefix = f"~/{name}/" if name else "~/"
        self._publishers = {
            output: node.create_publisher(message_type, prefix + output, output_qos())
            for output, message_type in OUTPUT_TYPES.items()
        }
        self.label_info = LabelInfoTopic(node, prefix + "label_info")
        self.camera_info = CameraInfoRelay(
            node, camera_info_topic or topic_beside(self.topic), self._publish_camera_info
        )
        self.label = name or self.topic
        self.account = Account()
        self.alerts: list[str] = []
        self.active = False
        self._next_due_s = 0.0
        # Frames superseded since the last one was taken, and between that and the one before.
        self._superseded = (0, 0)
        self._slot: Frame | None = None
        self._largest_bytes = 0
        self._waiting_since_s = 0.0
        self._times = {name: Window() for name in _TIMES}
        self._rate_in, self._rate_out = Rate(), Rate()
        self._last_arrival_s = time.monotonic()
        self._warned_s: dict[str, float] = {}
        self._judged = self.account.summary()
        # Images received and lost until now, at the last few diagnoses.
        self._arrivals: deque[tuple[int, int]] = deque([(0, 0)], maxlen=_LATELY)
        self._announcements = Announcements()

    def receive(self, message: Image | CompressedImage) -> None:
        """Put a message into the slot, or account for why not. Runs on the executor's thread."""
        now_s = time.monotonic()
        active = self.active  # changed by this thread alone
        # Before the lock, which is that of all cameras: nobody waits for a look at a message.
        refusal = self._look_at(message) if active else None
        with self._changed:
            self.account.received += 1
            self._rate_in.tick(now_s)
            self._last_arrival_s = now_s
            self._largest_bytes = max(self._largest_bytes, len(message.data))
            if not active:
                self.account.outcomes["inactive"] += 1
            elif refusal is not None:
                self.account.refused[refusal.reason] += 1
            # After the check: a bad frame must not take the turn of a good one.
            elif self._is_too_early(now_s):
                self.account.outcomes["throttled"] += 1
            else:
                self._put(Frame(self, message, now_s))
        if refusal is not None:
            self._warn(refusal)

    def _look_at(self, message: Image | CompressedImage) -> Refusal | None:
        try:
            check(message, self._parameters.current)
        except Refusal as refusal:
            return refusal
        return None

    def _is_too_early(self, now_s: float) -> bool:
        max_rate = self._parameters.current.max_rate
        if not max_rate:
            return False
        period_s = 1.0 / max_rate
        # A rate that was raised meanwhile must not wait for the end of the old one's period.
        self._next_due_s = min(self._next_due_s, now_s + period_s)
        if now_s < self._next_due_s:
            return True
        # From when it was due, not from now: a camera's jitter must not lower the rate.
        self._next_due_s = max(self._next_due_s + period_s, now_s)
        return False

    def _put(self, frame: Frame) -> None:
        if self._slot is None:
            self.account.waiting += 1
            self._waiting_since_s = frame.arrived_s
        else:
            self.account.outcomes["superseded"] += 1
            self._superseded = (self._superseded[0] + 1, self._superseded[1])
        self._slot = frame
        self._changed.notify()

    @property
    def topic(self) -> str:
        """Full name of the image topic, remapped."""
        return self._subscription.topic

    @property
    def waiting_since_s(self) -> float | None:
        """Steady time since which a frame waits in the slot; not moved by newer frames."""
        return None if self._slot is None else self._waiting_since_s

    @property
    def superseded_a_turn(self) -> int:
        """Frames lately superseded for each one that was taken."""
        return max(self._superseded)

    def take(self) -> Frame:
        """Take the newest frame out of the slot; the caller holds the lock and saw one."""
        frame, self._slot = self._slot, None
        assert frame is not None  # waiting_since_s told so
        self._superseded = (0, self._superseded[0])
        return frame

    def settle_all(self) -> None:
        """Account for frames that nobody will come back to, once the worker has ended.

        One that waits in the slot is inactive; one that was taken went down with the worker.
        """
        with self._changed:
            if self._slot is not None:
                self.take()
                self.settle("inactive")
            while self.account.waiting:
                self.settle("failed")

    def settle(self, outcome: str) -> None:
        """Account for a frame that was taken: processed, unwatched, failed, ..."""
        with self._changed:
            self.account.waiting -= 1
            self.account.outcomes[outcome] += 1

    def refuse(self, refusal: Refusal) -> None:
        """Account for a frame that was taken and could not be decoded, and warn."""
        with self._changed:
            self.account.waiting -= 1
            self.account.refused[refusal.reason] += 1
        self._warn(refusal)

    def wanted_outputs(self) -> frozenset[str]:
        """Return the outputs to compute: those that somebody subscribes to."""
        return frozenset(
            output
            for output, publisher in self._publishers.items()
            if output in FRAME_OUTPUTS and publisher.get_subscription_count()
        )

    def publish(self, output: str, message: Any) -> None:
        """Send a message on one of the output topics and count it."""
        self._publishers[output].publish(message)
        with self._changed:
            self.account.published[output] += 1

    def finish(self, frame: Frame, engine_ms: float, sound: bool = True) -> None:
        """Account for a frame whose results are out, and take its times.

        Args:
            frame: The frame.
            engine_ms: What of its time was the engine's, in milliseconds.
            sound: Whether all of the network's scores were numbers.
        """
        now_s = time.monotonic()
        stamp_ns = stamp_to_ns(frame.message.header.stamp)
        age_ms = (self._node.get_clock().now().nanoseconds - stamp_ns) / 1e6
        with self._changed:
            self.account.not_finite += not sound
            self._times["latency"].add((now_s - frame.arrived_s) * 1e3)
            self._times["engine"].add(engine_ms)
            self._times["stamp_age"].add(age_ms)
            self._times["stamp_age_less_engine"].add(age_ms - engine_ms)
            self._rate_out.tick(now_s)
        self.settle("processed")

    def follow_publishers(self) -> None:
        """Let the subscription take on its publishers' reliability."""
        self._subscription.follow()

    def diagnose(self, node_name: str) -> DiagnosticStatus:
        """Describe rates, ages and the account, and judge them."""
        now_s = time.monotonic()
        with self._changed:
            account, summary = self.account.values(), self.account.summary()
            rate_in, rate_out = self._rate_in.hertz(now_s), self._rate_out.hertz(now_s)
            times = {name: window.percentiles() for name, window in self._times.items()}
            silent_s = now_s - self._last_arrival_s
        since, self._judged = summary - self._judged, summary
        self._arrivals.append((summary["received"], self._subscription.lost or 0))
        (received_then, lost_then), (received, lost) = self._arrivals[0], self._arrivals[-1]
        lost -= lost_then
        names = self._subscription.publisher_names()
        facts = CameraFacts(
            topic=self.topic,
            active=self.active,
            publishers=self._subscription.publishers,
            mismatches=tuple(self._mismatches()),
            silent_s=silent_s,
            silence=why_silent(self._node, names) if silent_s > _LONG_SILENCE_S else "",
            rate_in_hz=rate_in,
            rate_out_hz=rate_out,
            latency_p99_ms=times["latency"][1] if times["latency"] else None,
            received=since["received"],
            unusable=since["unusable"],
            superseded=since["superseded"],
            unwatched=since["unwatched"],
            not_finite=since["not_finite"],
            sent_lately=received - received_then + lost,
            lost_lately=lost,
            loss=self._middleware.why_lost(self._largest_bytes, names) if lost else "",
        )
        verdict = judge(facts, self._parameters.current)
        if line := self._announcements.next(verdict, now_s):
            self._say(line)
        values: dict[str, object] = {
            "topic": facts.topic,
            "publishers": facts.publishers,
            "reliability": "reliable" if self._subscription.reliable else "best_effort",
            "connection_problems": "; ".join(facts.mismatches),
            "rate_in_hz": rate_in,
            "rate_out_hz": rate_out,
        }
        for name, pair in times.items():
            if pair:
                values[f"{name}_p50_ms"], values[f"{name}_p99_ms"] = pair
        if age := times["stamp_age"]:
            values["stamp_age_plausible"] = all(is_plausible_age(value) for value in age)
        values.update(account)
        # Apart from the account: these never came.
        if self._subscription.lost is not None:
            values["lost"] = self._subscription.lost
        values["alerts"] = "; ".join(self.alerts)
        name = f"{node_name}: {self.label}"
        return status(name, self.label, verdict.level, verdict.text, values)

    def _say(self, line: Line) -> None:
        # One call each: rclpy ties a level to the place that it is logged from.
        if line.warns:
            self._node.get_logger().warning(f"{self.label}: {line.text}")
        else:
            self._node.get_logger().info(f"{self.label}: {line.text}")

    def _mismatches(self) -> list[str]:
        """Say which peers can never be connected, and which images are lost on the way, and why."""
        texts = self._subscription.mismatches()
        if lost := self._middleware.loses(self._largest_bytes, f"images on {self.topic}"):
            texts.append(lost)
        for publisher in self._publishers.values():
            texts += unserved_subscribers(self._node, publisher)
        return texts

    def _publish_camera_info(self, info: CameraInfo) -> None:
        if self._publishers["camera_info"].get_subscription_count():
            self.publish("camera_info", info)

    def destroy(self) -> None:
        """Take all topics out of the node."""
        self._subscription.destroy()
        self.camera_info.destroy()
        self.label_info.destroy()
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)

    def _warn(self, refusal: Refusal) -> None:
        now_s = time.monotonic()
        if now_s - self._warned_s.get(refusal.reason, -_WARN_EVERY_S) >= _WARN_EVERY_S:
            self._warned_s[refusal.reason] = now_s
            self._node.get_logger().warning(
                f"{self.label}: refused a frame ({refusal.reason}): {refusal}"
            )
