# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The worker: takes what waits in the cameras' slots through the engine, and publishes it."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from lwrf_ros.classes.regions import Region
from lwrf_ros.configuration.alerts import AlertWatch
from lwrf_ros.images.decoding import Picture, Refusal
from lwrf_ros.node.camera import Camera, Frame
from lwrf_ros.node.health.failures import EngineFailures, Remedy
from lwrf_ros.node.input.image_messages import decode
from lwrf_ros.node.output.camera_info import Sizes
from lwrf_ros.node.output.frame_messages import (
    IMAGES,
    OVERLAYS,
    LabelledFrame,
    engine_outputs,
    whole_image,
)
from lwrf_ros.node.output.messages import Part
from lwrf_ros.node.ros_parameters import ParameterServer
from lwrf_ros.node.turns import Turns
from lwrf_ros.segmentation import RegionCoverage, Segmentation, Segmenter, Ticket


class _Job(NamedTuple):
    """A decoded frame, and the outputs that were subscribed to when it was taken."""

    frame: Frame
    picture: Picture
    outputs: frozenset[str]


class _Submitted(NamedTuple):
    """Jobs that run as one group on the device; `again` if one alone runs for the second time."""

    jobs: list[_Job]
    ticket: Ticket
    again: bool


class Worker:
    """One thread between the cameras' slots and their topics.

    It takes frames that wait, whose turn it is by `turns`, in groups of equal shape up to the
    engine's best batch, and publishes a group as soon as it is done. What it does about a failure
    is up to `failures`.

    Args:
        segmenter: The engine; used by this thread alone while it runs.
        cameras: All cameras.
        changed: Their lock, notified when a frame is there.
        parameters: The parameters in force; looked at for every frame, so that a change takes
            effect on the next one.
        report: Called with a description when something unexpected fails; must not raise.
        gave_up: Called when the thread has ended by a failure; must not raise.
        regions: The regions whose coverage is published beside the whole image's.

    Attributes:
        busy_since_s: Steady time since which it is at work on a group, None while it waits for one.
        failure: What the thread has ended with, None as long as it goes on. The frames that it had
            taken are not accounted for then.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        cameras: Sequence[Camera],
        changed: threading.Condition,
        parameters: ParameterServer,
        report: Callable[[str], None],
        gave_up: Callable[[], None],
        regions: Sequence[Region] = (),
    ) -> None:
        self._segmenter = segmenter
        self._regions = RegionCoverage(regions, len(segmenter.classes))
        self._alerts = {camera: AlertWatch() for camera in cameras}
        self._turns = Turns(cameras)
        self._changed = changed
        self._parameters = parameters
        self._report = report
        self._gave_up = gave_up
        self._failures = EngineFailures(segmenter.best_batch)
        self.busy_since_s: float | None = None
        self.failure: Exception | None = None
        self._stopping = False
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name="segmentation", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float | None = None) -> bool:
        """Let the group under way end, and the thread with it.

        Args:
            timeout_s: How long to wait, None for as long as it takes.

        Returns:
            Whether the thread has ended. If not, it touches no topic from here on, only the engine.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        self._abandoned = self._thread.is_alive()
        return not self._abandoned

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:
            # A thread's exception would end it with nobody the wiser.
            self.failure = error
            if not self._abandoned:
                self._gave_up()

    def _serve(self) -> None:
        under_way: list[_Submitted] = []
        while True:
            frames = self._take(wait=not under_way)
            submitted = self._submit(frames)
            if self._segmenter.overlaps and submitted:
                # The device is busy with the new group while the last one is published.
                submitted, under_way = under_way, submitted
            else:
                submitted, under_way = under_way + submitted, []
            for group in submitted:
                self._finish(group)
            if self._stopping and not under_way:
                return

    def _take(self, wait: bool) -> list[Frame]:
        """Take the frames for the next group; wait for one unless others are under way."""
        self.busy_since_s = None
        with self._changed:
            while True:
                if self._stopping:
                    return []
                chosen = self._turns.next(self._failures.largest_group)
                if chosen or not wait:
                    self.busy_since_s = time.monotonic()
                    return [camera.take() for camera in chosen]
                self._changed.wait()

    def _submit(self, frames: list[Frame]) -> list[_Submitted]:
        """Decode frames, group those of equal shape and start each group."""
        groups: dict[tuple[Any, ...], list[_Job]] = {}
        for frame in frames:
            job = self._prepare(frame)
            if job is not None:
                key = (job.picture.encoding, job.picture.array.shape)
                groups.setdefault(key, []).append(job)
        return [started for jobs in groups.values() for started in self._start(jobs)]

    def _start(self, jobs: list[_Job], again: bool = False) -> list[_Submitted]:
        """Start a group; several, or none, where it fails."""
        wanted = frozenset().union(*(job.outputs for job in jobs))
        try:
            ticket = self._segmenter.submit(
                [job.picture.array for job in jobs],
                encoding=jobs[0].picture.encoding,
                outputs=engine_outputs(wanted, bool(self._regions)),
                min_confidence=self._parameters.current.min_confidence,
            )
        except Exception as error:
            return self._recover(jobs, error, again)
        return [_Submitted(jobs, ticket, again)]

    def _recover(self, jobs: list[_Job], error: Exception, again: bool) -> list[_Submitted]:
        """Do what the policy says about a group that the engine did not run."""
        remedy = self._failures.remedy(error, len(jobs), again)
        if remedy is Remedy.REFUSE:
            for job in jobs:
                job.frame.camera.refuse(Refusal("size", str(error)))
            return []
        if remedy is Remedy.RUN_AGAIN:
            self._report(f"{_cameras(jobs)}: running {len(jobs)} images again: {error}")
            traceback.clear_frames(error.__traceback__)
            self._segmenter.free_spare_memory()
            half = len(jobs) // 2
            parts = [jobs[:half], jobs[half:]] if half else [jobs]
            return [started for part in parts for started in self._start(part, again=not half)]
        self._fail(jobs, error)
        if self._failures.in_doubt(error):
            self._segmenter.try_out()
        return []

    def _prepare(self, frame: Frame) -> _Job | None:
        """Decode a frame if anybody wants something of it."""
        try:
            outputs = frame.camera.wanted_outputs()
            if self._parameters.current.coverage_alerts:
                outputs |= {"coverage"}
            if outputs:
                picture = decode(frame.message, self._parameters.current)
                return _Job(frame, picture, outputs)
            frame.camera.settle("unwatched")
        except Refusal as refusal:
            frame.camera.refuse(refusal)
        except Exception as error:
            self._fail([_Job(frame, Picture(None, ""), frozenset())], error)  # type: ignore[arg-type]
        return None

    def _finish(self, group: _Submitted) -> None:
        """Wait for a group and publish it."""
        try:
            results = self._segmenter.collect(group.ticket)
        except Exception as error:
            for started in self._recover(group.jobs, error, group.again):
                self._finish(started)
            return
        self._failures.worked()
        if self._abandoned:
            return
        for job, result in zip(group.jobs, results, strict=True):
            try:
                self._publish(job, result)
            except Exception as error:
                self._fail([job], error)
            else:
                job.frame.camera.finish(job.frame, result.timings.total_ms, result.sound)

    def _publish(self, job: _Job, result: Segmentation) -> None:
        camera, header = job.frame.camera, job.frame.message.header
        classes, alpha = self._segmenter.classes, self._parameters.current.overlay_alpha
        labelled = LabelledFrame(header, camera.label, job.picture, result, classes, alpha)
        if not IMAGES.isdisjoint(job.outputs):
            sizes = Sizes(job.picture.array.shape[:2], labelled.labels_size)
            camera.camera_info.follow(header, sizes)
        if "coverage" not in job.outputs:
            camera.alerts = []
        parts = partial(self._parts, job, result)
        for output, message in labelled.messages(job.outputs - OVERLAYS, parts):
            camera.publish(output, message)
        # Last, because they are for people: a robot must not wait for a drawing, nor miss a frame
        # for one.
        try:
            for output, message in labelled.messages(job.outputs & OVERLAYS):
                camera.publish(output, message)
        except Exception as error:
            self._report(
                f"{_cameras([job])}: an overlay is left out: {type(error).__name__}: {error}"
            )

    def _parts(self, job: _Job, result: Segmentation) -> list[Part]:
        """Return the coverage of the whole image and of each region, with its alerts."""
        parts = [whole_image(result)]
        if self._regions:
            assert result.labels is not None  # asked for by engine_outputs
            parts += [Part(*shares) for shares in self._regions.of(result.labels)]
        names = self._segmenter.classes.names
        shares = {part.region: dict(zip(names, part.coverage, strict=True)) for part in parts}
        camera = job.frame.camera
        raised = self._alerts[camera].update(
            self._parameters.current.alerts, shares, job.frame.arrived_s
        )
        parts = [part._replace(alerts=raised.get(part.region, ())) for part in parts]
        camera.alerts = [words for part in parts for words in part.alerts]
        return parts

    def _fail(self, jobs: list[_Job], error: Exception) -> None:
        for job in jobs:
            job.frame.camera.settle("failed")
        self._report(f"{_cameras(jobs)}: a frame failed: {type(error).__name__}: {error}")


def _cameras(jobs: list[_Job]) -> str:
    return ", ".join(job.frame.camera.label for job in jobs)
