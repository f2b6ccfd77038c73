# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The closing table of the demo."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lwrf_ros.processes.node_account import Account

_CONTENTS = {
    "overlay.mp4": "the recording with the classes painted over it",
    "contact_sheet.png": "frames of it side by side",
    "coverage.png": "share of each class over time",
    "coverage.csv": "the same as numbers, frame by frame",
}
_SUPERSEDED = (
    "superseded: a newer frame arrived before the network was free, so the older one was skipped.\n"
    "  That is normal where the camera is faster than the network."
)


@dataclass(frozen=True)
class Report:
    """How the demo went.

    Attributes:
        published: Frames that the camera published.
        account: What became of them in the node.
        summary: The recorder's summary.
        note: What must be known about the labels, None for nothing.
        folder: Where the files are.
        problems: What went wrong on the way, though the demo came to its end.
    """

    published: int
    account: Account
    summary: dict[str, Any]
    note: str | None
    folder: Path
    problems: tuple[str, ...] = ()

    @property
    def labels(self) -> int:
        """Label images that the recorder received."""
        return int(self.summary["messages"]["labels"])

    def __str__(self) -> str:
        """Lay the table out."""
        account = self.account
        causes = account.dropped_because()
        rows = [
            ("frames published", f"{self.published}"),
            ("received by the node", f"{account.received}"),
            ("labels out", f"{self.labels}"),
            ("dropped", f"{account.dropped}" + (f"  ({causes})" if causes else "")),
        ]
        lost_in = self.published - account.received
        if lost_in:
            rows.append(("lost before the node", f"{lost_in}"))
        lost_out = account.processed - self.labels
        if lost_out:
            rows.append(("lost after the node", f"{lost_out}"))
        rows.append(("camera stamp to labels", self._latency()))
        width = max(len(name) for name, _ in rows)
        lines = [f"  {name:<{width}}  {value}" for name, value in rows]
        if account.lost.get("superseded"):
            lines += ["", f"  {_SUPERSEDED}"]
        files = self.summary["files"]
        contents = {files[name]: text for name, text in _CONTENTS.items() if files.get(name)}
        contents[str(self.folder / "summary.json")] = "what was recorded"
        contents[str(self.folder / "report.json")] = "the figures above"
        width = max(map(len, contents))
        lines += ["", "  files", *(f"    {path:<{width}}  {contents[path]}" for path in contents)]
        if self.note:
            lines += ["", f"  {self.note}"]
        return "\n".join(["", "lwrf demo", *lines])

    def write(self, path: Path) -> None:
        """Write the figures as JSON, beside the table on the screen."""
        content = {
            "published": self.published,
            "received": self.account.received,
            "processed": self.account.processed,
            "labels": self.labels,
            "dropped": dict(self.account.lost),
            "refused_because": dict(self.account.reasons),
            "latency_ms": self.summary["latency_ms"],
            "note": self.note,
            "problems": list(self.problems),
        }
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def _latency(self) -> str:
        latency = self.summary["latency_ms"]
        if not latency["count"]:
            return "not measured: no labels"
        text = f"p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms"
        return text + ("  (implausible: stamps of another clock)" if latency["implausible"] else "")
