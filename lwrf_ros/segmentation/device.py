# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which device and precision the engine runs on, from what the user asked for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import torch

from lwrf_ros.errors import LwrfError

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
# What multiplies matrices in these precisions: of x86 first, then of ARM.
_INSTRUCTIONS = {
    "fp16": {"avx512_fp16", "amx_fp16", "asimdhp"},
    "bf16": {"avx512_bf16", "amx_bf16", "bf16"},
}


class DeviceError(LwrfError):
    """The device or precision that was asked for is not there."""


def choose_device(name: str) -> torch.device:
    """Return the device for auto, cpu, cuda or cuda:N.

    Raises:
        DeviceError: If the name is none of these, or the GPU it names is not there; auto is the
            only name that settles for a CPU.
    """
    if name == "auto":
        if not torch.cuda.is_available():
            return torch.device("cpu")
        name = "cuda"
    kind, colon, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (colon and not (kind == "cuda" and index.isdecimal())):
        raise DeviceError(f"device is {name!r}; wanted auto, cpu, cuda or cuda:N")
    if kind == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        build = "a CPU build" if torch.version.cuda is None else "built for CUDA, but finds no GPU"
        raise DeviceError(
            f"device is {name!r}, but torch {torch.__version__} is {build}; use auto or cpu, or "
            "install a CUDA build of torch and the GPU's driver"
        )
    number = int(index or 0)
    if number >= torch.cuda.device_count():
        raise DeviceError(
            f"device is {name!r}, but there are {torch.cuda.device_count()} GPUs; wanted cuda:0 to "
            f"cuda:{torch.cuda.device_count() - 1}"
        )
    _check_capability(number)
    return torch.device("cuda", number)


def _check_capability(number: int) -> None:
    """Check that this build of torch has kernels that a GPU can run.

    Without them everything fails at the first kernel, in words that sound like a broken GPU.

    Raises:
        DeviceError: If it has none.
    """
    built_for = torch.cuda.get_arch_list()
    major, minor = torch.cuda.get_device_capability(number)
    if built_for and not any(_runs(built, major, minor) for built in built_for):
        raise DeviceError(
            f"cuda:{number} ({torch.cuda.get_device_name(number)}) is of compute capability "
            f"{major}.{minor}, and torch {torch.__version__} was built for {', '.join(built_for)}; "
            "install a build of torch for this GPU, or set device to cpu"
        )


def _runs(built_for: str, major: int, minor: int) -> bool:
    """Tell whether code for ``sm_90``, ``sm_90a`` or ``compute_90`` runs on a capability."""
    kind, _, version = built_for.partition("_")
    exact = not version.isdecimal()  # with a letter behind it
    number = int("".join(digit for digit in version if digit.isdecimal()) or -1)
    built = divmod(number, 10)
    if kind == "compute" and not exact:  # is translated for whatever came later
        return built <= (major, minor)
    if exact:
        return built == (major, minor)
    return built[0] == major and built[1] <= minor


def has_bf16(device: torch.device) -> bool:
    """Tell whether a GPU computes in bf16 itself; torch would emulate it, slower than fp32."""
    return torch.cuda.get_device_capability(device) >= (8, 0)


def choose_precision(name: str, device: torch.device) -> str:
    """Return fp32, fp16 or bf16; auto is fp16 on a GPU and fp32 on a CPU.

    Raises:
        DeviceError: If the name is unknown or the GPU has no bf16.
    """
    if name == "auto":
        return "fp16" if device.type == "cuda" else "fp32"
    if name not in PRECISIONS:
        raise DeviceError(f"precision is {name!r}; wanted auto, {', '.join(PRECISIONS)}")
    if name == "bf16" and device.type == "cuda" and not has_bf16(device):
        raise DeviceError(
            f"precision is 'bf16', which {torch.cuda.get_device_name(device)} does not have; use "
            "fp16 or fp32"
        )
    return name


def slow_precision(precision: str, device: torch.device, cpu: Collection[str] | None = None) -> str:
    """Say that a CPU has no instructions for a precision; nothing where it is as fast as can be.

    Args:
        precision: fp32, fp16 or bf16.
        device: Where the network runs.
        cpu: Names of what the CPU can do, as Linux lists them; those of this one by default.
    """
    if device.type != "cpu" or precision not in _INSTRUCTIONS:
        return ""
    wanted = _INSTRUCTIONS[precision]
    if wanted & set(_cpu_features() if cpu is None else cpu):
        return ""
    return (
        f"precision {precision} is slow here, seconds a frame or more: this CPU has none of "
        f"{', '.join(sorted(wanted))}; use fp32 or auto"
    )


def _cpu_features() -> set[str]:
    """Return what Linux says that the CPU can do; x86 and ARM have a line each for it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return set()
    lines = (line.partition(":") for line in text.splitlines())
    return {
        word
        for name, _, words in lines
        if name.strip() in ("flags", "Features")
        for word in words.split()
    }
