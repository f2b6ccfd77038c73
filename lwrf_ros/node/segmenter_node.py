# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The managed node: lifecycle, parameters and diagnostics around cameras and worker."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.utilities import get_rmw_implementation_identifier

from lwrf_ros.configuration.engine import Engine, load_engine
from lwrf_ros.errors import LwrfError
from lwrf_ros.machine.middleware import SMALLEST_IMAGE_BYTES, active_middleware
from lwrf_ros.memory import give_back_freed_memory
from lwrf_ros.node.camera import Camera
from lwrf_ros.node.health.diagnostics import status
from lwrf_ros.node.health.failures import (
    LOST_EXIT_CODE,
    WORKER_LIMIT_S,
    is_final,
    stall,
    way_out,
)
from lwrf_ros.node.input import bridge
from lwrf_ros.node.output import label_info
from lwrf_ros.node.output.legend_topic import LegendPublisher
from lwrf_ros.node.parameter_files import unheeded
from lwrf_ros.node.ros_parameters import ParameterServer
from lwrf_ros.node.worker import Worker
from lwrf_ros.segmentation import BEST_BATCH

_DIAGNOSTICS_PERIOD_S = 1.0
_REPORT_EVERY_S = 5.0
# How long a process that ends by itself waits until its last /diagnostics has arrived.
_LAST_WORDS_S = 0.5


