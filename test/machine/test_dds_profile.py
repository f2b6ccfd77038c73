# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The variable that gives a process a Fast DDS profile, by the release that is installed."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from lwrf_ros.machine.dds_profile import profile_environment

NEW, OLD = "FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"


@pytest.fixture(autouse=True)
def no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NEW, raising=False)
    monkeypatch.delenv(OLD, raising=False)


@pytest.mark.parametrize(
    ("release", "variable"), [("7.1.6", OLD), ("3.3.16", OLD), ("9.1.2", NEW), ("10.0.0", NEW)]
)
def test_the_variable_of_each_release(
    monkeypatch: pytest.MonkeyPatch, release: str, variable: str
) -> None:
    versions = {"rclpy": release}
    monkeypatch.setattr(metadata, "version", lambda name: versions[name])
    assert profile_environment(Path("/a b/profile.xml")) == {variable: "/a b/profile.xml"}


def test_the_installed_release_has_a_variable() -> None:
    assert list(profile_environment(Path("profile.xml"))) in ([NEW], [OLD])


@pytest.mark.parametrize("variable", [NEW, OLD])
def test_a_users_own_profile_is_kept(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "/mine.xml")
    assert profile_environment(Path("profile.xml")) == {}


def test_an_empty_variable_is_no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NEW, "")
    monkeypatch.setenv(OLD, "")
    assert list(profile_environment(Path("profile.xml")).values()) == ["profile.xml"]
