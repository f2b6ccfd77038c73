# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Memory of a frame's size is kept for the next frame, whichever thread lets it go."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from lwrf_ros.memory import give_back_freed_memory, keep_freed_memory

# As in the node: one thread makes three copies of a 1920x1080 image and keeps nothing, another
# holds the last one until the next comes. Prints the page faults of ten frames.
FRAMES = """
import queue, resource, threading
from lwrf_ros.memory import keep_freed_memory

assert keep_freed_memory()
frames, taken = queue.Queue(), threading.Semaphore(0)

def hold():
    held = None
    while (frame := frames.get()) is not None:
        held = frame
        del frame
        taken.release()

def receive(count):
    for number in range(count):
        copies = [bytes([number]) * 6_220_800 for _ in range(3)]
        frames.put(copies.pop())
        del copies
        taken.acquire()

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def main():
    receive(5)
    before = faults()
    receive(10)
    print(faults() - before)
    frames.put(None)

holder = threading.Thread(target=hold)
receiver = threading.Thread(target=main)
holder.start(); receiver.start(); receiver.join(); holder.join()
"""


# Counts the regions that malloc has made for threads that ask at the same time.
REGIONS = """
import ctypes, sys, threading
from lwrf_ros.memory import keep_freed_memory

assert keep_freed_memory()
library = ctypes.CDLL(None)
library.fopen.restype = library.malloc.restype = ctypes.c_void_p
all_there = threading.Barrier(4)

def ask():
    all_there.wait()
    for _ in range(100):
        library.malloc(ctypes.c_size_t(1000))
    all_there.wait()

threads = [threading.Thread(target=ask) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
stream = ctypes.c_void_p(library.fopen(sys.argv[1].encode(), b"w"))
library.malloc_info(0, stream)
library.fclose(stream)
"""

# Prints how much of so many blocks of so many MiB stays with the process once they are free.
BLOCKS = """
import sys
from pathlib import Path
from lwrf_ros.memory import keep_freed_memory

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

assert keep_freed_memory()
blocks = [b""] * int(sys.argv[1])  # below them: what lies above keeps what is free
before = resident_mib()
for index in range(len(blocks)): blocks[index] = b"x" * (int(sys.argv[2]) * 2**20)
for index in reversed(range(len(blocks))): blocks[index] = b""
print(resident_mib() - before)
"""

needs_mallopt = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="this C library has no mallopt: it cannot be told to keep memory",
)


def run(code: str, *arguments: object) -> str:
    """Run code in a process of its own, which the settings end with; return what it printed."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@needs_mallopt
def test_frames_after_the_first_fault_in_no_pages() -> None:
    # Ten frames of three copies are 45,560 pages of 4 KiB.
    assert int(run(FRAMES)) < 1000


@needs_mallopt
def test_threads_share_one_region(tmp_path: Path) -> None:
    run(REGIONS, tmp_path / "regions.xml")
    assert (tmp_path / "regions.xml").read_text().count("<heap nr=") == 1


@needs_mallopt
@pytest.mark.parametrize(
    ("blocks", "size_mib", "least_mib", "most_mib"),
    [(240, 1, 230, 250), (600, 1, 0, 256), (1, 40, 0, 1)],
)
def test_what_is_kept_is_at_most_256_mib_and_no_block_above_32(
    blocks: int, size_mib: int, least_mib: float, most_mib: float
) -> None:
    assert least_mib <= float(run(BLOCKS, blocks, size_mib)) <= most_mib


def test_a_library_without_the_option_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert keep_freed_memory() is False


@needs_mallopt
def test_what_is_free_can_be_given_back() -> None:
    code = """
from pathlib import Path
from lwrf_ros.memory import give_back_freed_memory, keep_freed_memory

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

assert keep_freed_memory()
blocks = [bytes(100_000) for _ in range(2000)]
blocks.clear()
kept = resident_mib()
give_back_freed_memory()
print(kept - resident_mib())
"""
    # Of 190 MiB, most; the loader's own blocks lie between them.
    assert int(run(code)) > 50


def test_a_library_that_cannot_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert give_back_freed_memory() is False


# Two arrays of 160 MB a step, as a training's layers. Prints the page faults of five steps.
STEPS = """
import resource
import numpy as np
from lwrf_ros.memory import keep_all_freed_memory, keep_freed_memory

assert keep_freed_memory() and keep_all_freed_memory()

def step():
    kept = [np.ones(40_000_000, np.float32) for _ in range(2)]
    del kept

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

step(); step()
before = faults()
for _ in range(5):
    step()
print(faults() - before)
"""


def test_steps_after_the_first_fault_in_no_pages() -> None:
    tell = "from lwrf_ros.memory import keep_all_freed_memory as k; print(k())"
    told = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    if told.stdout.strip() != "True":
        pytest.skip("this C library has no mallopt: it cannot be told to keep memory")
    run = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    # Five steps of two arrays are 390,625 pages of 4 KiB, or 763 of 2 MiB.
    assert int(run.stdout) < 200
