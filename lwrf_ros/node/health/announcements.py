# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What /diagnostics says of a camera, on the log as well: a line when it begins, and at its end."""

from __future__ import annotations

from typing import NamedTuple

from lwrf_ros.node.health.camera_status import Finding, Verdict

# A camera's driver may come a little later than the node.
_PATIENCE_S = {Finding.SILENT: 3.0}
_SAY_AGAIN_AFTER_S = 60.0
# Said by those who find them, with what is wrong with the image.
_SAID_ELSEWHERE = (Finding.UNUSABLE,)
_NO_WARNING = (Finding.UNWATCHED,)


class Line(NamedTuple):
    """A line for the log.

    Attributes:
        text: What it says.
        warns: Whether it is a warning.
    """

    text: str
    warns: bool


class Announcements:
    """Decides when a camera's status is worth a line on the log.

    Once when something begins, and again only after it has been gone for a while: what comes and
    goes must not fill the log. Then once when all is well again.
    """

    def __init__(self) -> None:
        self._finding = Finding.NOTHING
        self._since_s = 0.0
        self._said = False
        self._seen_s: dict[Finding, float] = {}
        self._open = False

    def next(self, verdict: Verdict, now_s: float) -> Line | None:
        """Take in a status; return what is to be said, None for nothing.

        Args:
            verdict: How the camera is doing.
            now_s: The time, on a steady clock in seconds.
        """
        finding = verdict.finding
        if finding != self._finding:
            self._finding, self._since_s, self._said = finding, now_s, False
        if finding in _SAID_ELSEWHERE:
            return None
        if finding is Finding.NOTHING:
            return self._close(verdict)
        if now_s - self._since_s < _PATIENCE_S.get(finding, 0.0):
            return None
        last_s, self._seen_s[finding] = self._seen_s.get(finding), now_s
        if self._said or (last_s is not None and now_s - last_s < _SAY_AGAIN_AFTER_S):
            return None
        self._said = self._open = True
        return Line(verdict.text, warns=finding not in _NO_WARNING)

    def _close(self, verdict: Verdict) -> Line | None:
        was_open, self._open = self._open, False
        return Line(f"all is well: {verdict.text}", warns=False) if was_open else None
