# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The kernels for a CPU: against the plain torch form, NumPy and by hand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracle import StrongestChannel, stretched
from reference import filled, mobile_shapes, resnet_shapes
from torch import Tensor, nn

from lwrf_ros.network import build_network, randomise
from lwrf_ros.segmentation.choice import choose_stages
from lwrf_ros.segmentation.cpu import stages as cpu_stages
from lwrf_ros.segmentation.cpu.kernels import compiled
from lwrf_ros.segmentation.cpu.pixels import bilinear_axis
from lwrf_ros.segmentation.cpu.stages import CpuStages
from lwrf_ros.segmentation.device import DeviceError
from lwrf_ros.segmentation.postprocess import COUNT_BINS
from lwrf_ros.segmentation.preprocess import Normalisation
from lwrf_ros.weights.checkpoint import load_weights

CPU = torch.device("cpu")
SIDES = st.integers(1, 90)

# What makes a function one of numba's.
KERNEL = re.compile(r"^ *@(compiled|called|intrinsic|extending|numba)", re.MULTILINE)


def stages(
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0),
    std: tuple[float, float, float] = (1.0, 1.0, 1.0),
    temperature: float = 1.0,
    threads: int = 1,
) -> CpuStages:
    network = StrongestChannel()
    network.mean, network.std, network.temperature = mean, std, temperature
    torch.set_num_threads(threads)
    made = CpuStages(network, torch.float32)
    torch.set_num_threads(1)
    return made


class Result(NamedTuple):
    labels: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    counts: NDArray[np.float64]


def label(
    made: CpuStages, logits: Tensor, size: tuple[int, int], min_confidence: float = 0.0
) -> Result:
    """Label into memory that still holds something else."""
    labels, confidence = (torch.full(size, 77, dtype=torch.uint8) for _ in range(2))
    counts = torch.full((COUNT_BINS,), 7.0, dtype=torch.float64)
    made.label(logits, labels, counts, confidence, min_confidence)
    return Result(labels.numpy(), confidence.numpy(), counts.numpy())


# ---- geometry


def test_an_axis_by_hand() -> None:
    first, second, share = bilinear_axis(2, 4)
    # Centres at -0.25 (held at 0), 0.25, 0.75, 1.25 (behind the last pixel, which stays alone).
    assert first.tolist() == [0, 0, 0, 1]
    assert second.tolist() == [1, 1, 1, 1]
    assert share.tolist() == [0.0, 0.25, 0.75, 0.25]


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["rgb8", "bgr8", "mono8"]))
@settings(max_examples=60, deadline=None)
def test_preprocessing_is_that_of_torch(
    height: int, width: int, out_height: int, out_width: int, encoding: str
) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    generator = np.random.default_rng(height * 91 + width)
    channels = 1 if encoding == "mono8" else 3
    # Rows that are padded, as camera drivers pad them.
    padded = generator.integers(0, 256, (height, width + 3, channels), dtype=np.uint8)
    image = torch.from_numpy(padded[:, :width])
    wanted = torch.empty(3, out_height, out_width)
    Normalisation(mean, std, CPU).apply(image, encoding, wanted)
    got = torch.full((1, 3, out_height, out_width), float("nan"))
    stages(mean, std).preprocess(image, encoding, got[0])
    torch.testing.assert_close(got[0], wanted, rtol=0, atol=1e-4)


# ---- labels


def test_labels_and_confidence_by_hand() -> None:
    # Probabilities 3/4 and 1/4; then 1/10 and 9/10.
    logits = torch.tensor([[3.0, 1.0], [1.0, 9.0]]).log()[:, None, :]
    got = label(stages(), logits, (1, 2))
    assert got.labels.tolist() == [[0, 1]]
    assert got.confidence.tolist() == [[191, 230]]  # 191.25 and 229.5
    assert got.counts[:3].tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("which", [0, 1])