class SegmenterNode(LifecycleNode):
    """Camera images in, labels and coverage out, as a ROS 2 managed node.

    All callbacks run on one executor thread; the worker is the only other one.

    Args:
        parameter_files: The parameter files that rcl was given, to warn of those for others.
        end: Called when only a new process can help; must not raise.

    Attributes:
        exit_code: What the process is to end with.
    """

    def __init__(
        self, parameter_files: Sequence[str] = (), end: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__("segmenter")
        self.exit_code = 0
        self._end = end
        for text in unheeded(parameter_files, self.get_fully_qualified_name()):
            self.get_logger().warning(text)
        self._state = "unconfigured"
        self._problem = ""
        self._engine: Engine | None = None
        self._cameras: list[Camera] = []
        self._changed = threading.Condition()
        self._worker: Worker | None = None
        self._engine_failed = False
        self._worker_gave_up = self.create_guard_condition(self._stop_after_failure)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._settings = ParameterServer(self)
        self._middleware = active_middleware(get_rmw_implementation_identifier())
        # Plain publisher and timers on the steady clock: rclpy's lifecycle publisher drops
        # silently while inactive, and simulated time may stand still.
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._legend = LegendPublisher(self)
        self.create_timer(_DIAGNOSTICS_PERIOD_S, self._every_second, clock=self._steady)
        if self._settings.current.autostart:
            self._autostart = self.create_timer(0.0, self._start, clock=self._steady)
        else:
            command = f"ros2 lifecycle set {self.get_fully_qualified_name()}"
            self.get_logger().info(
                f"unconfigured, as autostart is false: {command} configure, then {command} "
                "activate, or a lifecycle manager, start it"
            )

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load, check and warm up; on a failure nothing is left behind."""
        return self._transition("configure", "inactive", self._configure, undo=self._release)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let frames through and start the worker."""
        return self._transition("activate", "active", self._activate, undo=self._deactivate)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End the worker; frames are counted as inactive from here."""
        return self._transition("deactivate", "inactive", self._deactivate)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give back network, memory and topics."""
        return self._transition("cleanup", "unconfigured", self._release)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End the worker and give everything back."""
        return self._transition("shutdown", "finalized", self._release)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give everything back, so that the node can be configured again."""
        return self._transition("error processing", "unconfigured", self._release)

    def close(self, timeout_s: float) -> bool:
        """End the worker before anything that it uses is destroyed.

        Returns:
            Whether it ended within the time.
        """
        return self._worker is None or self._worker.stop(timeout_s)

    def _start(self) -> None:
        self._autostart.cancel()
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _transition(
        self,
        name: str,
        goal: str,
        action: Callable[[], None],
        undo: Callable[[], None] = lambda: None,
    ) -> TransitionCallbackReturn:
        """Run a transition so that no exception gets lost: rclpy swallows them without a word."""
        try:
            action()
        except Exception as error:
            known = isinstance(error, LwrfError)
            self._problem = f"{name} failed: {error}"
            self.get_logger().error(self._problem if known else traceback.format_exc())
            try:
                undo()
            except Exception as second:
                self._problem += f"; undoing it failed, too: {second}"
                self.get_logger().error(traceback.format_exc())
            self._every_second()
            self._end_if_final(error)
            return TransitionCallbackReturn.FAILURE
        self._state = self._settings.state = goal
        self._problem = ""
        self.get_logger().info(f"{goal}, after {name}")
        self._every_second()
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        parameters = self._settings.checked()
        self.get_logger().info(
            "configuring: loading and trying out the network; the first time on a machine its "
            "kernels are compiled, which takes a minute or so"
        )
        self._engine = engine = load_engine(parameters, self._settings.given)
        for text in engine.remarks:
            self.get_logger().warning(text)
        self._settings.class_names = engine.segmenter.classes.names
        self._settings.region_names = tuple(region.name for region in engine.regions)
        names = parameters.camera_names or ("",) * len(parameters.image_topics)
        infos = parameters.camera_info_topics or ("",) * len(names)
        for name, topic, info in zip(names, parameters.image_topics, infos, strict=True):
            self._cameras.append(
                Camera(self, name, topic, self._settings, self._changed, self._middleware, info)
            )
        # What loading a network leaves behind is several times what running it needs.
        give_back_freed_memory()
        if lost := self._middleware.loses(SMALLEST_IMAGE_BYTES, "images like 640x480 rgb8"):
            self.get_logger().warning(lost)
        if not label_info.INSTALLED:
            self.get_logger().info(label_info.MISSING)
        segmenter = engine.segmenter
        wanted = min(len(names), BEST_BATCH)
        if segmenter.overlaps and segmenter.best_batch < wanted:
            self.get_logger().warning(
                f"the GPU's memory is enough for {segmenter.best_batch} images at once, not for "
                f"{wanted}; a smaller input size or backbone, or fp16, gives room"
            )
        converter = "cv_bridge" if bridge.working_bridge() else "OpenCV"
        self.get_logger().info(engine.provenance)
        self.get_logger().info(
            f"{engine.choice.backbone} ({engine.choice.decoder}), "
            f"{len(segmenter.classes)} classes of {segmenter.classes.name}, on "
            f"{segmenter.device_name} in {segmenter.precision}, input "
            f"{_size_text(segmenter.input_size)}; conversions by {converter}; listening to "
            + ", ".join(camera.topic for camera in self._cameras)
        )

    def _activate(self) -> None:
        assert self._engine is not None  # the state machine activates only what is configured
        if self._engine_failed:
            self._engine.segmenter.free_spare_memory()
            self._engine.segmenter.try_out()
            self._engine_failed = False
        self._worker = Worker(
            self._engine.segmenter,
            self._cameras,
            self._changed,
            self._settings,
            self._report,
            self._worker_gave_up.trigger,
            self._engine.regions,
        )
        parameters, classes = self._settings.current, self._engine.segmenter.classes
        for camera in self._cameras:
            camera.label_info.send(classes.names, parameters.min_confidence)
        with self._changed:
            for camera in self._cameras:
                camera.active = True
        self._legend.send(self._engine.segmenter.classes)

    def _deactivate(self) -> None:
        with self._changed:
            for camera in self._cameras:
                camera.active = False
        if self._worker is not None:
            if not self._worker.stop(WORKER_LIMIT_S):
                raise LwrfError(stall(WORKER_LIMIT_S))
            self._worker = None
        for camera in self._cameras:
            camera.settle_all()
            camera.alerts = []

    def _release(self) -> None:
        self._deactivate()
        for camera in self._cameras:
            camera.destroy()
        self._cameras = []
        if self._engine is not None:
            self._engine.segmenter.close()
            self._engine = None
        self._engine_failed = False
        self._settings.class_names = None
        give_back_freed_memory()

    def _stop_after_failure(self) -> None:
        """Deactivate after the worker has given up, on the executor's thread."""
        failure = self._worker.failure if self._worker is not None else None
        if failure is None or self._state != "active":
            return
        # Not by _report, which keeps quiet for some seconds after every line.
        self.get_logger().error("".join(traceback.format_exception(failure)))
        self.trigger_deactivate()
        self._engine_failed = True
        self._problem = way_out(failure, self.get_fully_qualified_name())
        self.get_logger().error(self._problem)
        self._every_second()
        self._end_if_final(failure)

    def _end_if_final(self, error: Exception) -> None:
        """End the process where only a new one can help."""
        if is_final(error):
            # The reason on /diagnostics must not be lost with the process.
            self._diagnostics.wait_for_all_acked(Duration(seconds=_LAST_WORDS_S))
            self.exit_code = LOST_EXIT_CODE
            self._end()

    def _report(self, text: str) -> None:
        self.get_logger().error(
            text, throttle_duration_sec=_REPORT_EVERY_S, throttle_time_source_type=self._steady
        )

    def _every_second(self) -> None:
        for camera in self._cameras:
            camera.follow_publishers()
            camera.label_info.follow(self._settings.current.min_confidence)
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        # With the namespace: two robots may have a node of this name.
        name = self.get_fully_qualified_name().lstrip("/")
        message.status = [self._diagnose(name)]
        message.status += [camera.diagnose(name) for camera in self._cameras]
        self._diagnostics.publish(message)

    def _diagnose(self, name: str) -> DiagnosticStatus:
        values: dict[str, object] = {"state": self._state}
        if self._engine is not None:
            segmenter, choice = self._engine.segmenter, self._engine.choice
            values.update(
                backbone=choice.backbone,
                decoder=choice.decoder,
                classes=segmenter.classes.name,
                weights=self._engine.weights.source,
                weights_sha256=self._engine.weights.sha256,
                device=segmenter.device_name,
                precision=segmenter.precision,
                input_size=_size_text(segmenter.input_size),
            )
            if segmenter.device_memory_mib is not None:
                values["device_memory_mib"] = segmenter.device_memory_mib
        values["middleware"] = str(self._middleware)
        values["process_memory_mib"] = _process_memory_mib()
        level, text = DiagnosticStatus.OK, self._state
        busy_since_s = self._worker.busy_since_s if self._worker is not None else None
        problem = self._problem
        if not problem and busy_since_s is not None:
            problem = stall(time.monotonic() - busy_since_s)
        if problem:
            level, text = DiagnosticStatus.ERROR, problem
        elif self._state != "active":
            level = DiagnosticStatus.WARN
        elif self._engine is not None and self._engine.remarks:
            level, text = DiagnosticStatus.WARN, f"{text}; {'; '.join(self._engine.remarks)}"
        return status(name, "lwrf_ros", level, text, values)


def _size_text(size: tuple[int, int] | None) -> str:
    return f"{size[1]}x{size[0]}" if size else "of the camera"


def _process_memory_mib() -> float:
    """Return the resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
