# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""With LWRF_CPU_DEBUG=1 a step that touches what it should not is an error that names it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
# In one process, as the kernels are compiled once more for it. Steps: image, 3x3/2, inverted
# residual, 3x3 in the Winograd domain, logits.
SCRIPT = """
import ctypes, json
import numpy as np
import torch
from torch import nn
from lwrf_ros.segmentation.cpu.kernels.checks import CpuKernelError
from lwrf_ros.segmentation.cpu.execution import Program
from lwrf_ros.segmentation.cpu.planning.graph import plan_network
from lwrf_ros.segmentation.cpu.planning.reference import Reference

torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 1), nn.ReLU6(),
    nn.Conv2d(64, 64, 3, padding=1, groups=64), nn.ReLU6(), nn.Conv2d(64, 32, 1),
    nn.Conv2d(32, 48, 3, padding=1),
)
plan, _ = plan_network(network, (21, 30))
image = torch.randn(1, 3, 21, 30)

def told(spoil):
    program = Program(plan, 2)
    spoil(program)
    try:
        program.run(image, None)
    except CpuKernelError as error:
        return str(error)
    return "nothing"

def step(number, field, by):
    def spoil(program):
        program.memory.steps[number][field] += by
    return told(spoil)

def term(number, field, by):
    def spoil(program):
        program.memory.terms[number][field] += by
    return told(spoil)

def canary(program):
    address = program.memory.rooms[1][-1].begin - 1
    (ctypes.c_char * 1).from_address(address)[0] = 0

wanted = Reference().run(plan, image[0].numpy())
got = Program(plan, 2).run(image, None)[0].numpy()
print(json.dumps({
    "largest difference": float(np.abs(got - wanted).max() / np.abs(wanted).max()),
    "whole": told(lambda program: None),
    "far out": step(1, "out", 1 << 40),
    "before it": step(2, "out", -(1 << 24)),
    "another's weights": step(3, "weights", 64),
    "too high": step(0, "height", 1),
    "source": term(0, "source", 1 << 33),
    "ring": term(1, "ring_at", 64),
    "border": step(2, "out", -4),
    "canary": told(canary),
}))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=REPOSITORY,
        env={**os.environ, "LWRF_CPU_DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, str] = json.loads(done.stdout)
    return answers


def test_a_right_program_runs_and_is_right(told: dict[str, str]) -> None:
    assert told["whole"] == "nothing"
    assert float(told["largest difference"]) < 1e-5


@pytest.mark.parametrize(
    ("broken", "begins", "names"),
    [
        ("far out", "step 1 (3x3/2, clamp 0..inf) writes", "far from all its buffers"),
        ("before it", "step 2 (1x1, depthwise 3x3, 1x1) writes", ""),
        ("another's weights", "step 3 (3x3 Winograd) reads", "its weights"),
        ("too high", "step 0 (image to map) ", ""),
        ("source", "step 1 (3x3/2, clamp 0..inf) reads", "far from all its buffers"),
        ("ring", "step 2 (1x1, depthwise 3x3, 1x1) ", "its ring of expanded rows"),
        ("border", "step 2 (1x1, depthwise 3x3, 1x1) has written into the border", ""),
        ("canary", "step 0 (image to map) has written beside a buffer", "canaries"),
    ],
)
def test_a_wrong_address_is_an_error_that_names_the_step(
    told: dict[str, str], broken: str, begins: str, names: str
) -> None:
    assert told[broken].startswith(begins)
    assert names in told[broken]
