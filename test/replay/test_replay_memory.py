# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The memory of a replay does not grow with the recording."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from quick import QUICK_ARGUMENTS
from small_bags import jpeg_image, stamp_ns, write_bag

from lwrf_ros.replay.run_record import RECORD_FILE, RunRecord

COUNT = 5000
# Allocators come to rest; a frame with all that comes of it is 20 KiB, all of them are 100 MiB.
MAY_GROW_MIB = 40.0


def resident_mib(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


@pytest.mark.long
def test_memory_stays_the_same(lwrf: Any, tmp_path: Path) -> None:
    messages = [jpeg_image(number) for number in range(20)]
    images = [(stamp_ns(number), messages[number % 20]) for number in range(COUNT)]
    bag = write_bag(tmp_path / "bag", {"/image/compressed": images})
    out = tmp_path / "out"
    process = lwrf("replay", bag, "-o", out, "--keep", *QUICK_ARGUMENTS)
    seen: list[tuple[int, float]] = []
    while process.poll() is None:
        time.sleep(0.5)
        if (out / RECORD_FILE).exists() and process.poll() is None:
            done = RunRecord.read(out).account.get("/image/compressed")
            seen.append((done.processed if done else 0, resident_mib(process.pid)))
    _, error = process.communicate()
    assert process.returncode == 0, error
    assert RunRecord.read(out).account["/image/compressed"].processed == COUNT
    early = [mib for frames, mib in seen if COUNT * 0.1 < frames < COUNT * 0.4]
    late = [mib for frames, mib in seen if frames > COUNT * 0.7]
    # Medians: what waits for a checkpoint comes and goes.
    assert median(late) - median(early) < MAY_GROW_MIB, seen