def test_scores_that_are_no_numbers_leave_their_pixels_unlabelled(value: float, which: int) -> None:
    logits = torch.zeros(2, 2, 2)
    logits[1] = 3.0
    logits[which, 0, 0] = value
    got = label(stages(), logits, (4, 4))
    # All that the upper left score has a part in, be it with no weight (see the axis above).
    broken = np.zeros((4, 4), dtype=bool)
    broken[:3, :3] = True
    np.testing.assert_array_equal(got.labels, np.where(broken, 255, 1))
    # 1 / (1 + exp(-3)) is 0.953.
    np.testing.assert_array_equal(got.confidence, np.where(broken, 0, 243))
    assert (got.counts[1], got.counts[255], got.counts[256] > 0) == (7.0, 9.0, True)
    assert got.counts[:256].sum() == 16.0


def test_of_equal_scores_the_lower_index_wins() -> None:
    assert set(label(stages(), torch.zeros(5, 3, 3), (7, 9)).labels.ravel()) == {0}


@given(SIDES, SIDES, st.sampled_from([1, 2, 11, 40, 255]), st.sampled_from([0.3, 1.0, 2.5]))
@settings(max_examples=40, deadline=None)
def test_labels_confidence_and_counts_against_numpy(
    height: int, width: int, classes: int, temperature: float
) -> None:
    generator = np.random.default_rng(classes)
    logits = generator.normal(0, 3, (classes, 6, 8)).astype(np.float32)
    scores = stretched(logits.astype(np.float64), (height, width))
    odds = np.exp((scores - scores.max(axis=0)) / temperature)
    got = label(stages(temperature=temperature), torch.from_numpy(logits), (height, width))
    ranked = np.sort(scores, axis=0)
    sure = np.ones((height, width), bool) if classes == 1 else ranked[-1] - ranked[-2] > 1e-5
    np.testing.assert_array_equal(got.labels[sure], scores.argmax(axis=0)[sure])
    assert np.abs(got.confidence - 255 / odds.sum(axis=0)).max() <= 0.51
    np.testing.assert_array_equal(got.counts, np.bincount(got.labels.ravel(), minlength=COUNT_BINS))


def test_unlikely_pixels_become_unlabelled_and_are_counted_as_such() -> None:
    # Probabilities of the label: 0.75, 0.6, 0.9, 0.5.
    logits = torch.tensor([[3.0, 4.0, 1.0, 5.0], [1.0, 6.0, 9.0, 5.0]]).log()[:, None, :]
    labels = torch.zeros(1, 4, dtype=torch.uint8)
    counts = torch.zeros(COUNT_BINS, dtype=torch.float64)
    stages().label(logits, labels, counts, None, 0.7)
    assert labels.tolist() == [[0, 255, 1, 255]]
    assert counts[[0, 1, 255]].tolist() == [1.0, 1.0, 2.0]


def test_large_logits_do_not_overflow() -> None:
    for offset in (1e4, -1e4):
        logits = torch.tensor([3.0, 1.0]).log()[:, None, None] + offset
        assert abs(int(label(stages(), logits, (1, 1)).confidence[0, 0]) - 191) <= 1
    spread = torch.tensor([[[1e30]], [[-1e30]]])
    assert label(stages(), spread, (1, 1)).confidence.tolist() == [[255]]


@pytest.mark.parametrize("height", [31, 64, 65, 200])
def test_threads_share_an_image_without_seams(height: int) -> None:
    logits = torch.randn(4, 20, 24, generator=torch.Generator().manual_seed(5))
    alone, shared = (label(stages(threads=n), logits, (height, 96)) for n in (1, 3))
    for one, other in zip(alone, shared, strict=True):
        np.testing.assert_array_equal(one, other)


