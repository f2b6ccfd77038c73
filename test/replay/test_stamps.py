# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Streams are paired by stamp and place, however far apart, and nothing gets lost in silence."""

from __future__ import annotations

import numpy as np

from lwrf_ros.replay.stamps import IN_MEMORY, StampPairs

FAR = 4 * IN_MEMORY


def test_partners_that_come_much_later_are_the_same_bytes() -> None:
    pairs: StampPairs[np.ndarray, bytes] = StampPairs()
    for number in range(FAR):
        labels = np.full((3, 5), number % 251, np.uint8)
        assert pairs.add_one(number, labels) is None
    for number in reversed(range(FAR)):
        pair = pairs.add_other(number, bytes([number % 7]) * 100)
        assert pair is not None
        np.testing.assert_array_equal(pair[0], np.full((3, 5), number % 251, np.uint8))
        assert pair[1] == bytes([number % 7]) * 100
    assert pairs.waiting() == (0, 0)


def test_equal_stamps_are_paired_in_their_order() -> None:
    pairs: StampPairs[int, bytes] = StampPairs()
    assert [pairs.add_one(0, number) for number in range(FAR)] == [None] * FAR
    found = [pairs.add_other(0, bytes([number])) for number in range(FAR)]
    assert found == [(number, bytes([number])) for number in range(FAR)]
    assert pairs.counts(0) == (FAR, FAR)


def test_a_refused_frame_keeps_its_place() -> None:
    pairs: StampPairs[str, bytes] = StampPairs()
    assert pairs.add_one(0, "first") is None
    assert pairs.add_one(0, None) is None
    assert pairs.add_one(0, "third") is None
    found = [pairs.add_other(0, truth) for truth in (b"1", b"2", b"3", b"4")]
    assert found == [("first", b"1"), None, ("third", b"3"), None]
    assert pairs.waiting() == (0, 1)
