# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How a replay went, in a few lines."""

from __future__ import annotations

from pathlib import Path

from lwrf_ros.replay.run_record import RunRecord


def as_text(record: RunRecord, folder: Path) -> str:
    """Lay out what was read, what became of it, and what was wrong with the recording."""
    lines = []
    for topic, account in record.account.items():
        refused = ", ".join(f"{reason} {n}" for reason, n in sorted(account.refused.items()))
        lines.append(
            f"{topic}: {account.read} frames, {account.processed} with labels"
            + (f", refused: {refused}" if refused else "")
        )
    if record.faults:
        lines.append("faults of the recording:")
    for kind, count in sorted(record.faults.items()):
        detail = record.fault_details.get(kind, "")
        lines.append(f"  {kind} {count}" + (f", the first: {detail}" if detail else ""))
    frames = sum(account.read for account in record.account.values())
    rate = f" ({frames / record.wall_s:.1f} frames a second)" if record.wall_s > 0 else ""
    end = "" if record.complete else ", incomplete"
    lines.append(f"wrote {folder}{end}: {record.wall_s:.1f} s{rate}")
    return "\n".join(lines)
