# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the middleware's settings can carry, and what is said where it is too little."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.node import middleware
from lwrf_ros.node.compat import profile_environment, profile_variable
from lwrf_ros.node.middleware import SMALLEST_IMAGE_BYTES, Middleware, active_middleware
from lwrf_ros.package_data import config_path

PROFILE = str(config_path("fastdds_large_images.xml"))
VARIABLE = profile_variable()


@pytest.fixture(autouse=True)
def fast_dds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fast DDS, in a folder without a profile."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(middleware, "get_rmw_implementation_identifier", lambda: "rmw_fastrtps_cpp")


def test_the_default_loses_images() -> None:
    text = active_middleware({}).loses(SMALLEST_IMAGE_BYTES, "images like 640x480 rgb8")
    assert text is not None
    assert text.startswith(
        "images like 640x480 rgb8 of 900 KiB will be lost in part: rmw_fastrtps_cpp, shared "
        "memory 512 KiB, the default carries 512 KiB for sure; give config/"
    )
    assert VARIABLE in text
    assert active_middleware({}).loses(512 * 1024, "small ones") is None


def test_the_profile_of_this_package_carries_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_shared_memory_bytes", lambda: 2**30)
    found = active_middleware({VARIABLE: PROFILE})
    assert str(found) == "rmw_fastrtps_cpp, shared memory 64.0 MiB"
    assert found.loses(3840 * 2160 * 3, "images") is None
    assert found.loses(2**26 + 1, "images") is not None


def test_the_variable_is_the_one_that_the_launch_file_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTDDS_DEFAULT_PROFILES_FILE", raising=False)
    monkeypatch.delenv("FASTRTPS_DEFAULT_PROFILES_FILE", raising=False)
    assert profile_environment(PROFILE) == {VARIABLE: PROFILE}


def test_a_small_container_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_shared_memory_bytes", lambda: 2**19)
    text = active_middleware({VARIABLE: PROFILE}).loses(SMALLEST_IMAGE_BYTES, "images")
    assert text is not None
    assert "a shared-memory segment of 64.0 MiB in /dev/shm of 0.5 MiB" in text
    assert "--shm-size" in text


def test_large_data_has_no_known_limit() -> None:
    found = active_middleware({"FASTDDS_BUILTIN_TRANSPORTS": "LARGE_DATA?max_msg_size=1MB"})
    assert found.loses(10**9, "images") is None
    assert active_middleware({"FASTDDS_BUILTIN_TRANSPORTS": "SHM"}).loses(10**6, "images")


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
    found = active_middleware({VARIABLE: str(path)})
    assert (found.loses(SMALLEST_IMAGE_BYTES, "images") is None) is carries


def test_a_profile_in_the_working_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "DEFAULT_FASTDDS_PROFILES.xml").write_text(Path(PROFILE).read_text())
    assert "64.0 MiB" in str(active_middleware({}))


def test_a_profile_that_is_not_there_is_said() -> None:
    assert "cannot be read" in str(active_middleware({VARIABLE: "/nowhere/profile.xml"}))


def test_cyclone_is_bound_to_the_receive_buffer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limit = tmp_path / "rmem_max"
    limit.write_text("212992\n")
    monkeypatch.setattr(middleware, "_RECEIVE_BUFFER", limit)
    monkeypatch.setattr(
        middleware, "get_rmw_implementation_identifier", lambda: "rmw_cyclonedds_cpp"
    )
    text = active_middleware({}).loses(SMALLEST_IMAGE_BYTES, "images")
    assert text is not None
    assert "at most 208 KiB" in text
    assert "net.core.rmem_max" in text


def test_another_middleware_is_named_and_nothing_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "get_rmw_implementation_identifier", lambda: "rmw_zenoh_cpp")
    found = active_middleware({})
    assert found == Middleware("rmw_zenoh_cpp", "settings unknown to this node", None)
    assert found.loses(10**9, "images") is None
