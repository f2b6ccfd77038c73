# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One recording from its first message to its finished files."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import rclpy

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.node.start import start_rclpy
from lwrf_ros.processes.recorder import Recorder, RecordOptions
from lwrf_ros.processes.recorder_outputs import Outputs


def record(options: RecordOptions) -> dict[str, Any]:
    """Record until SIGINT, SIGTERM, the idle timeout or the number of frames.

    Args:
        options: What to record.

    Returns:
        The summary, as written to ``summary.json``.

    Raises:
        ClassTableError: There is no such class table.
        ClassGroupsError: There are no such class groups, or they do not fit it.
        OutputError: The folder cannot be written to.
    """
    classes = ClassTable.load(options.classes)
    if options.class_groups:
        classes = ClassGroups.load(options.class_groups, classes).table
    start_rclpy()
    try:
        interruption = _Interruption()
        outputs = Outputs(options.output, options.base, classes, options.note)
        recorder = Recorder(rclpy.create_node("lwrf_record"), options, outputs)
        reason = recorder.run(interruption.reason)
        print(f"lwrf record: {reason}; writing the files", file=sys.stderr, flush=True)
        return outputs.finish(recorder.summary(reason))
    finally:
        rclpy.shutdown()


class _Interruption:
    """Remembers the first signal; a second one does not keep the files from being finished."""

    def __init__(self) -> None:
        self._name = ""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def reason(self) -> str:
        """Return the name of the signal that came, or nothing."""
        return self._name

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self._name = self._name or signal.Signals(number).name
