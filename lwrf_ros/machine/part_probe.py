# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Look at one part by importing it, in a process of its own: a broken part takes only that down."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Any

from lwrf_ros.machine.bridge_trial import bridge_works
from lwrf_ros.machine.middleware import SMALLEST_IMAGE_BYTES, active_middleware
from lwrf_ros.optional import import_optional

NOT_INSTALLED = "not installed"
_LIMIT_S = 120.0


def probe(name: str) -> dict[str, Any]:
    """Import a part in another process and return what there is to say of it.

    Args:
        name: A module, or one of those with more to tell than a version (torch, rclpy, …).

    Returns:
        ``version`` and more, or ``problem``: `NOT_INSTALLED`, or how importing it ended.
    """
    command = [sys.executable, "-m", __name__, name]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"does not import: no end after {_LIMIT_S:.0f} s"}
    if done.returncode == 0:
        # The last line: a library may have printed something of its own before.
        return dict(json.loads(done.stdout.splitlines()[-1]))
    lines = [line for line in done.stderr.splitlines() if line.strip()] or ["without a word"]
    ended = f"signal {-done.returncode}: " if done.returncode < 0 else ""
    return {"problem": f"does not import: {ended}{lines[-1].strip()}"}


def look_at(name: str) -> dict[str, Any]:
    """Import a part in this process and describe it; see `probe`."""
    try:
        module = import_optional(name)
    except ModuleNotFoundError as error:
        # Something else may be missing: then the part itself is there, and broken.
        if error.name == name:
            return {"problem": NOT_INSTALLED}
        return {"problem": f"does not import: {error}"}
    version = getattr(module, "__version__", None) or _distribution_version(name)
    more = _MORE.get(name)
    return {"version": version, **(more(module) if more else {})}


def _distribution_version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _torch(torch: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"cuda": torch.version.cuda or "not in this build", "devices": []}
    if torch.version.cuda is None:
        return found
    found["cudnn"] = torch.backends.cudnn.version()
    try:
        torch.cuda.init()
    except Exception as error:  # RuntimeError, AssertionError, ImportError by kind of build
        found["cuda_problem"] = str(error).splitlines()[0] if str(error) else repr(error)
        return found
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found["devices"].append(
            f"cuda:{index} {properties.name}, {properties.total_memory / 2**30:.1f} GiB, "
            f"compute capability {properties.major}.{properties.minor}"
        )
    return found


def _rclpy(rclpy: Any) -> dict[str, Any]:
    middleware = active_middleware(rclpy.get_rmw_implementation_identifier())
    loses = middleware.loses(SMALLEST_IMAGE_BYTES, "640x480 images between processes started here")
    return {"middleware": str(middleware), **({"loses": loses} if loses else {})}


def _onnxruntime(onnxruntime: Any) -> dict[str, Any]:
    return {"providers": onnxruntime.get_available_providers()}


def _cv_bridge(cv_bridge: Any) -> dict[str, Any]:
    return {"works": bridge_works()}


_MORE: dict[str, Callable[[Any], dict[str, Any]]] = {
    "torch": _torch,
    "rclpy": _rclpy,
    "onnxruntime": _onnxruntime,
    "cv_bridge": _cv_bridge,
}


if __name__ == "__main__":
    print(json.dumps(look_at(sys.argv[1])))
