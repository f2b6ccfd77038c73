# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Conditions of a run: processor, memory, versions; and the memory that a process has used."""

from __future__ import annotations

import os
import platform
import resource
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import lwrf_ros

PACKAGES = (
    "torch",
    "numpy",
    "numba",
    "opencv-python-headless",
    "opencv-python",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
    "tensorrt",
    "triton",
)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Device:
    """The device that was asked for.

    Attributes:
        name: cpu or cuda:N.
        words: For people.
        precisions: What was asked for, each once: fp32, fp16, bf16.
    """

    name: str
    words: str
    precisions: tuple[str, ...]


def describe_device(name: str, precisions: Sequence[str]) -> Device:
    """Settle auto, cpu, cuda or cuda:N and the precisions on it.

    Raises:
        DeviceError: If the device or a precision is not to be had.
    """
    import torch

    from lwrf_ros.segmentation.device import choose_device, choose_precision

    device = choose_device(name)
    chosen = tuple(dict.fromkeys(choose_precision(one, device) for one in precisions))
    words = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    return Device(str(device), words, chosen)


def describe_machine() -> dict[str, Any]:
    """Return processor, cores, memory, system and the versions of what takes part."""
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_gib": round(pages * page / 2**30, 1),
        "system": platform.platform(),
        "versions": {
            "lwrf_ros": lwrf_ros.__version__,
            "python": platform.python_version(),
            **{name: version for name in PACKAGES if (version := _version(name))},
        },
    }


def about_run(command_line: Sequence[str], device: str) -> dict[str, Any]:
    """Return when and on what something is measured, and how to do it again.

    Args:
        command_line: Arguments behind ``lwrf``.
        device: The device in words.
    """
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": shlex.join(["lwrf", *command_line]),
        "machine": {"device": device, **describe_machine()},
    }


def origin_as_text(about: Mapping[str, Any]) -> str:
    """Lay out what `about_run` returns."""
    machine = about["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return "\n".join(
        [
            f"date      {about['date']}",
            f"command   {about['command']}",
            f"machine   {machine['device']}; {machine['processor']}, {machine['cores']} cores, "
            f"{machine['memory_gib']} GiB; {machine['system']}",
            f"versions  {versions}",
        ]
    )


def peak_memory_mib() -> tuple[float, float | None]:
    """Return this process's peak of resident memory and of GPU memory (torch's), in MiB."""
    device = None
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        device = torch.cuda.max_memory_reserved() / 2**20
    return _peak_resident_mib(), device


def _peak_resident_mib() -> float:
    # Not ru_maxrss where it can be helped: that one is inherited from the parent.
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            # ARM kernels name no model; platform's answer does then.
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
