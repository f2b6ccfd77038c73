# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The driver: which recordings are missing, handed out, tried again, noted."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from lwrf_ros.archive.analysis import Task
from lwrf_ros.archive.identity import Identities, key_of
from lwrf_ros.archive.options import ArchiveOptions
from lwrf_ros.archive.pools import Pool
from lwrf_ros.archive.recording_files import FoundRecording, find_recordings
from lwrf_ros.archive.store import Failure, Outcome, Store
from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.errors import LwrfError
from lwrf_ros.files import is_full
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.weights.weights_file import sha256_of

ATTEMPTS = 2
# What the pools call the end of a worker's process.
_DEATHS = ("BrokenProcessPool", "WorkerCrashedError", "OutOfMemoryError", "LocalRayletDiedError")


@dataclass(frozen=True)
class Report:
    """Outcome of a run.

    Attributes:
        found: Recordings that were found.
        copies: Those of them that have the content of another.
        earlier: Those that an earlier run has done.
        done: Tasks done by this one.
        failed: Tasks that it set aside.
        frames: Frames that it read.
        wall_s: How long it took.
    """

    found: int
    copies: int
    earlier: int
    done: int
    failed: list[Failure]
    frames: int
    wall_s: float


def archive(
    sources: Sequence[str],
    options: ArchiveOptions,
    store: Store,
    open_pool: Callable[[], Pool],
) -> Report:
    """Bring an archive up to date: do what is missing of the recordings in sources.

    Args:
        sources: As of `find_recordings`.
        options: What is done with every recording.
        store: The archive.
        open_pool: Makes where tasks run, if there is something to run.

    Raises:
        LwrfError: If there is nothing to read, or nothing can be written.
        KeyboardInterrupt: After Ctrl-C; what was done stays.
    """
    started_s = time.monotonic()
    choice = options.engine.choice
    table = choice.classes
    named = options.engine.class_groups
    names = ClassGroups.load(named, table).table.names if named else table.names
    options.check(tuple(names))
    sha256 = sha256_of(choice.path) if choice.path is not None else "random"
    settings = options.settings(sha256)
    recordings = find_recordings(sources)
    with store.claimed():
        store.describe({"settings": settings, "classes": list(names), "weights": str(choice.path)})
        identities, unreadable = Identities(store.folder), []
        tasks: dict[str, Task] = {}
        for recording in recordings:
            try:
                identity = identities.of(recording)
            except OSError as error:
                unreadable.append(_unreadable(recording, error))
                continue
            key = key_of(identity, settings)
            tasks.setdefault(key, Task(key, identity, recording))
        identities.save()
        store.retire({task.recording.url: key for key, task in tasks.items()})
        done = store.done()
        missing = [task for key, task in tasks.items() if key not in done]
        for failure in unreadable:
            store.set_aside(failure)
        run = _Run(store, missing)
        if missing:
            with open_pool() as pool:
                run.through(pool)
    return Report(
        found=len(recordings),
        copies=len(recordings) - len(tasks) - len(unreadable),
        earlier=len(tasks) - len(missing),
        done=run.done,
        failed=[*unreadable, *run.failed],
        frames=run.frames,
        wall_s=time.monotonic() - started_s,
    )


class _Run:
    """Hands tasks out and takes in what comes of them."""

    def __init__(self, store: Store, tasks: Sequence[Task]) -> None:
        self.done = self.frames = 0
        self.failed: list[Failure] = []
        self._store = store
        self._waiting = deque((task, 1) for task in tasks)
        self._under_way: dict[Future[Outcome], tuple[Task, int]] = {}

    def through(self, pool: Pool) -> None:
        """Run until nothing waits."""
        started_s = time.monotonic()
        with progress_bar("archive", len(self._waiting), in_logs=True, unit="recording") as bar:
            while self._waiting or self._under_way:
                while self._waiting and len(self._under_way) < pool.capacity:
                    task, attempt = self._waiting.popleft()
                    self._under_way[pool.submit(task)] = (task, attempt)
                ended, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    bar.update(self._settle(future, *self._under_way.pop(future)))
                rate = self.frames / (time.monotonic() - started_s)
                bar.set_postfix(frames=self.frames, rate=f"{rate:.1f}/s", failed=len(self.failed))

    def _settle(self, future: Future[Outcome], task: Task, attempt: int) -> bool:
        """Note what became of a task; return whether it is over."""
        try:
            outcome = future.result()
        except Exception as error:
            if is_full(error):
                raise  # no other task can do better
            if attempt < ATTEMPTS:
                self._waiting.append((task, attempt + 1))
                return False
            failure = Failure(task.key, task.recording.url, _reason(error), attempt)
            self._store.set_aside(failure)
            self.failed.append(failure)
            return True
        self._store.add(outcome)
        self.done += 1
        self.frames += outcome.frames
        return True


def _reason(error: Exception) -> str:
    if isinstance(error, LwrfError):
        return str(error)
    name = type(error).__name__
    if name in _DEATHS:
        return (
            f"the worker died ({name}): it was killed, or memory ran out; give it fewer neighbours "
            "(--workers)"
        )
    return f"{name}: {error}".strip().partition("\n")[0]


def _unreadable(recording: FoundRecording, error: OSError) -> Failure:
    key = key_of(recording.url, {})
    return Failure(key, recording.url, f"cannot be read: {error.strerror or error}", 1)


def describe(report: Report, store: Store) -> str:
    """Say what a run did, in a few lines."""
    lines = [
        f"{report.found} recordings: {report.earlier} done before, {report.done} done now "
        f"({report.frames} frames in {report.wall_s:.1f} s)"
    ]
    if report.copies:
        lines.append(f"{report.copies} are copies of others and have no rows of their own")
    for failure in report.failed:
        lines.append(f"set aside: {failure.recording}: {failure.reason}")
    lines.append(f"rows: {store.folder}/frames (Parquet; docs/archive.md has questions to ask)")
    return "\n".join(lines)
