# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How the kernels are compiled: for which GPUs, into what, and how often.

Compiling needs no GPU: the compiler and the assembler come with Triton.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import torch

triton = pytest.importorskip(
    "triton", reason="triton is not installed; CUDA builds of torch bring it"
)

from lwrf_ros.segmentation.cuda import kernels  # noqa: E402 (where there is triton)

INPUT_CONSTANTS = {"TILE_Y": 4, "TILE_X": 256}


def label_constants(classes: int, probability: bool, confidence: bool) -> dict[str, object]:
    return {
        "CLASSES": classes,
        "UNLABELLED": 255,
        "NOT_FINITE": 256,
        "BINS": max(32, triton.next_power_of_2(classes + 1)),
        "WITH_PROBABILITY": probability,
        "WITH_CONFIDENCE": confidence,
        "TILE_Y": 8,
        "TILE_X": 64,
    }


def signature(names: list[str], constants: dict[str, object], half: str) -> dict[str, str]:
    """Return the type of each parameter as Triton writes it."""
    types = {"image": "*u8", "labels": "*u8", "confidence": "*u8", "out": half, "logits": half}
    types |= {"counts": "*fp64", "sharpness": "fp32", "min_confidence": "fp32"}
    types |= dict.fromkeys(constants, "constexpr")
    types |= {name: "fp32" for name in names if "scale" in name or "offset" in name}
    return {name: types.get(name, "i32") for name in names}


# Turing, A100, RTX 30, Orin, RTX 40, H100, B200, Thor, RTX 50.
CAPABILITIES = (75, 80, 86, 87, 89, 90, 100, 110, 120)
# A multiprocessor has 64 K registers: with more a thread, too few threads are there at once to hide
# how long memory takes.
MOST_REGISTERS = 96


def assembler(capability: int) -> str:
    """Return Triton's assembler for a capability; skip where this Triton has none."""
    from triton.backends.nvidia.compiler import get_ptxas

    try:
        tool = get_ptxas(capability)
    except TypeError:  # Triton up to 3.2 has one for all
        tool = get_ptxas()
    path = getattr(tool, "path", None) or tool[0]
    known = subprocess.run([path, "--help"], capture_output=True, text=True, check=True).stdout
    if f"'sm_{capability}'" not in known:
        pytest.skip(f"Triton {triton.__version__} does not know sm_{capability}")
    return str(path)


def resources(ptx: str, capability: int, folder: Path) -> tuple[int, int]:
    """Return the registers a thread and the bytes that are spilled, as the assembler says."""
    (folder / "kernel.ptx").write_text(ptx)
    # As Triton calls it: without the features of one generation alone.
    named = re.search(r"\.target (sm_\w+)", ptx)
    assert named is not None
    done = subprocess.run(
        [assembler(capability), "-v", f"--gpu-name={named[1]}", "kernel.ptx", "-o", "kernel.cubin"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    registers = re.search(r"Used (\d+) registers", done.stderr)
    assert registers is not None, done.stderr
    return int(registers[1]), sum(map(int, re.findall(r"(\d+) bytes spill", done.stderr)))


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize(
    ("kernel", "constants"),
    [
        ("input_kernel", INPUT_CONSTANTS),
        ("label_kernel", label_constants(11, False, False)),
        ("label_kernel", label_constants(255, True, True)),
    ],
)
def test_the_compiler_takes_the_kernels(
    kernel: str,
    constants: dict[str, object],
    capability: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    assembler(capability)
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    function = getattr(kernels, kernel)
    half, rounds = ("*bf16", "cvt.rn.bf16.f32") if capability > 80 else ("*fp16", "cvt.rn.f16.f32")
    source = ASTSource(function, signature(function.arg_names, constants, half), constants)
    compiled = triton.compile(source, target=GPUTarget("cuda", capability, 32))
    assert len(compiled.asm["cubin"]) > 0
    # No scratch memory on the device: it would be allocated at every launch.
    assert compiled.metadata.global_scratch_size == 0
    registers, spilled = resources(compiled.asm["ptx"], capability, tmp_path)
    assert spilled == 0
    assert registers <= MOST_REGISTERS
    if kernel == "input_kernel":
        assert rounds in compiled.asm["ptx"]
    else:
        # Counts are added without waiting for what was there, and not pixel by pixel.
        assert compiled.asm["ptx"].count(".add.f64") <= constants["BINS"] / 32  # type: ignore


def test_no_size_and_no_alignment_compiles_anew() -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import make_backend
    from triton.runtime.jit import create_function_from_signature

    backend = make_backend(GPUTarget("cuda", 90, 32))
    half, bytes_ = torch.empty(64, dtype=torch.float16), torch.empty(64, dtype=torch.uint8)
    for kernel, constants in (
        (kernels.input_kernel, INPUT_CONSTANTS),
        (kernels.label_kernel, label_constants(11, True, True)),
    ):
        bind = create_function_from_signature(kernel.signature, kernel.params, backend)
        types = signature(kernel.arg_names, constants, "*fp16")
        found = set()
        for number, start in ((1, 0), (16, 1), (480, 8), (641, 3)):
            values = {"*u8": bytes_[start:], "*fp16": half[start:], "*fp64": half.double()[start:]}
            values |= {"i32": number, "fp32": float(number)}
            arguments = [constants.get(name, values.get(types[name])) for name in types]
            found.add(str(bind(*arguments)[1]))
        assert len(found) == 1
