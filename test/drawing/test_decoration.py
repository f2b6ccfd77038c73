# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is drawn beside the work does not stop it."""

from __future__ import annotations

import errno

import pytest

from lwrf_ros.drawing.decoration import decoration


def test_a_drawing_that_fails_is_left_out_with_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with decoration("curves.png"):
        raise OSError("cannot open resource")
    (record,) = caplog.records
    assert record.getMessage() == "curves.png is left out: OSError: cannot open resource"


def test_a_full_disk_and_an_interruption_are_told() -> None:
    with pytest.raises(OSError, match="No space"), decoration("curves.png"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(KeyboardInterrupt), decoration("curves.png"):
        raise KeyboardInterrupt
