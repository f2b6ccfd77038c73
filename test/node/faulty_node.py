# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The node's executable whose engine fails while a file says how: no GPU is needed to lose one.

The environment's FAULT_FILE names it; its text is ``memory``, ``gpu``, ``lost`` (a GPU that stays
so), ``worker``, ``hang``, ``configure`` (a configuration that does not come back), or ``stay`` (the
middleware does not come back at the end). Diagnostics are hurried as in warm_process.py.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from warm_process import hurry

from lwrf_ros.node.main import main

FAULTS = {
    "memory": "CUDA out of memory. Tried to allocate 2.00 GiB",
    "gpu": "CUDA error: an illegal memory access was encountered",
    "lost": "CUDA error: unspecified launch failure",
}


def fault() -> str:
    path = Path(os.environ["FAULT_FILE"])
    return path.read_text(encoding="ascii") if path.exists() else ""


def install() -> None:
    import torch

    from lwrf_ros.node import compat, segmenter_node
    from lwrf_ros.node.worker import Worker
    from lwrf_ros.segmentation.cpu.stages import CpuStages

    forward, prepare = CpuStages.forward, Worker._prepare
    destroy = compat.destroy_lifecycle_node
    load = segmenter_node.load_engine

    def faulty_forward(self: CpuStages, batch: Any) -> Any:
        while fault() == "hang":
            time.sleep(0.05)
        if text := FAULTS.get(fault()):
            raise RuntimeError(text)
        return forward(self, batch)

    def synchronize() -> None:
        if fault() == "lost":
            raise RuntimeError(FAULTS["lost"])

    def faulty_load(*arguments: Any) -> Any:
        while fault() == "configure":
            time.sleep(0.05)
        return load(*arguments)

    def faulty_prepare(self: Worker, frame: Any) -> Any:
        if fault() == "worker":
            raise KeyError("a mistake in the worker")
        return prepare(self, frame)

    def staying(node: Any) -> None:
        while fault() == "stay":
            time.sleep(0.05)
        destroy(node)

    compat.destroy_lifecycle_node = staying
    torch.cuda.is_initialized = lambda: True
    torch.cuda.synchronize = synchronize  # type: ignore[assignment]
    CpuStages.forward = faulty_forward  # type: ignore[method-assign]
    segmenter_node.load_engine = faulty_load
    Worker._prepare = faulty_prepare  # type: ignore[method-assign]


if __name__ == "__main__":
    # As main does, before the libraries that install imports have threads.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    install()
    hurry()
    main()
