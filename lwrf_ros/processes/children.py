# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Child processes that never outlive the one that started them in order."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from lwrf_ros.errors import LwrfError
from lwrf_ros.processes.interruption import interruption_deferred, interruption_ignored

LINES_OF_LOG = 15
# What a child gets to end by itself, seconds, before the next harder signal.
TERMINATE_S = 5.0
KILL_S = 5.0


class ChildError(LwrfError):
    """A child process ended before its time, or not as it should."""


class Child:
    """One child process.

    Args:
        name: What messages call it.
        command: Program and arguments.
        environment: Its whole environment.
        log: File for its output; None leaves stderr on the terminal and keeps stdout for
            `output`.

    Attributes:
        name: What messages call it.
        may_end: Set once its end is what is waited for.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path | None
    ) -> None:
        self.name = name
        self.may_end = False
        self._log = log
        # A session of its own: Ctrl-C in the terminal reaches only the parent, which then ends the
        # children in their order.
        self._process: subprocess.Popen[str]
        if log is None:
            self._process = subprocess.Popen(
                command,
                env=environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
            )
        else:
            with log.open("wb") as file:
                self._process = subprocess.Popen(
                    command,
                    env=environment,
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    text=True,
                )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, as a fault that is meant; a deadly one is waited for."""
        self._process.send_signal(number)
        if number == signal.SIGKILL:
            self.may_end = True
            self._process.wait(KILL_S)

    @property
    def ended(self) -> bool:
        """True once the process is no longer there."""
        return self._process.poll() is not None

    def check(self) -> None:
        """Make sure that it is still there, or may end.

        Raises:
            ChildError: It ended; with the end of its log.
        """
        if self.ended and not self.may_end:
            raise ChildError(self._died())

    def output(self) -> str:
        """Wait for its end and return its stdout, which is empty for a child with a log.

        Raises:
            ChildError: It did not end with code 0.
        """
        text = self._process.communicate()[0] or ""
        if self._process.returncode:
            raise ChildError(self._died())
        return text

    def check_code(self) -> None:
        """Make sure that it has ended, and with code 0.

        Raises:
            ChildError: It did not; with the end of its log.
        """
        if self._process.poll() != 0:
            raise ChildError(self._died())

    def log_has(self, text: str) -> bool:
        """Return True once the log contains a text."""
        return self._log is not None and text in self._log.read_text(errors="replace")

    def stop(self, patience_s: float) -> int:
        """End it: SIGINT, then SIGTERM, then SIGKILL, each harder one with a message.

        Args:
            patience_s: Seconds that it gets after SIGINT.

        Returns:
            Its exit code; negative if a signal ended it.
        """
        self.may_end = True
        steps = [
            (signal.SIGINT, patience_s),
            (signal.SIGTERM, TERMINATE_S),
            (signal.SIGKILL, KILL_S),
        ]
        for step, (number, wait_s) in enumerate(steps):
            if self.ended:
                break
            if step:
                before, waited_s = steps[step - 1]
                print(
                    f"lwrf: {self.name} did not end within {waited_s:g} s of {before.name}; "
                    f"sending {number.name}",
                    file=sys.stderr,
                )
            self._process.send_signal(number)
            try:
                self._process.wait(wait_s)
            except subprocess.TimeoutExpired:
                continue
        code = self._process.poll()
        return -signal.SIGKILL if code is None else code

    def _died(self) -> str:
        message = f"{self.name} ended with code {self._process.poll()}"
        if self._log is None:
            return f"{message}; its message is above"
        lines = self._log.read_text(errors="replace").splitlines()[-LINES_OF_LOG:]
        return "\n  ".join([f"{message}; the end of {self._log}:", *lines])


class Children:
    """All child processes of a run; leaving the context ends those that are left, newest first."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._children: list[Child] = []

    def start(self, name: str, command: Sequence[str], log: Path | None) -> Child:
        """Start a child with this run's environment; see `Child`."""
        # Interrupted between its start and its entry here, it would be left running.
        with interruption_deferred():
            child = Child(name, command, self._environment, log)
            self._children.append(child)
        return child

    def check(self) -> None:
        """Make sure that all are still there.

        Raises:
            ChildError: One ended.
        """
        for child in self._children:
            child.check()

    def __enter__(self) -> Children:
        """Return the empty set of children."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is left; a second signal meanwhile must not leave a process behind."""
        with interruption_ignored():
            for child in reversed(self._children):
                child.stop(TERMINATE_S)
