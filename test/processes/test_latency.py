# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Percentiles of few latencies are exact, those of many stay in bounded memory."""

from __future__ import annotations

import pytest

from lwrf_ros.processes.latency import LatencySample


def test_few_are_exact() -> None:
    sample = LatencySample()
    for latency_ms in range(101, 0, -1):
        sample.add(float(latency_ms))
    assert sample.summary() == {
        "count": 101,
        "min": 1.0,
        "p50": 51.0,
        "p99": 100.0,
        "max": 101.0,
        "implausible": False,
    }


def test_none() -> None:
    summary = LatencySample().summary()
    assert (summary["count"], summary["p50"], summary["implausible"]) == (0, None, False)


def test_many_are_estimated_but_counted_and_bounded_exactly() -> None:
    sample = LatencySample(capacity=1000)
    for number in range(20_000):
        sample.add(number * 7919 % 20_000 / 100.0)
    summary = sample.summary()
    assert (summary["count"], summary["min"], summary["max"]) == (20_000, 0.0, 199.99)
    # Five standard deviations of the median of a thousand uniform values.
    assert summary["p50"] == pytest.approx(100.0, abs=16.0)
    assert len(sample._values) == 1000


@pytest.mark.parametrize("latency_ms", [-0.1, 3_600_001.0])
def test_stamp_of_another_clock(latency_ms: float) -> None:
    sample = LatencySample()
    for value in (5.0, latency_ms, 6.0):
        sample.add(value)
    assert sample.summary()["implausible"]
