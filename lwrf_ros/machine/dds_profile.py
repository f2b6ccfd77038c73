# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How a process is given a Fast DDS profile; launch files ask for it, so nothing heavy is here."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

from lwrf_ros.package_data import config_path

OUR_PROFILE = "fastdds_large_images.xml"
_FAST_DDS_3 = "FASTDDS_DEFAULT_PROFILES_FILE"
_FAST_DDS_2 = "FASTRTPS_DEFAULT_PROFILES_FILE"
PROFILE_VARIABLES = (_FAST_DDS_3, _FAST_DDS_2)
_FIRST_RCLPY_WITH_FAST_DDS_3 = 9  # Kilted


def our_profile() -> Path:
    """Return this package's profile for large images."""
    return config_path(OUR_PROFILE)


def profile_environment(profile: Path) -> dict[str, str]:
    """Return the environment variable that gives a process a Fast DDS profile.

    Args:
        profile: Path of the profile.

    Returns:
        The variable of the installed release and the path; nothing if the user has set one.
    """
    if any(os.environ.get(variable) for variable in PROFILE_VARIABLES):
        return {}
    return {profile_variable(): str(profile)}


def profile_variable() -> str:
    """Return which of `PROFILE_VARIABLES` the installed release reads.

    Raises:
        PackageNotFoundError: If rclpy is not installed.
    """
    release = int(metadata.version("rclpy").split(".")[0])
    return _FAST_DDS_3 if release >= _FIRST_RCLPY_WITH_FAST_DDS_3 else _FAST_DDS_2
