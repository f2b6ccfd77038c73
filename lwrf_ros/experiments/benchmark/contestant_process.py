# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Each contestant in a process of its own: thread pools, memory and crashes stay apart."""

from __future__ import annotations

import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers import make_peer
from lwrf_ros.experiments.benchmark.peers.peer import Overlapping, UnavailableError
from lwrf_ros.machine.about import peak_memory_mib

_SPAWN = multiprocessing.get_context("spawn")
# A contestant in the middle of a slow frame, or of giving back a GPU.
_LEAVE_S = 5.0
_Result = TypeVar("_Result")


class ProcessError(Exception):
    """Something went wrong in another process; the message is its traceback."""


@dataclass(frozen=True)
class Ready:
    """A contestant's report when its first labels are there.

    Attributes:
        description: How it runs, in words.
        start_up_s: From the start of its process, with every import, to the first labels.
        configure_s: The part of it after the imports of the contestant's module.
    """

    description: str
    start_up_s: float
    configure_s: float


@dataclass(frozen=True)
class Memory:
    """Peak memory of a process in MiB; on the GPU None where it does not count."""

    host_mib: float
    device_mib: float | None


@dataclass(frozen=True)
class Lap:
    """One call: from images on the host to labels and coverage on the host, in milliseconds."""

    total_ms: float
    stages_ms: dict[str, float]


def in_process(function: Callable[..., _Result], *arguments: object) -> _Result:
    """Run a function of a module in a fresh process and return its result.

    Raises:
        LwrfError: If the function raised it.
        ProcessError: If anything else was raised, or the process ended.
    """
    child = _Child(_run_once, function, arguments)
    try:
        result: _Result = child.ask()
        return result
    finally:
        child.leave()


class Contestant:
    """A contestant in its process.

    Args:
        name: Its name, of `PEERS`.
        setting: What is measured.
        frames: ``(H, W, 3) uint8`` RGB images, of which every call takes the case's batch.

    Raises:
        UnavailableError: If something that it needs is not there.
        LwrfError: If it says that something which the user gave cannot be used.
        ProcessError: If it failed.
    """

    def __init__(self, name: str, setting: Setting, frames: list[NDArray[np.uint8]]) -> None:
        self.name = name
        self._child = _Child(_serve, name, setting, frames, time.monotonic())
        try:
            self.ready: Ready = self._child.ask()
        except BaseException:
            self._child.leave()
            raise

    def run(self, first: int, calls: int = 1) -> list[Lap]:
        """Label batches one after the other, and take the time of each.

        Args:
            first: Number of the first frame, modulo their count.
            calls: How many batches.

        Raises:
            ProcessError: If it failed.
        """
        laps: list[Lap] = self._child.ask("run", first, calls)
        return laps

    def run_ahead(self, seconds: float) -> float | None:
        """Submit each batch before the last one is collected, and return frames a second.

        None for a contestant that gains nothing by that, or cannot.
        """
        frames_per_s: float | None = self._child.ask("run_ahead", seconds)
        return frames_per_s

    def labels(self, first: int) -> list[NDArray[np.uint8]]:
        """Label a batch and return ``(H, W) uint8`` labels."""
        labels: list[NDArray[np.uint8]] = self._child.ask("labels", first)
        return labels

    def memory(self) -> Memory:
        """Return the peak of its memory so far."""
        memory: Memory = self._child.ask("memory")
        return memory

    def close(self) -> None:
        """End its process."""
        self._child.leave()


class _Child:
    """A process that answers questions, and what it raises raised here."""

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        self._connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=target, args=(theirs, *arguments), daemon=True)
        self._process.start()
        # Ours would keep the pipe open after the process has died.
        theirs.close()

    def ask(self, *question: object) -> Any:
        """Send a question, if any, and wait for the answer."""
        try:
            if question:
                self._connection.send(question)
            answer = self._connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(_LEAVE_S)
            raise ProcessError(
                f"the process ended with code {self._process.exitcode}; -9 is what the system "
                "does to one that takes too much memory"
            ) from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def leave(self) -> None:
        """Let the process go by itself; end it if it does not."""
        self._connection.close()
        self._process.join(_LEAVE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _run_once(
    connection: Connection, function: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    # Ctrl-C reaches the whole group; the parent decides, and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection.send(_guarded(lambda: function(*arguments)))


def _serve(
    connection: Connection,
    name: str,
    setting: Setting,
    frames: list[NDArray[np.uint8]],
    born: float,
) -> None:
    """Prepare a contestant and answer questions until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    host: list[_Host] = []
    outcome = _guarded(lambda: host.append(_Host(name, setting, frames, born)))
    connection.send(host[0].ready if host else outcome)
    if not host:
        return
    while True:
        try:
            action, *arguments = connection.recv()
        except EOFError:
            break
        connection.send(_guarded(partial(getattr(host[0], action), *arguments)))
    host[0].peer.close()


class _Host:
    """A contestant in its own process; `Contestant` is its other end."""

    def __init__(
        self, name: str, setting: Setting, frames: list[NDArray[np.uint8]], born: float
    ) -> None:
        self._frames = frames
        self._batch = setting.case.batch
        self.peer = make_peer(name, setting)
        configuring = time.monotonic()
        self.peer.prepare()
        self.peer(self._images(0))
        # The monotonic clock is the system's, the same in all processes.
        now = time.monotonic()
        self.ready = Ready(self.peer.describe(), now - born, now - configuring)

    def run(self, first: int, calls: int) -> list[Lap]:
        laps = []
        for call in range(calls):
            images = self._images(first + call * self._batch)
            started = time.perf_counter()
            self.peer(images)
            total_ms = (time.perf_counter() - started) * 1e3
            laps.append(Lap(total_ms, self.peer.stages_ms()))
        return laps

    def run_ahead(self, seconds: float) -> float | None:
        peer = self.peer
        if not isinstance(peer, Overlapping) or not peer.overlaps:
            return None
        peer.run_ahead(self._images(0) for _ in range(4))
        calls = 0
        started = time.perf_counter()

        def until_the_end() -> Iterator[list[NDArray[np.uint8]]]:
            nonlocal calls
            while time.perf_counter() - started < seconds:
                yield self._images(calls * self._batch)
                calls += 1

        peer.run_ahead(until_the_end())
        return calls * self._batch / (time.perf_counter() - started)

    def labels(self, first: int) -> list[NDArray[np.uint8]]:
        return [answer.labels for answer in self.peer(self._images(first))]

    def memory(self) -> Memory:
        return Memory(*peak_memory_mib())

    def _images(self, first: int) -> list[NDArray[np.uint8]]:
        return [self._frames[(first + n) % len(self._frames)] for n in range(self._batch)]


def _guarded(function: Callable[[], object]) -> object:
    """Return what a function returns or, as a value that travels, what it raises."""
    try:
        return function()
    except UnavailableError as error:
        return error
    except LwrfError as error:
        # Not every kind of it can travel.
        return LwrfError(str(error))
    except Exception:
        return ProcessError(traceback.format_exc())
