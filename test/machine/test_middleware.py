# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the middleware's settings can carry, and what is said where it is too little."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.machine import middleware
from lwrf_ros.machine.dds_profile import our_profile, profile_environment, profile_variable
from lwrf_ros.machine.middleware import SMALLEST_IMAGE_BYTES, Middleware, active_middleware

PROFILE = str(our_profile())
VARIABLE = profile_variable()


def fast_dds(environment: dict[str, str]) -> Middleware:
    return active_middleware("rmw_fastrtps_cpp", environment)


@pytest.fixture(autouse=True)
def folder_without_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_default_loses_images() -> None:
    text = fast_dds({}).loses(SMALLEST_IMAGE_BYTES, "images like 640x480 rgb8")
    assert text is not None
    assert text.startswith(
        "some images like 640x480 rgb8 (900 KiB) will be lost: with rmw_fastrtps_cpp, shared "
        "memory 512 KiB, the default, only messages up to 512 KiB are sure to arrive; give config/"
    )
    assert VARIABLE in text
    assert fast_dds({}).loses(512 * 1024, "small ones") is None


def test_the_profile_of_this_package_carries_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_shared_memory_bytes", lambda: 2**30)
    found = fast_dds({VARIABLE: PROFILE})
    assert str(found) == "rmw_fastrtps_cpp, shared memory 64.0 MiB"
    assert found.loses(3840 * 2160 * 3, "images") is None
    assert found.loses(2**26 + 1, "images") is not None


def test_the_variable_is_the_one_that_the_launch_file_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTDDS_DEFAULT_PROFILES_FILE", raising=False)
    monkeypatch.delenv("FASTRTPS_DEFAULT_PROFILES_FILE", raising=False)
    assert profile_environment(our_profile()) == {VARIABLE: PROFILE}


def test_a_small_container_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_shared_memory_bytes", lambda: 2**19)
    text = fast_dds({VARIABLE: PROFILE}).loses(SMALLEST_IMAGE_BYTES, "images")
    assert text is not None
    assert "a shared-memory segment of 64.0 MiB in /dev/shm of 0.5 MiB" in text
    assert "--shm-size" in text


def test_large_data_has_no_known_limit() -> None:
    found = fast_dds({"FASTDDS_BUILTIN_TRANSPORTS": "LARGE_DATA?max_msg_size=1MB"})
    assert found.loses(10**9, "images") is None
    assert fast_dds({"FASTDDS_BUILTIN_TRANSPORTS": "SHM"}).loses(10**6, "images")


@pytest.mark.parametrize(
    ("text", "carries"),
    [
        ("<dds><profiles><transport_descriptors/></profiles></dds>", True),
        (
            "<dds><transport_descriptors><transport_descriptor><type>UDPv4</type>"
            "</transport_descriptor></transport_descriptors></dds>",
            True,
        ),
        (
            "<dds><transport_descriptors><transport_descriptor><type>SHM</type>"
            "</transport_descriptor></transport_descriptors></dds>",
            False,
        ),
        ("no xml", False),
        (
            "<dds><transport_descriptor><type>SHM</type><segment_size>big</segment_size>"
            "</transport_descriptor></dds>",
            False,
        ),
    ],
)
def test_other_profiles(tmp_path: Path, text: str, carries: bool) -> None:
    path = tmp_path / "profile.xml"
    path.write_text(text)
    found = fast_dds({VARIABLE: str(path)})
    assert (found.loses(SMALLEST_IMAGE_BYTES, "images") is None) is carries


def test_a_profile_in_the_working_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "DEFAULT_FASTDDS_PROFILES.xml").write_text(Path(PROFILE).read_text())
    assert "64.0 MiB" in str(fast_dds({}))


def test_a_profile_that_is_not_there_is_said() -> None:
    assert "cannot be read" in str(fast_dds({VARIABLE: "/nowhere/profile.xml"}))


def test_cyclone_is_bound_to_the_receive_buffer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limit = tmp_path / "rmem_max"
    limit.write_text("212992\n")
    monkeypatch.setattr(middleware, "_RECEIVE_BUFFER", limit)
    text = active_middleware("rmw_cyclonedds_cpp", {}).loses(SMALLEST_IMAGE_BYTES, "images")
    assert text is not None
    assert "at most 208 KiB" in text
    assert "net.core.rmem_max" in text


def test_another_middleware_is_named_and_nothing_claimed() -> None:
    found = active_middleware("rmw_zenoh_cpp", {})
    assert found == Middleware("rmw_zenoh_cpp", "settings unknown to this node", None)
    assert found.loses(10**9, "images") is None
