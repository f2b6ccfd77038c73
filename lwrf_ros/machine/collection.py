# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Everything that `lwrf info` tells, gathered so that a part that is missing is only told so."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import lwrf_ros
from lwrf_ros.machine.about import cores, describe_machine
from lwrf_ros.machine.dds import describe_dds
from lwrf_ros.machine.part_probe import NOT_INSTALLED, probe
from lwrf_ros.package_data import class_groups, class_tables
from lwrf_ros.weights.summary import summaries

FORMAT = 1
ROS_MODULES = ("rclpy", "cv_bridge", "vision_msgs", "launch_ros")
MODULES = (
    "numpy",
    "cv2",
    "onnxruntime",
    "onnx",
    "numba",
    "triton",
    "safetensors",
    "rosbags",
    "yaml",
)
# Releases of ROS by the major version of their rclpy.
_RELEASES = {3: "humble", 7: "jazzy", 9: "kilted"}
_CONTAINER_FILES = {"/.dockerenv": "docker", "/run/.containerenv": "podman"}
_ROS_INSTALLS = Path("/opt/ros")
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def collect() -> dict[str, Any]:
    """Look at everything; takes as long as importing torch does.

    Returns:
        Sections by name; ``remarks`` is what is worth a look. JSON can hold it. The home folder is
        written ``~``.
    """
    names = ("torch", *ROS_MODULES, *MODULES)
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        parts = dict(zip(names, pool.map(probe, names), strict=True))
    dds, remarks = describe_dds()
    remarks += _remarks(parts)
    return without_home(
        {
            "format": FORMAT,
            "lwrf_ros": _package(),
            "machine": _machine(),
            "ros": {"distribution": _distribution(parts["rclpy"]), **_of(parts, ROS_MODULES)},
            "dds": dds,
            "torch": parts["torch"],
            "libraries": _of(parts, MODULES),
            "weights": [one.as_json() for one in summaries()],
            "class_tables": {name: _class_count(name) for name in class_tables()},
            "class_groups": list(class_groups()),
            "remarks": remarks,
        }
    )


def without_home(value: Any, homes: Sequence[str] | None = None) -> Any:
    """Return a value with the home folder written ``~`` in every text of it.

    Args:
        value: Of lists, mappings and texts.
        homes: Paths of the home folder; None takes the user's, links followed too.
    """
    if homes is None:
        home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises without one
        # A service's user may have / for a home, which hides nothing and is in every path.
        homes = [str(path) for path in (home, home.resolve()) if len(path.parts) > 1]
    if isinstance(value, dict):
        return {key: without_home(entry, homes) for key, entry in value.items()}
    if isinstance(value, list):
        return [without_home(entry, homes) for entry in value]
    if isinstance(value, str):
        for home_path in homes:
            value = re.sub(rf"{re.escape(home_path)}(?![\w.-])", "~", value)
    return value


def _of(parts: dict[str, dict[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    return {name: parts[name] for name in names}


def _package() -> dict[str, Any]:
    return {
        "version": lwrf_ros.__version__,
        "folder": str(Path(lwrf_ros.__file__).parent),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
    }


def _machine() -> dict[str, Any]:
    machine = describe_machine()
    found = {name: machine[name] for name in ("processor", "cores", "memory_gib")}
    found["kernel"] = f"{platform.system()} {platform.release()} {platform.machine()}"
    try:
        found["system"] = platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        found["system"] = "unknown"
    board = Path("/proc/device-tree/model")
    if board.is_file():
        found["board"] = board.read_text(errors="replace").strip("\0 \n")
    for path, name in _CONTAINER_FILES.items():
        if Path(path).exists():
            found["container"] = name
    if _NVIDIA_DRIVER.is_file():
        found["nvidia_driver"] = _NVIDIA_DRIVER.read_text().splitlines()[0]
    return found


def _distribution(rclpy: dict[str, Any]) -> str:
    named = os.environ.get("ROS_DISTRO")
    if named:
        return named
    if "version" not in rclpy:
        return "none found: is ROS sourced? (ROS_DISTRO is not set, rclpy not to be had)"
    major = str(rclpy["version"]).split(".")[0]
    release = _RELEASES.get(int(major)) if major.isdigit() else None
    return f"{release or 'unknown'}, by the version of rclpy (ROS_DISTRO is not set)"


def _class_count(name: str) -> int | str:
    try:
        from lwrf_ros.classes.class_table import ClassTable

        return len(ClassTable.load(name))
    except Exception as error:  # a damaged file, or a library that it is read with
        return f"cannot be read: {error}"


def _remarks(parts: dict[str, dict[str, Any]]) -> list[str]:
    remarks = []
    for name, part in parts.items():
        if part.get("problem", NOT_INSTALLED) != NOT_INSTALLED:
            remarks.append(f"{name} is installed and {part['problem']}")
    if "loses" in parts["rclpy"]:
        # The node says so too; a shell without the profile is no fault of a launch file with it.
        remarks.append(f"{parts['rclpy'].pop('loses')}; the launch file gives it to the node")
    installs = sorted(_ROS_INSTALLS.glob("*/setup.bash"))
    if installs and parts["rclpy"].get("problem") == NOT_INSTALLED:
        found = " or ".join(str(path) for path in installs)
        remarks.append(f"ROS is installed and not sourced in this shell: source {found}")
    bridge = parts["cv_bridge"]
    if bridge.get("works") is False:
        remarks.append(
            "cv_bridge is installed and does not work here (built for another NumPy?): the node "
            "converts by OpenCV instead"
        )
    torch = parts["torch"]
    if "cuda_problem" in torch:
        remarks.append(f"torch is built for CUDA and finds none: {torch['cuda_problem']}")
    elif "version" in torch and not torch["devices"] and _NVIDIA_DRIVER.is_file():
        remarks.append("there is an NVIDIA driver, and the torch installed is built without CUDA")
    return remarks
