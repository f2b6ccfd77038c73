# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One thread for torch: these networks are tiny, and waiting threads cost more than they give."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
