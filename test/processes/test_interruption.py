# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What SIGINT and SIGTERM do within, and that everything is as before afterwards."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from lwrf_ros.processes.interruption import (
    SIGNALS,
    interrupted_once,
    interruption_deferred,
    interruption_ignored,
    terminated_like_interrupted,
)


@pytest.fixture(autouse=True)
def handlers_stay() -> Iterator[None]:
    # Whatever the suite was started with: a background job has SIGINT ignored.
    started = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    after = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in started.items():
        signal.signal(number, handler)
    assert after == before


@pytest.mark.parametrize("number", SIGNALS)
def test_once(number: signal.Signals) -> None:
    with interrupted_once():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        for again in SIGNALS:
            signal.raise_signal(again)


def test_termination_is_an_interruption() -> None:
    with pytest.raises(KeyboardInterrupt), terminated_like_interrupted():
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("number", SIGNALS)
def test_ignored(number: signal.Signals) -> None:
    with interruption_ignored():
        signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_deferred_to_the_end_and_then_as_the_outer_handler_has_it(number: signal.Signals) -> None:
    done = []
    with interrupted_once(), pytest.raises(KeyboardInterrupt):
        with interruption_deferred():
            signal.raise_signal(number)
            signal.raise_signal(number)
            done.append("within")
        done.append("after")
    assert done == ["within"]


def test_nothing_deferred_nothing_raised() -> None:
    with interruption_deferred():
        pass


def test_other_threads_are_left_alone() -> None:
    found = []

    def work() -> None:
        with interruption_deferred(), interruption_ignored(), terminated_like_interrupted():
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before]
