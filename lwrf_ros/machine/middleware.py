# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which images the active middleware's settings can carry, found out before they are lost."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lwrf_ros.machine.dds_profile import our_profile, profile_variable

_FAST_DDS_SEGMENT_BYTES = 512 * 1024
# eProsima's own ways to say "large data" without a profile.
_TRANSPORTS_VARIABLE = "FASTDDS_BUILTIN_TRANSPORTS"
_LARGE_TRANSPORTS = "LARGE_DATA"
_DEFAULT_PROFILES = "DEFAULT_FASTDDS_PROFILES.xml"
_SHARED_MEMORY = Path("/dev/shm")
_RECEIVE_BUFFER = Path("/proc/sys/net/core/rmem_max")
# A colour image at the size that most cameras have at least.
SMALLEST_IMAGE_BYTES = 640 * 480 * 3


@dataclass(frozen=True)
class Middleware:
    """Properties of this process's middleware.

    Attributes:
        name: Its identifier, rmw_fastrtps_cpp for example.
        transport: How large messages travel, in words.
        limit_bytes: Largest message that is sure to arrive, None where no limit is known.
        advice: What to do about messages above the limit.
    """

    name: str
    transport: str
    limit_bytes: int | None
    advice: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.name}, {self.transport}"

    def loses(self, size_bytes: int, what: str) -> str | None:
        """Say that images will be lost, None if they will not be.

        Args:
            size_bytes: Size of such an image.
            what: What to call it.
        """
        if self.limit_bytes is None or size_bytes <= self.limit_bytes:
            return None
        return (
            f"some {what} ({size_bytes / 1024:.0f} KiB) will be lost: with {self}, only messages "
            f"up to {self.limit_bytes / 1024:.0f} KiB are sure to arrive; {self.advice}"
        )

    def why_lost(self, size_bytes: int, publishers: Sequence[str]) -> str:
        """Say what may have lost images, and what to do.

        Args:
            size_bytes: Size of the largest of them.
            publishers: Names of the nodes that publish them.
        """
        if here := self.loses(size_bytes, "images"):
            return here
        if self.name.startswith("rmw_fastrtps") and size_bytes > _FAST_DDS_SEGMENT_BYTES:
            # Shared memory belongs to the writer, whose settings nobody else can see.
            return (
                f"this node has room for {size_bytes / 1024:.0f} KiB ({self.transport}), so it is "
                f"the process of {', '.join(publishers) or 'the camera'} that most likely lacks "
                f"the profile: start it with {profile_variable()}={our_profile()} "
                "(docs/dds.md)"
            )
        return "docs/dds.md says what gets through, and what helps"


def active_middleware(name: str, environment: Mapping[str, str] | None = None) -> Middleware:
    """Find out what carries messages in this process, as far as its settings tell.

    The settings of a camera's process are its own: what is found here holds for it only where it
    was given the same.

    Args:
        name: rclpy's identifier of it, rmw_fastrtps_cpp for example.
        environment: Environment variables, those of this process by default.
    """
    given = os.environ if environment is None else environment
    if name.startswith("rmw_fastrtps"):
        return _fast_dds(name, given)
    if name.startswith("rmw_cyclonedds"):
        return _cyclone(name)
    return Middleware(name, "settings unknown to this node", None)


def _fast_dds(name: str, environment: Mapping[str, str]) -> Middleware:
    room = _shared_memory_bytes()
    advice = (
        "give config/fastdds_large_images.xml of this package in "
        f"{profile_variable()}, to the camera's process as well (docs/dds.md)"
    )
    profile = _profile_path(environment)
    if profile is not None:
        try:
            segment = _segment_bytes(profile)
        except (OSError, ElementTree.ParseError, ValueError) as error:
            text = f"the profile {profile} cannot be read ({error})"
            return Middleware(name, text, _FAST_DDS_SEGMENT_BYTES, advice)
        if segment is None:
            return Middleware(name, f"profile {profile} without shared memory", None)
        if room < segment:
            return Middleware(
                name,
                f"a shared-memory segment of {segment / 2**20:.1f} MiB in {_SHARED_MEMORY} of "
                f"{room / 2**20:.1f} MiB",
                room,
                f"give the container more of {_SHARED_MEMORY}: docker run --shm-size=1g, or "
                "--ipc=host (docs/containers.md)",
            )
        return Middleware(name, f"shared memory {segment / 2**20:.1f} MiB", segment, advice)
    transports = environment.get(_TRANSPORTS_VARIABLE, "")
    if transports.partition("?")[0].startswith(_LARGE_TRANSPORTS):
        return Middleware(name, f"{_TRANSPORTS_VARIABLE}={transports}", None)
    text = f"shared memory {_FAST_DDS_SEGMENT_BYTES // 1024} KiB, the default"
    return Middleware(name, text, _FAST_DDS_SEGMENT_BYTES, advice)


def _cyclone(name: str) -> Middleware:
    limit = int(_RECEIVE_BUFFER.read_text(encoding="ascii"))
    return Middleware(
        name,
        f"UDP with a receive buffer of at most {limit / 1024:.0f} KiB",
        limit,
        "raise it: sysctl -w net.core.rmem_max=67108864, and SocketReceiveBufferSize in "
        "CYCLONEDDS_URI (docs/dds.md)",
    )


def _profile_path(environment: Mapping[str, str]) -> Path | None:
    """Return the profile that Fast DDS reads, None for none."""
    if given := environment.get(profile_variable()):
        return Path(given.removeprefix("file://"))
    default = Path(_DEFAULT_PROFILES)
    return default if default.is_file() else None


def _segment_bytes(profile: Path) -> int | None:
    """Return the size of the largest shared-memory segment of a profile, None without one."""
    sizes = []
    for element in ElementTree.parse(profile).iter():
        if _tag(element) != "transport_descriptor":
            continue
        entries = {_tag(child): (child.text or "").strip() for child in element}
        if entries.get("type") == "SHM":
            sizes.append(int(entries.get("segment_size", _FAST_DDS_SEGMENT_BYTES)))
    return max(sizes, default=None)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _shared_memory_bytes() -> int:
    """Return how large all of the shared memory is."""
    try:
        found = os.statvfs(_SHARED_MEMORY)
    except OSError:
        return 0
    return found.f_frsize * found.f_blocks
