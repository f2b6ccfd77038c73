# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How DDS is set up here: the profile in force and the shared memory that images go through."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from lwrf_ros.machine.dds_profile import (
    OUR_PROFILE,
    PROFILE_VARIABLES,
    our_profile,
    profile_variable,
)

SHARED_MEMORY = Path("/dev/shm")
# The profile's segment; every process with it takes one.
SEGMENT_MIB = 64
# Shown as they are; of the others only whether they are set, since they hold addresses.
_SHOWN = (
    "ROS_DOMAIN_ID",
    "RMW_IMPLEMENTATION",
    "ROS_AUTOMATIC_DISCOVERY_RANGE",
    "ROS_LOCALHOST_ONLY",
    "FASTDDS_BUILTIN_TRANSPORTS",
    "SKIP_DEFAULT_XML",
)
_HIDDEN = ("ROS_DISCOVERY_SERVER", "ROS_STATIC_PEERS", "CYCLONEDDS_URI", "ROS_SECURITY_ENABLE")
# Fast DDS also takes these from the folder that a process starts in.
_DEFAULT_FILES = ("DEFAULT_FASTDDS_PROFILES.xml", "DEFAULT_FASTRTPS_PROFILES.xml")


def describe_dds() -> tuple[dict[str, Any], list[str]]:
    """Return what decides how messages travel, and what of it is worth a look."""
    remarks: list[str] = []
    found: dict[str, Any] = {"profile": _profile(remarks)}
    found.update({name: os.environ[name] for name in _SHOWN if os.environ.get(name)})
    found.setdefault("ROS_DOMAIN_ID", "not set (0)")
    found.update({name: "set" for name in _HIDDEN if os.environ.get(name)})
    found["shared_memory"] = _shared_memory(remarks)
    return found, remarks


def _profile(remarks: list[str]) -> str:
    """Say which Fast DDS profile a process started from here would get."""
    try:
        read = profile_variable()
    except metadata.PackageNotFoundError:
        read = ""
    said = []
    for variable in PROFILE_VARIABLES:
        value = os.environ.get(variable)
        if not value:
            continue
        path = Path(value.removeprefix("file://"))
        said.append(f"{variable}={value}, {_kind(path)}")
        if not path.is_file():
            remarks.append(f"{variable} names {value}, and there is no such file")
        elif read and variable != read:
            remarks.append(f"{variable} is set, and the rclpy installed reads {read}")
    said += [f"{name} in this folder" for name in _DEFAULT_FILES if Path(name).is_file()]
    return "; ".join(said) or "none set"


def _kind(path: Path) -> str:
    if not path.is_file():
        return "no such file"
    try:
        ours = path.read_bytes() == our_profile().read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return f"the same as lwrf_ros' {OUR_PROFILE}" if ours else f"not lwrf_ros' {OUR_PROFILE}"


def _shared_memory(remarks: list[str]) -> str:
    if not SHARED_MEMORY.is_dir():
        return f"{SHARED_MEMORY} is not there"
    usage = shutil.disk_usage(SHARED_MEMORY)
    total, free = usage.total / 2**20, usage.free / 2**20
    if free < 2 * SEGMENT_MIB:
        remarks.append(
            f"{SHARED_MEMORY} has {free:.0f} MiB left, and each process with the profile takes "
            f"{SEGMENT_MIB} MiB: give a container more (docker run --shm-size=1g), or remove what "
            "ended processes left there"
        )
    segments = [path for path in SHARED_MEMORY.glob("fast*") if path.is_file()]
    return (
        f"{SHARED_MEMORY}: {total:.0f} MiB, {free:.0f} MiB free, "
        f"{len(segments)} files of Fast DDS in it"
    )
