# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The judgement of a camera: what is wrong, how grave it is, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.node.health.camera_status import CameraFacts, Finding, judge

OK, WARN = DiagnosticStatus.OK, DiagnosticStatus.WARN
ERROR, STALE = DiagnosticStatus.ERROR, DiagnosticStatus.STALE
WELL = CameraFacts(
    topic="/image",
    active=True,
    publishers=1,
    mismatches=(),
    silent_s=0.1,
    silence="",
    rate_in_hz=10.0,
    rate_out_hz=4.0,
    latency_p99_ms=250.0,
    received=10,
    unusable=0,
    superseded=6,
    unwatched=0,
    not_finite=0,
    sent_lately=50,
    lost_lately=0,
    loss="for a reason",
)


def judged(facts: dict[str, Any], limits: dict[str, Any]) -> tuple[bytes, str]:
    verdict = judge(replace(WELL, **facts), Parameters(**limits))
    return verdict.level, verdict.text


def test_a_healthy_camera_says_its_rates() -> None:
    assert judge(WELL, Parameters()) == (OK, Finding.NOTHING, "10.0 Hz in, 4.0 Hz out")


@pytest.mark.parametrize(
    ("facts", "limits", "level", "text"),
    [
        ({"silent_s": 2.5}, {}, STALE, "no image on /image for 2 s"),
        ({"silent_s": 2.5}, {"stale_after": 3.0}, OK, "10.0 Hz in, 4.0 Hz out"),
        ({"silent_s": 1e4}, {"stale_after": 0.0}, OK, "10.0 Hz in, 4.0 Hz out"),
        ({"silent_s": 9.0, "active": False}, {}, OK, "10.0 Hz in, 4.0 Hz out"),
        (
            {"silent_s": 9.0, "publishers": 0, "silence": "nobody publishes it"},
            {},
            STALE,
            "no image on /image for 9 s: nobody publishes it",
        ),
        (
            {"silent_s": 9.0, "mismatches": ("/cam offers x",)},
            {},
            STALE,
            "no image on /image for 9 s: /cam offers x",
        ),
        (
            {"lost_lately": 6},
            {},
            WARN,
            "6 of 50 images on /image were lost on the way here: for a reason",
        ),
        # A tenth of them at most, of which 5 are the least that count.
        ({"lost_lately": 5}, {}, OK, "10.0 Hz in, 4.0 Hz out"),
        ({"lost_lately": 4, "sent_lately": 10}, {}, OK, "10.0 Hz in, 4.0 Hz out"),
        ({"lost_lately": 40}, {"max_lost": 0.8}, OK, "10.0 Hz in, 4.0 Hz out"),
        (
            {"unwatched": 10, "superseded": 0},
            {},
            OK,
            "10.0 Hz in; nobody subscribes to a result, so none is computed",
        ),
        ({"unwatched": 9}, {}, OK, "10.0 Hz in, 4.0 Hz out"),
        (
            {"not_finite": 2, "lost_lately": 40},
            {},
            WARN,
            "the network's scores for 2 frames are no numbers (NaN or infinity) in places, which "
            "are 255 (unlabelled); use precision fp32 or other weights",
        ),
        ({"unusable": 3}, {}, WARN, "3 of 10 frames refused or failed, see refused.*"),
        ({"unusable": 10}, {}, ERROR, "10 of 10 frames refused or failed, see refused.*"),
        ({"mismatches": ("one", "two")}, {}, WARN, "one; two"),
        (
            {},
            {"min_image_rate": 10.5},
            WARN,
            "10.0 Hz in, 4.0 Hz out; wanted at least 10.5 Hz in",
        ),
        ({}, {"min_image_rate": 10.0}, OK, "10.0 Hz in, 4.0 Hz out"),
        ({}, {"max_latency": 0.2}, WARN, "latency p99 250 ms; wanted at most 200 ms"),
        ({}, {"max_latency": 0.25}, OK, "10.0 Hz in, 4.0 Hz out"),
        ({"latency_p99_ms": None}, {"max_latency": 0.2}, OK, "10.0 Hz in, 4.0 Hz out"),
        (
            {},
            {"max_dropped": 0.5},
            WARN,
            "6 of 10 frames dropped for newer ones; wanted at most 50%",
        ),
        ({}, {"max_dropped": 0.6}, OK, "10.0 Hz in, 4.0 Hz out"),
        ({"received": 0, "superseded": 0, "rate_in_hz": 0.0}, {"min_image_rate": 5.0}, OK, None),
    ],
)
def test_a_limit_that_is_passed(
    facts: dict[str, Any], limits: dict[str, Any], level: bytes, text: str | None
) -> None:
    found_level, found_text = judged(facts, limits)
    assert found_level == level
    assert text is None or found_text == text


def test_the_gravest_is_told() -> None:
    everything = {"silent_s": 9.0, "unusable": 10, "mismatches": ("m",)}
    assert judged(everything, {"max_dropped": 0.0})[0] == STALE
    assert judged({**everything, "silent_s": 0.1}, {"max_dropped": 0.0})[0] == ERROR
