# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Where tasks run: processes of this machine, or a Ray cluster, behind one interface."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from abc import ABC, abstractmethod
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lwrf_ros.archive.analysis import Task, analyse
from lwrf_ros.archive.options import ArchiveOptions, Shipment
from lwrf_ros.archive.store import Outcome
from lwrf_ros.optional import import_optional

if TYPE_CHECKING:
    from typing_extensions import Self

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
# Ray sends home what it is used for, unless this is said before it is imported.
RAY_USAGE = "RAY_USAGE_STATS_ENABLED"


class Pool(ABC):
    """Runs tasks.

    Attributes:
        capacity: How many tasks run at once.
    """

    capacity: int

    @abstractmethod
    def submit(self, task: Task) -> Future[Outcome]:
        """Start a task; at most `capacity` at a time."""

    @abstractmethod
    def close(self) -> None:
        """End the workers, whatever they do."""

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        self.close()


class ProcessPool(Pool):
    """Processes of this machine. One that dies takes the task that it had with it, and no other.

    Args:
        options: What is done with every recording.
        folder: The archive's folder.
        workers: Number of processes.
    """

    def __init__(self, options: ArchiveOptions, folder: Path, workers: int) -> None:
        self.capacity = workers
        self._options, self._folder = options, folder
        self._idle = [self._worker() for _ in range(workers)]
        self._busy: dict[Future[Outcome], ProcessPoolExecutor] = {}

    def submit(self, task: Task) -> Future[Outcome]:
        """Start a task in a worker that is idle."""
        self._take_back()
        # An executor of one process each: it breaks as a whole when its process dies.
        worker = self._idle.pop()
        future = worker.submit(analyse, task, self._options, self._folder)
        self._busy[future] = worker
        return future

    def close(self) -> None:
        """End the workers."""
        for worker in [*self._idle, *self._busy.values()]:
            for process in list((worker._processes or {}).values()):
                process.terminate()
            worker.shutdown(wait=False, cancel_futures=True)

    def _take_back(self) -> None:
        """Make workers whose task has ended idle, and new ones in the place of those that died."""
        for future in [one for one in self._busy if one.done()]:
            worker = self._busy.pop(future)
            if isinstance(future.exception(), BrokenProcessPool):
                worker = self._worker()
            self._idle.append(worker)

    def _worker(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, context, initializer=_begin, initargs=(os.getpid(),))


def _begin(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class RayPool(Pool):
    """A Ray cluster.

    Args:
        options: What is done with every recording.
        folder: The archive's folder, which every node of the cluster must see.
        address: Of the cluster; "auto" for the one of this machine.
        gpu: Whether a task takes a GPU.
    """

    def __init__(self, options: ArchiveOptions, folder: Path, address: str, gpu: bool) -> None:
        os.environ.setdefault(RAY_USAGE, "0")
        self._ray: Any = import_optional("ray")
        self._ray.init(address=address, log_to_driver=False, logging_level="warning")
        resources = {"num_cpus": options.threads, "num_gpus": int(gpu)}
        self._analyse = self._ray.remote(max_retries=0, **resources)(_analyse_shipped)
        # Once into the cluster's memory, from where each node fetches it once.
        self._shipment = self._ray.put(Shipment.of(options))
        self._folder = folder.resolve()
        total = self._ray.cluster_resources()
        of_cpus = int(total.get("CPU", 1)) // options.threads
        self.capacity = max(1, int(total.get("GPU", 0)) if gpu else of_cpus)

    def submit(self, task: Task) -> Future[Outcome]:
        """Start a task on a node that has room."""
        future: Future[Outcome] = self._analyse.remote(task, self._shipment, self._folder).future()
        return future

    def close(self) -> None:
        """Leave the cluster; what still runs there is ended."""
        self._ray.shutdown()


def _analyse_shipped(task: Task, shipment: Shipment, folder: Path) -> Outcome:
    return analyse(task, shipment.unpacked(), folder)
