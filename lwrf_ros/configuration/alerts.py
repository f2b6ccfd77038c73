# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Coverage alerts: how they are written, and when they are raised and cleared, frame by frame."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lwrf_ros.names import REGION_NAME

WHOLE_IMAGE = ""
EXAMPLES = '"person>0.05" or "person@path>0.05 clear<0.03 hold=3"'
_NUMBER = r"[0-9.eE+-]+"
_OPTION = rf"[\s,]+(?:clear\s*<\s*(?P<clear>{_NUMBER})|hold\s*=\s*(?P<hold>{_NUMBER})(?P<unit>s?))"
_UNNAMED_OPTION = re.sub(r"\?P<\w+>", "?:", _OPTION)
_ALERT = re.compile(
    rf"\s*(?P<name>.+?)\s*(?:@\s*(?P<region>{REGION_NAME})\s*)?>\s*(?P<fraction>{_NUMBER})"
    rf"(?P<options>(?:{_UNNAMED_OPTION})*)\s*"
)
_MOST_FRAMES = 1000
_MOST_SECONDS = 3600.0


class Alert(NamedTuple):
    """A class whose coverage is to be warned about.

    Attributes:
        class_name: The class.
        fraction: The alert is raised above it.
        region: Name of a region, WHOLE_IMAGE for the whole image.
        clear: The alert is cleared below it; None: as soon as it is not above `fraction`.
        hold_frames: Frames in a row that it takes to raise and to clear.
        hold_s: Seconds that it takes to raise and to clear.
    """

    class_name: str
    fraction: float
    region: str = WHOLE_IMAGE
    clear: float | None = None
    hold_frames: int = 1
    hold_s: float = 0.0


def parse_alert(text: str) -> Alert | None:
    """Read an alert, `class[@region]>fraction [clear<fraction] [hold=frames | hold=seconds s]`.

    Options are set off by blanks or commas.

    Returns:
        The alert, None if the text is none.
    """
    match = _ALERT.fullmatch(text)
    if match is None:
        return None
    alert = Alert(match["name"], -1.0, match["region"] or WHOLE_IMAGE)
    try:
        alert = alert._replace(fraction=float(match["fraction"]))
        given: set[str] = set()
        for option in re.finditer(_OPTION, match["options"]):
            if option["clear"] is not None:
                given_now, alert = "clear", alert._replace(clear=float(option["clear"]))
            elif option["unit"]:
                given_now, alert = "hold", alert._replace(hold_s=float(option["hold"]))
            else:
                given_now, alert = "hold", alert._replace(hold_frames=int(option["hold"]))
            if given_now in given:
                return None
            given.add(given_now)
    except ValueError:
        return None
    return alert if _is_possible(alert) else None


def _is_possible(alert: Alert) -> bool:
    return (
        0 <= alert.fraction < 1
        and (alert.clear is None or 0 < alert.clear <= alert.fraction)
        and 1 <= alert.hold_frames <= _MOST_FRAMES
        and 0 <= alert.hold_s <= _MOST_SECONDS
    )


@dataclass
class _State:
    """Where an alert is.

    Attributes:
        raised: Whether it is raised.
        frames: Frames in a row that spoke for the other state.
        since_s: Steady time of the first of them.
    """

    raised: bool = False
    frames: int = 0
    since_s: float = 0.0


class AlertWatch:
    """The alerts of one camera, from frame to frame."""

    def __init__(self) -> None:
        self._states: dict[Alert, _State] = {}

    def update(
        self,
        alerts: Iterable[Alert],
        shares: Mapping[str, Mapping[str, float]],
        now_s: float,
    ) -> dict[str, list[str]]:
        """Take in a frame.

        Args:
            alerts: The alerts in force; one that was not in force before begins anew.
            shares: For each region, and WHOLE_IMAGE, the fraction that each class holds of it.
            now_s: Steady time of the frame in seconds.

        Returns:
            What is raised, in words, by region.
        """
        self._states = {alert: self._states.get(alert, _State()) for alert in alerts}
        raised: dict[str, list[str]] = {}
        for alert, state in self._states.items():
            share = shares[alert.region][alert.class_name]
            _step(alert, state, share, now_s)
            if state.raised:
                raised.setdefault(alert.region, []).append(_words(alert, share))
        return raised


def _step(alert: Alert, state: _State, share: float, now_s: float) -> None:
    if not state.raised:
        speaks_for_change = share > alert.fraction
    elif alert.clear is None:
        speaks_for_change = share <= alert.fraction
    else:
        speaks_for_change = share < alert.clear
    if not speaks_for_change:
        state.frames = 0
        return
    if not state.frames:
        state.since_s = now_s
    state.frames += 1
    if state.frames >= alert.hold_frames and now_s - state.since_s >= alert.hold_s:
        state.raised, state.frames = not state.raised, 0


def _words(alert: Alert, share: float) -> str:
    where = f" in {alert.region}" if alert.region else ""
    limit = f"> {alert.fraction:.1%}"
    if share <= alert.fraction:
        limit = f"not yet cleared, was {limit}"
    return f"{alert.class_name}{where} {share:.1%} {limit}"
