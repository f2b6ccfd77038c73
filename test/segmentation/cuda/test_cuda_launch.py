# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How the kernels are launched and compiled: for which GPUs, how often, and what is refused.

Compiling needs no GPU: the compiler and the assembler come with Triton.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import torch
from interpreted import loaded

from lwrf_ros.errors import LwrfError

triton = pytest.importorskip(
    "triton", reason="triton is not installed; CUDA builds of torch bring it"
)

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def test_what_32_bits_cannot_reach_is_refused(launch: ModuleType) -> None:
    kernels = launch.FrameKernels(MEAN, STD, 1.0)
    huge = torch.empty((40000, 30000, 3), dtype=torch.uint8, device="meta")
    with pytest.raises(LwrfError, match=r"40000, 30000, 3.* spans 3600000000 .* wanted at most"):
        kernels.preprocess(huge, "rgb8", torch.empty(3, 4, 4))


def test_compiling_runs_every_kernel_and_the_interpreter_will_not_do_on_a_gpu(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, ...]] = []

    class Noted:
        def __init__(self, kernel: object, name: str) -> None:
            self.kernel, self.name = kernel, name

        def __getitem__(self, grid: tuple[int, int]) -> object:
            def call(*args: object, **constants: object) -> None:
                flags = [k for k in ("WITH_PROBABILITY", "WITH_CONFIDENCE") if constants.get(k)]
                ran.append((self.name, *flags))
                self.kernel[grid](*args, **constants)  # type: ignore[index]

            return call

    monkeypatch.setattr(launch, "input_kernel", Noted(launch.input_kernel, "input"))
    monkeypatch.setattr(launch, "label_kernel", Noted(launch.label_kernel, "label"))
    kernels = launch.FrameKernels(MEAN, STD, 1.0)
    kernels.compile(3, torch.float16, torch.device("cpu"))
    assert ran == [
        ("input",),
        ("label",),
        ("label", "WITH_PROBABILITY"),
        ("label", "WITH_PROBABILITY", "WITH_CONFIDENCE"),
    ]
    with pytest.raises(LwrfError, match="TRITON_INTERPRET is set"):
        kernels.compile(3, torch.float16, torch.device("cuda"))


INPUT_CONSTANTS = {"TILE_Y": 4, "TILE_X": 256}


def label_constants(classes: int, probability: bool, confidence: bool) -> dict[str, object]:
    return {
        "CLASSES": classes,
        "UNLABELLED": 255,
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


@pytest.mark.parametrize("capability", [75, 87, 90])
@pytest.mark.parametrize(
    ("kernel", "constants"),
    [
        ("input_kernel", INPUT_CONSTANTS),
        ("label_kernel", label_constants(11, False, False)),
        ("label_kernel", label_constants(40, True, False)),
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

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    function = getattr(loaded("kernels"), kernel)
    half, rounds = ("*bf16", "cvt.rn.bf16.f32") if capability > 80 else ("*fp16", "cvt.rn.f16.f32")
    source = ASTSource(function, signature(function.arg_names, constants, half), constants)
    compiled = triton.compile(source, target=GPUTarget("cuda", capability, 32))
    assert len(compiled.asm["cubin"]) > 0
    # No scratch memory on the device: it would be allocated at every launch.
    assert compiled.metadata.global_scratch_size == 0
    if kernel == "input_kernel":
        assert rounds in compiled.asm["ptx"]
    else:
        # Counts are added without waiting for what was there, and not pixel by pixel.
        assert compiled.asm["ptx"].count(".add.f64") <= constants["BINS"] / 32  # type: ignore


def test_no_size_and_no_alignment_compiles_anew() -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import make_backend
    from triton.runtime.jit import create_function_from_signature

    kernels, backend = loaded("kernels"), make_backend(GPUTarget("cuda", 90, 32))
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
