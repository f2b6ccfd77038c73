# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Memory of a frame's size is kept for the next frame, whichever thread lets it go."""

from __future__ import annotations

import subprocess
import sys

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


def test_frames_after_the_first_fault_in_no_pages() -> None:
    # In a process of its own, which the setting ends with.
    tell = "from lwrf_ros.memory import keep_freed_memory; print(keep_freed_memory())"
    told = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    if told.stdout.strip() != "True":
        pytest.skip("this C library has no mallopt: it cannot be told to keep memory")
    run = subprocess.run([sys.executable, "-c", FRAMES], capture_output=True, text=True, check=True)
    # Ten frames of three copies are 45,560 pages of 4 KiB.
    assert int(run.stdout) < 1000


def test_a_library_without_the_option_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert keep_freed_memory() is False


def test_what_is_free_can_be_given_back() -> None:
    code = """
from pathlib import Path
from lwrf_ros.memory import give_back_freed_memory, keep_freed_memory

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

print(keep_freed_memory())
blocks = [bytes(100_000) for _ in range(2000)]
blocks.clear()
kept = resident_mib()
give_back_freed_memory()
print(kept - resident_mib())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kept, freed_mib = run.stdout.split()
    if kept != "True":
        pytest.skip("this C library has no mallopt: it keeps nothing")
    # Of 190 MiB, most; the loader's own blocks lie between them.
    assert int(freed_mib) > 50


def test_a_library_that_cannot_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert give_back_freed_memory() is False
