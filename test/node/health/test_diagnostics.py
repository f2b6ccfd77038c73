# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The account's keys, percentiles, rates and how a value is written on /diagnostics."""

from __future__ import annotations

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from harness import account_adds_up

from lwrf_ros.node.health.diagnostics import (
    OUTCOMES,
    Account,
    Rate,
    Window,
    is_plausible_age,
    status,
)


def test_an_account_shows_everything_from_the_start() -> None:
    assert Account().values() == {
        "received": 0,
        "processed": 0,
        "superseded": 0,
        "throttled": 0,
        "unwatched": 0,
        "inactive": 0,
        "failed": 0,
        "refused": 0,
        "waiting": 0,
        "not_finite": 0,
    }


def test_an_account_adds_up() -> None:
    account = Account(received=21, waiting=1)
    account.outcomes.update(dict(zip(OUTCOMES, (1, 2, 3, 4, 5, 2), strict=True)))
    account.refused.update(step=1, data=2)
    account.published.update({"labels": 7, "coverage/vector": 1})
    values = account.values()
    assert account_adds_up({key: str(value) for key, value in values.items()})
    assert (values["refused"], values["refused.step"], values["refused.data"]) == (3, 1, 2)
    assert (values["published.labels"], values["published.coverage/vector"]) == (7, 1)
    assert values["failed"] == 2
    account.received += 1
    assert not account_adds_up({key: str(value) for key, value in account.values().items()})


def test_looking_at_an_account_does_not_change_it() -> None:
    account = Account()
    account.values()
    assert not account.outcomes
    assert not account.refused


def test_no_percentiles_of_nothing() -> None:
    assert Window().percentiles() is None


def test_percentiles() -> None:
    window = Window()
    window.add(7.0)
    assert window.percentiles() == (7.0, 7.0)
    # From 0 to 100 in any order: the n-th percentile is n.
    window = Window()
    for value in np.random.default_rng(0).permutation(101):
        window.add(float(value))
    assert window.percentiles() == (50.0, 99.0)


def test_a_window_forgets() -> None:
    window = Window()
    for value in [1e6] * 300 + [2.0] * 200:
        window.add(value)
    assert window.percentiles() == (2.0, 2.0)


def test_rate() -> None:
    rate = Rate()
    assert rate.hertz(0.0) == 0.0
    rate.tick(0.0)
    assert rate.hertz(0.0) == 0.0
    for index in range(1, 11):
        rate.tick(index * 0.125)
    assert rate.hertz(1.25) == 8.0


def test_a_rate_is_that_of_the_last_five_seconds() -> None:
    rate = Rate()
    for index in range(100):
        rate.tick(index * 0.25)
    for index in range(6):
        rate.tick(30.0 + index)
    assert rate.hertz(35.0) == 1.0
    assert rate.hertz(40.5) == 0.0


def test_an_event_counts_for_five_seconds() -> None:
    rate = Rate()
    rate.tick(0.0)
    rate.tick(4.0)
    assert rate.hertz(5.0) == 0.25
    assert rate.hertz(5.125) == 0.0


def test_a_fast_rate_is_that_of_the_events_kept() -> None:
    rate = Rate()
    for index in range(1001):
        rate.tick(index / 256)
    assert rate.hertz(1000 / 256) == 256.0


def test_events_at_the_same_time_have_no_rate() -> None:
    rate = Rate()
    rate.tick(1.0)
    rate.tick(1.0)
    assert rate.hertz(1.0) == 0.0


@pytest.mark.parametrize(
    ("age_ms", "plausible"),
    [(0.0, True), (40.0, True), (3_600_000.0, True), (3_600_001.0, False), (-0.1, False)],
)
def test_plausible_ages(age_ms: float, plausible: bool) -> None:
    assert is_plausible_age(age_ms) is plausible


def test_status() -> None:
    values = {"rate": 9.996, "count": 3, "text": "a b", "yes": True, "none": 0.0}
    message = status("segmenter: front", "front", DiagnosticStatus.WARN, "text", values)
    assert (message.name, message.hardware_id) == ("segmenter: front", "front")
    assert (message.level, message.message) == (DiagnosticStatus.WARN, "text")
    assert [(entry.key, entry.value) for entry in message.values] == [
        ("rate", "10.00"),
        ("count", "3"),
        ("text", "a b"),
        ("yes", "True"),
        ("none", "0.00"),
    ]


@pytest.mark.parametrize(
    ("age_ms", "plausible"), [(-0.1, False), (0.0, True), (3_600_000.0, True), (3_600_001.0, False)]
)
def test_an_age_is_plausible_up_to_an_hour(age_ms: float, plausible: bool) -> None:
    assert is_plausible_age(age_ms) is plausible
