# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Reserved domain ids differ, and are free again afterwards."""

from __future__ import annotations

from contextlib import ExitStack

from lwrf_ros.processes.domain import FIRST_ID, LAST_ID, reserve_domain_id


def test_each_is_given_once_at_a_time() -> None:
    with ExitStack() as stack:
        ids = [stack.enter_context(reserve_domain_id()) for _ in range(3)]
        assert len(set(ids)) == 3
        assert all(FIRST_ID <= domain_id <= LAST_ID for domain_id in ids)
    # More often than there are ids: each comes back.
    for _ in range(LAST_ID + 1):
        with reserve_domain_id():
            pass
