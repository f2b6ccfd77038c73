# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Images between two real processes, counted; and which settings a transport stands for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lwrf_ros.experiments.transport.measurement import BUILT_IN, transport_environment
from lwrf_ros.machine.dds_profile import profile_variable

LIMIT_S = 120


def test_all_images_arrive_by_the_profile(lwrf: Any) -> None:
    size = ("--size", "640x480", "--frames", "20", "--rate", "10")
    run = lwrf("transport", "--transport", "profile", "--qos", "reliable", *size)
    table, error = run.communicate(timeout=LIMIT_S)
    assert run.returncode == 0, error
    row = re.search(r"profile +reliable +640x480 +20 of 20 +([\d.]+) ms +([\d.]+) ms", table)
    assert row, table
    assert 0 < float(row[1]) <= float(row[2])
    assert "lost" not in table


@pytest.mark.parametrize("text", ["640", "0x", "640x480x3", "wide"])
def test_a_size_that_is_none(lwrf: Any, text: str) -> None:
    run = lwrf("transport", "--size", text)
    _, error = run.communicate(timeout=LIMIT_S)
    assert run.returncode == 2
    assert "wanted WIDTHxHEIGHT (640x480)" in error


def test_settings_of_the_transports() -> None:
    variable = profile_variable()
    mine = {variable: "mine.xml", BUILT_IN: "UDPv4", "HOME": "there"}
    assert transport_environment("active", mine) == mine
    assert transport_environment("default", mine) == {"HOME": "there"}
    assert transport_environment("large_data", mine) == {"HOME": "there", BUILT_IN: "LARGE_DATA"}
    profile = transport_environment("profile", mine)
    assert profile[variable].endswith("fastdds_large_images.xml")
    assert BUILT_IN not in profile
