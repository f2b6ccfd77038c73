# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Resources that a process holds, sampled from /proc, and whether they grow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_MIB = 2**20


class Sample(NamedTuple):
    """Resources of a process at one moment.

    Attributes:
        memory_mib: Resident memory that is its own, shared memory left out.
        threads: Number of threads.
        descriptors: Number of open file descriptors.
        shared_mib: Size of the shared memory that it has mapped, its peers' included.
        shared_files: Number of files of shared memory that it has mapped.
    """

    memory_mib: float
    threads: int
    descriptors: int
    shared_mib: float
    shared_files: int


class Growth(NamedTuple):
    """One quantity over time.

    Attributes:
        name: What it is, with its unit.
        begin: What is held at least from the second to the fourth tenth of the time, the first left
            out because not everything has been used once by then.
        end: What is held at least in the last three tenths.
        most: Largest value.
    """

    name: str
    begin: float
    end: float
    most: float

    @property
    def grown(self) -> float:
        """The increase since the beginning."""
        return self.end - self.begin


def take_sample(pid: int) -> Sample:
    """Look at a process.

    Args:
        pid: Its id.

    Raises:
        OSError: If there is no such process, or it is another user's.
    """
    folder = Path(f"/proc/{pid}")
    _, resident, shared = (int(n) for n in (folder / "statm").read_text().split()[:3])
    pages_to_mib = os.sysconf("SC_PAGE_SIZE") / _MIB
    mapped: dict[str, int] = {}
    for line in (folder / "maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5].startswith("/dev/shm/"):
            begin, end = (int(address, 16) for address in fields[0].split("-"))
            mapped[fields[5]] = mapped.get(fields[5], 0) + end - begin
    return Sample(
        (resident - shared) * pages_to_mib,
        len(list((folder / "task").iterdir())),
        len(list((folder / "fd").iterdir())),
        sum(mapped.values()) / _MIB,
        len(mapped),
    )


def growths(samples: Sequence[Sample]) -> list[Growth]:
    """Compare the begin and the end of a series of samples.

    By what is held at least, the lowest tenth of the samples left out: the node keeps freed memory
    for the next frame and gives it back when it is cleaned up, so that its memory goes up and down.

    Args:
        samples: In the order of time, at equal distances; two at least.
    """
    tenth = max(1, len(samples) // 10)
    names = ("memory MiB", "threads", "descriptors", "shared MiB", "shared files")
    return [
        Growth(name, _least(values[tenth : 4 * tenth]), _least(values[-3 * tenth :]), max(values))
        for name, values in zip(names, zip(*samples, strict=True), strict=True)
    ]


def _least(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 10]


def write_samples(samples: Sequence[Sample], path: Path) -> None:
    """Write a series of samples as CSV, a line a second."""
    lines = [",".join(Sample._fields)]
    lines += [",".join(f"{value:.2f}" for value in sample) for sample in samples]
    path.write_text("\n".join([*lines, ""]), encoding="ascii")
