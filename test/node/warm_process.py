# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The node as a fork of a process that has its imports behind it, which are most of a start.

Its diagnostics come ten times a second: tests wait for many. Otherwise it is the executable, from
its `main` on, in a process, with an environment and with arguments of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

DIAGNOSTICS_PERIOD_S = 0.1
# What a process cannot change after its imports.
_FIXED = ("PYTHONPATH", "AMENT_PREFIX_PATH", "LD_LIBRARY_PATH")
_FORKS = multiprocessing.get_context("forkserver")
# By name, because the server does not find the tests' modules. All that a CPU needs, and nothing
# that starts a thread.
_FORKS.set_forkserver_preload(
    ["lwrf_ros.node.segmenter_node", "lwrf_ros.node.main", "lwrf_ros.segmentation.cpu.network"]
)
_BEFORE = {name: os.environ.get(name, "") for name in _FIXED}


def hurry() -> None:
    """Let the node of this process tell how it is ten times a second."""
    from lwrf_ros.node import segmenter_node

    segmenter_node._DIAGNOSTICS_PERIOD_S = DIAGNOSTICS_PERIOD_S


def fits(environment: Mapping[str, str]) -> bool:
    """Tell whether a fork can have an environment."""
    return all(_paths(environment.get(name, "")) == _paths(_BEFORE[name]) for name in _FIXED)


class WarmProcess:
    """A node that is forked, with what tests use of `subprocess.Popen`.

    Args:
        environment: Environment of the process.
        arguments: Its arguments, without the executable's name.
        log: File that its output goes to.
    """

    def __init__(self, environment: Mapping[str, str], arguments: list[str], log: Path) -> None:
        self._process = _FORKS.Process(
            target=_run, args=(dict(environment), arguments, str(log)), daemon=True
        )
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Wait for its end and return the exit code."""
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired("the node", timeout)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _paths(variable: str) -> list[str]:
    """Return the folders of a list of them, without the tests' own."""
    here = str(Path(__file__).resolve().parents[2])
    return [path for path in variable.split(os.pathsep) if path not in ("", here)]


def _run(environment: dict[str, str], arguments: list[str], log: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(file, stream.fileno())
    os.close(file)
    sys.argv = ["segmenter", *arguments]
    hurry()
    from lwrf_ros.node.main import main

    main()
