# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Functions in fresh processes: what comes back, what is raised there, and sudden ends."""

from __future__ import annotations

import os

import pytest

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.contestant_process import Contestant, ProcessError, in_process
from lwrf_ros.experiments.benchmark.peers.peer import UnavailableError


def ids(number: int) -> tuple[int, int]:
    return os.getpid(), number + 1


def refuse() -> None:
    raise LwrfError("got a, wanted b")


def divide() -> float:
    return 1 / 0


def vanish() -> None:
    os._exit(3)


def test_a_result_comes_from_another_process() -> None:
    process, number = in_process(ids, 41)
    assert process != os.getpid()
    assert number == 42


def test_errors_come_back() -> None:
    with pytest.raises(LwrfError, match="got a, wanted b"):
        in_process(refuse)
    with pytest.raises(ProcessError, match=r"return 1 / 0\n.*\nZeroDivisionError"):
        in_process(divide)


def test_a_sudden_end_is_said() -> None:
    with pytest.raises(ProcessError, match="ended with code 3"):
        in_process(vanish)


def test_a_contestant_that_cannot_run_says_why(setting: Setting) -> None:
    with pytest.raises(UnavailableError, match="an NVIDIA GPU: --device cuda"):
        Contestant("tensorrt", setting, [])
