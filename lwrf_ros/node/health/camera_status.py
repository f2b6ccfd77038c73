# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How a camera is doing: OK, WARN, ERROR or STALE, by limits that are parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from diagnostic_msgs.msg import DiagnosticStatus

from lwrf_ros.configuration.parameters import Parameters

# Fewer lost images are no pattern: one hiccup of a busy machine.
_FEW = 5


class Finding(Enum):
    """What can be wrong with a camera, the gravest first."""

    SILENT = "no images"
    UNUSABLE = "images that cannot be used"
    NOT_FINITE = "scores that are no numbers"
    LOST = "images lost on the way"
    APART = "peers that cannot be connected"
    SLOW = "too few images"
    LATE = "results too late"
    DROPPED = "too many images dropped"
    UNWATCHED = "nobody subscribes"
    NOTHING = "nothing"


class Verdict(NamedTuple):
    """How a camera is doing.

    Attributes:
        level: Of DiagnosticStatus.
        finding: What is wrong.
        text: One line that says it, or the rates.
    """

    level: bytes
    finding: Finding
    text: str


@dataclass(frozen=True)
class CameraFacts:
    """Facts by which a camera is judged; counts are those since the last time.

    Attributes:
        topic: Full name of its image topic.
        active: Whether frames are let through.
        publishers: Number of publishers of the topic.
        mismatches: What keeps publishers or subscribers apart, in words.
        silent_s: Time since the last image, or since there is the camera, in seconds.
        silence: Why no image may come, in words, for when none does.
        rate_in_hz: Images a second.
        rate_out_hz: Images published a second.
        latency_p99_ms: From arrival to publication, None without frames.
        received: Frames that arrived.
        unusable: Frames of them that were refused or failed.
        superseded: Frames of them that a newer one replaced.
        unwatched: Frames of them whose results nobody wanted.
        not_finite: Frames for which the network gave scores that are no numbers.
        sent_lately: Images sent in the last seconds, as far as the publishers' counting tells.
        lost_lately: Images of them that never came.
        loss: Why they may have been lost, in words.
    """

    topic: str
    active: bool
    publishers: int
    mismatches: tuple[str, ...]
    silent_s: float
    silence: str
    rate_in_hz: float
    rate_out_hz: float
    latency_p99_ms: float | None
    received: int
    unusable: int
    superseded: int
    unwatched: int
    not_finite: int
    sent_lately: int
    lost_lately: int
    loss: str


def judge(facts: CameraFacts, limits: Parameters) -> Verdict:
    """Say how a camera is doing.

    Args:
        facts: What is known of it.
        limits: The parameters; a limit of 0 is none.

    Returns:
        The gravest of what is wrong.
    """
    level, finding, text = DiagnosticStatus.WARN, Finding.NOTHING, ""
    rates = f"{facts.rate_in_hz:.1f} Hz in, {facts.rate_out_hz:.1f} Hz out"
    latency_ms = facts.latency_p99_ms or 0.0
    if facts.active and limits.stale_after and facts.silent_s > limits.stale_after:
        level, finding, text = DiagnosticStatus.STALE, Finding.SILENT, _silence(facts)
    elif facts.unusable:
        if facts.unusable >= facts.received:
            level = DiagnosticStatus.ERROR
        finding = Finding.UNUSABLE
        text = f"{facts.unusable} of {facts.received} frames refused or failed, see refused.*"
    elif facts.not_finite:
        finding = Finding.NOT_FINITE
        text = f"the network's scores for {facts.not_finite} frames are no numbers (NaN or "
        text += "infinity) in places, which are 255 (unlabelled); use precision fp32 or other "
        text += "weights"
    elif _loses_too_many(facts, limits):
        finding = Finding.LOST
        text = f"{facts.lost_lately} of {facts.sent_lately} images on {facts.topic} were lost on "
        text += f"the way here: {facts.loss}"
    elif facts.mismatches:
        finding, text = Finding.APART, "; ".join(facts.mismatches)
    elif facts.active and facts.received and facts.rate_in_hz < limits.min_image_rate:
        finding = Finding.SLOW
        text = f"{rates}; wanted at least {limits.min_image_rate:g} Hz in"
    elif limits.max_latency and latency_ms > limits.max_latency * 1e3:
        finding = Finding.LATE
        text = f"latency p99 {latency_ms:.0f} ms; wanted at most {limits.max_latency * 1e3:g} ms"
    elif facts.superseded > limits.max_dropped * facts.received:
        finding = Finding.DROPPED
        text = f"{facts.superseded} of {facts.received} frames dropped for newer ones; wanted at "
        text += f"most {limits.max_dropped:.0%}"
    elif facts.received and facts.unwatched >= facts.received:
        level, finding = DiagnosticStatus.OK, Finding.UNWATCHED
        text = f"{facts.rate_in_hz:.1f} Hz in; nobody subscribes to a result, so none is computed"
    else:
        level, text = DiagnosticStatus.OK, rates
    return Verdict(level, finding, text)


def _loses_too_many(facts: CameraFacts, limits: Parameters) -> bool:
    few = facts.lost_lately < _FEW
    return not few and facts.lost_lately > limits.max_lost * facts.sent_lately


def _silence(facts: CameraFacts) -> str:
    text = f"no image on {facts.topic} for {facts.silent_s:.0f} s"
    reason = "; ".join(facts.mismatches) or facts.silence
    return f"{text}: {reason}" if reason else text
