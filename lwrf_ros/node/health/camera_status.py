# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How a camera is doing: OK, WARN, ERROR or STALE, by limits that are parameters."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

from lwrf_ros.configuration.parameters import Parameters


@dataclass(frozen=True)
class CameraFacts:
    """Facts by which a camera is judged; counts are those since the last time.

    Attributes:
        topic: Full name of its image topic.
        active: Whether frames are let through.
        publishers: Number of publishers of the topic.
        mismatches: What keeps publishers or subscribers apart, in words.
        silent_s: Time since the last image, or since there is the camera, in seconds.
        rate_in_hz: Images a second.
        rate_out_hz: Images published a second.
        latency_p99_ms: From arrival to publication, None without frames.
        received: Frames that arrived.
        unusable: Frames of them that were refused or failed.
        superseded: Frames of them that a newer one replaced.
    """

    topic: str
    active: bool
    publishers: int
    mismatches: tuple[str, ...]
    silent_s: float
    rate_in_hz: float
    rate_out_hz: float
    latency_p99_ms: float | None
    received: int
    unusable: int
    superseded: int


def judge(facts: CameraFacts, limits: Parameters) -> tuple[bytes, str]:
    """Say how a camera is doing.

    Args:
        facts: What is known of it.
        limits: The parameters; a limit of 0 is none.

    Returns:
        The level, and one line that names the gravest of what is wrong, or the rates.
    """
    rates = f"{facts.rate_in_hz:.1f} Hz in, {facts.rate_out_hz:.1f} Hz out"
    if facts.active and limits.stale_after and facts.silent_s > limits.stale_after:
        return DiagnosticStatus.STALE, _silence(facts)
    if facts.unusable:
        text = f"{facts.unusable} of {facts.received} frames refused or failed, see refused.*"
        nothing_left = facts.unusable >= facts.received
        return (DiagnosticStatus.ERROR if nothing_left else DiagnosticStatus.WARN), text
    if facts.mismatches:
        return DiagnosticStatus.WARN, "; ".join(facts.mismatches)
    if facts.active and facts.received and facts.rate_in_hz < limits.min_image_rate:
        return DiagnosticStatus.WARN, f"{rates}; wanted at least {limits.min_image_rate:g} Hz in"
    latency_ms = facts.latency_p99_ms or 0.0
    if limits.max_latency and latency_ms > limits.max_latency * 1e3:
        wanted = f"wanted at most {limits.max_latency * 1e3:g} ms"
        return DiagnosticStatus.WARN, f"latency p99 {latency_ms:.0f} ms; {wanted}"
    if facts.superseded > limits.max_dropped * facts.received:
        text = f"{facts.superseded} of {facts.received} frames dropped for newer ones"
        return DiagnosticStatus.WARN, f"{text}; wanted at most {limits.max_dropped:.0%}"
    return DiagnosticStatus.OK, rates


def _silence(facts: CameraFacts) -> str:
    text = f"no image on {facts.topic} for {facts.silent_s:.0f} s"
    if facts.mismatches:
        return f"{text}: {'; '.join(facts.mismatches)}"
    if not facts.publishers:
        return f"{text}: nobody publishes it"
    return text
