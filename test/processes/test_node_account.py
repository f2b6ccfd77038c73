# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The account on /diagnostics becomes numbers and a reason for what was dropped."""

from __future__ import annotations

from lwrf_ros.processes.node_account import Account

VALUES = {
    "received": "20",
    "processed": "12",
    "superseded": "4",
    "refused": "3",
    "refused.encoding": "2",
    "refused.short data": "1",
    "unwatched": "1",
    "waiting": "0",
    "latency_p50_ms": "12.5",
}


def test_read() -> None:
    account = Account.read(VALUES)
    assert (account.received, account.processed, account.dropped) == (20, 12, 8)
    assert account.dropped_because() == (
        "superseded 4, refused 3 (encoding 2, short data 1), unwatched 1"
    )
    assert account.settled


def test_not_settled_while_frames_wait_or_are_missing() -> None:
    assert not Account.read({**VALUES, "received": "21", "waiting": "1"}).settled
    assert not Account.read({**VALUES, "received": "21"}).settled


def test_nothing_dropped_and_nonsense() -> None:
    assert Account.read({"received": "2", "processed": "2"}).dropped_because() == ""
    assert Account.read({"received": "many"}).received == 0


def test_what_happened_since() -> None:
    before = Account(5, 3, 0, {"superseded": 1, "refused": 1}, {"data": 1})
    now = Account(12, 8, 0, {"superseded": 1, "refused": 3}, {"data": 2, "step": 1})
    expected = Account(7, 5, 0, {"superseded": 0, "refused": 2}, {"data": 1, "step": 1})
    assert now.since(before) == expected
    assert expected.settled