def test_forty_classes_at_full_hd_take_little_memory() -> None:
    # In a process of its own, whose peak nothing else has raised. All scores would be 332 MB.
    script = """
import resource, numpy, torch
from oracle import StrongestChannel
from lwrf_ros.segmentation.cpu.stages import CpuStages
stages = CpuStages(StrongestChannel(), torch.float32)
logits = torch.randn(40, 128, 128)
labels, confidence = (torch.zeros(1080, 1920, dtype=torch.uint8) for _ in range(2))
counts = torch.zeros(257, dtype=torch.float64)
stages.label(logits, labels[:64, :64].contiguous(), counts, confidence[:64, :64].contiguous(), 0.1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stages.label(logits, labels, counts, confidence, 0.1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(ran.stdout) * 1024 < 16e6


def test_kernels_compile_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def made() -> None: ...

    def without_a_folder(signature: str, cache: bool = False, **options: object) -> object:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available for file")
        return lambda function: function

    monkeypatch.setattr(compiled.numba, "njit", without_a_folder)
    assert compiled.compiled("void()")(made) is made
    assert asked == [True, False]


def test_every_kernel_lies_where_a_change_of_it_is_seen() -> None:
    kernels = Path(compiled.__file__).parent
    seen = {path for path in kernels.parent.rglob("*.py") if re.search(KERNEL, path.read_text())}
    pixels = kernels.parent / "pixels.py"
    assert {pixels, kernels / "tile.py", kernels / "program.py"} <= seen
    assert {path.parent for path in seen - {pixels}} == {kernels}


# ---- the network


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "resnet50"])
@pytest.mark.parametrize("size", [(64, 96), (33, 50)])
def test_the_kernels_give_the_networks_logits(backbone: str, size: tuple[int, int]) -> None:
    shapes = mobile_shapes(3) if backbone == "mobilenet_v2" else resnet_shapes(50, 3)
    network = build_network(backbone, 3)
    load_weights(network, filled(shapes))
    made = CpuStages(network, torch.float32)
    assert "numba" in made.description
    image = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        wanted = network(image)
    batch = made.new_batch(1, size)
    batch.copy_(image)
    torch.testing.assert_close(
        made.forward(batch), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max())
    )


@pytest.mark.parametrize(
    ("backbone", "decoder"),
    [("nasnet_mobile", "light_weight"), ("mobilenet_v2", "original")],
)
def test_the_kernels_know_every_operation(backbone: str, decoder: str) -> None:
    network = build_network(backbone, 3, decoder)
    randomise(network, 0)
    made = CpuStages(network, torch.float32)
    image = torch.randn(1, 3, 45, 66, generator=torch.Generator().manual_seed(7))
    batch = made.new_batch(1, (45, 66))
    batch.copy_(image)
    with torch.inference_mode():
        wanted = network(image)
    torch.testing.assert_close(
        made.forward(batch), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max())
    )


class WithGelu(nn.Module):
    """An encoder, and behind each of its taps what no kernel on a CPU knows."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.activation = nn.GELU()

    def forward(self, x: Tensor) -> list[Tensor]:
        return [self.activation(tap) for tap in self.encoder(x)]


def test_an_unknown_operation_is_left_to_torch_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    network = build_network("mobilenet_v2", 3)
    network.encoder = WithGelu(network.encoder)
    randomise(network, 0)
    made = CpuStages(network, torch.float32)
    assert "torch" in made.description and "no kernel for GELU" in made.description
    image = torch.randn(1, 3, 45, 66, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        wanted = network(image)
    for _ in range(2):
        torch.testing.assert_close(
            made.forward(image), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max())
        )
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert "computes GELU" in warning.getMessage()
    assert "docs/cpu_kernels.md" in warning.getMessage()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "lwrf_ros.segmentation.cpu.stages")
    monkeypatch.setitem(sys.modules, "lwrf_ros.segmentation.cpu.pixels", None)
    with pytest.raises(DeviceError, match="pip install numba"):
        choose_stages(StrongestChannel(), CPU, torch.float32, None)


def test_the_axes_of_64_pairs_of_sides_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(cpu_stages, "bilinear_axis", lambda a, b: made.append(a) or a)
    stages = CpuStages(StrongestChannel(), torch.float32)

    def use(*sides: int) -> list[int]:
        """Return the sides whose axes had to be made, of images used in this order."""
        made.clear()
        for side in sides:
            stages._axes_between(torch.Size((side, side)), torch.Size((8, 8)))
        return list(made)

    assert use(*range(100, 164)) == list(range(100, 164))
    assert use(*range(100, 164)) == []
    assert use(164, 101, 100) == [164, 100]
