# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The Triton kernels in Triton's interpreter, on a CPU: by hand, against NumPy and the torch form.

`test_cuda_interpreter.py` runs these in a process of their own. The interpreter takes a moment for
every operation on a tile, so images are small, and there are several tiles only where there are few
classes.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from oracle import stretched
from torch import Tensor

from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation.postprocess import COUNT_BINS, Scratch, label_image

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PLAIN = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
ENCODINGS = ("rgb8", "bgr8", "mono8")


@pytest.fixture(scope="session")
def launch() -> ModuleType:
    """Return `cuda/launch.py`, over kernels that the interpreter runs."""
    assert os.environ.get("TRITON_INTERPRET") == "1", "run test_cuda_interpreter.py instead"
    from lwrf_ros.segmentation.cuda import launch

    return launch


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)


# ---- camera bytes to the network's input


def preprocess(
    launch: ModuleType,
    image: NDArray[np.uint8] | Tensor,
    encoding: str = "rgb8",
    size: tuple[int, int] | None = None,
    dtype: torch.dtype = torch.float32,
    mean: tuple[float, float, float] = MEAN,
    std: tuple[float, float, float] = STD,
) -> Tensor:
    """Run it into the second slot of three, channels last, and return all three."""
    tensor = image if isinstance(image, Tensor) else torch.from_numpy(image)
    batch = torch.full((3, 3, *(size or tensor.shape[:2])), float("nan"), dtype=dtype)
    batch = batch.contiguous(memory_format=torch.channels_last)
    launch.FrameKernels(mean, std, 1.0).preprocess(tensor, encoding, batch[1])
    return batch


def formula(image: NDArray[np.uint8], encoding: str, size: tuple[int, int]) -> NDArray[np.float64]:
    """Stretch and normalise in float64; ``(3, h, w)``."""
    maps = stretched(image.astype(np.float64).transpose(2, 0, 1), size)
    rgb = {"rgb8": maps, "bgr8": maps[::-1], "mono8": maps.repeat(3, axis=0)}[encoding]
    return (rgb / 255 - np.array(MEAN)[:, None, None]) / np.array(STD)[:, None, None]


def test_input_by_hand(launch: ModuleType) -> None:
    image = np.array([[[255, 0, 51]]], dtype=np.uint8)
    out = preprocess(launch, image, mean=(0.5, 0.5, 0.1), std=(0.5, 0.25, 0.1))
    assert out[1].flatten().tolist() == pytest.approx([1.0, -2.0, 1.0], abs=1e-6)


def test_input_centres_lie_at_halves(launch: ModuleType) -> None:
    image = np.array([[[0, 0, 0], [200, 200, 200]]], dtype=np.uint8)
    out = preprocess(launch, image, "rgb8", (1, 4), torch.float32, *PLAIN)
    # Aligned corners would give 0, 1/3, 2/3, 1.
    assert (out[1, 0, 0] * 255).tolist() == pytest.approx([0, 50, 150, 200], abs=1e-4)


def test_input_of_every_value_as_in_float64(launch: ModuleType) -> None:
    image = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    got = preprocess(launch, image)[1].double().numpy()
    np.testing.assert_allclose(got, formula(image, "rgb8", (1, 256)), rtol=1e-6, atol=1e-6)


# Smaller, larger in both directions and in one, odd, equal; and more than a tile each way.
@pytest.mark.parametrize("size", [(5, 7), (17, 23), (6, 41), (9, 13), (1, 1), (11, 90)])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_input_against_numpy(launch: ModuleType, size: tuple[int, int], encoding: str) -> None:
    image = noise(9, 13, 1 if encoding == "mono8" else 3)
    got = preprocess(launch, image, encoding, size)[1].double().numpy()
    np.testing.assert_allclose(got, formula(image, encoding, size), atol=1e-5)


# The interpreter cuts bf16 off; the compiler rounds it, see below.
@pytest.mark.parametrize(("dtype", "rounding"), [(torch.float16, 2**-11), (torch.bfloat16, 2**-7)])
def test_input_in_the_outputs_precision(
    launch: ModuleType, dtype: torch.dtype, rounding: float
) -> None:
    image = noise(9, 13, 3)
    got = preprocess(launch, image, "bgr8", (7, 11), dtype)[1]
    assert got.dtype == dtype
    wanted = formula(image, "bgr8", (7, 11))
    np.testing.assert_allclose(got.double().numpy(), wanted, rtol=rounding, atol=1e-5)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_input_from_padded_rows(launch: ModuleType, encoding: str) -> None:
    channels = 1 if encoding == "mono8" else 3
    padded = torch.from_numpy(noise(9, 16 * channels + 5))
    image = padded[:, : 16 * channels].unflatten(1, (16, channels))
    assert image.stride(0) == 16 * channels + 5
    one = preprocess(launch, image, encoding, (6, 20))
    other = preprocess(launch, image.contiguous(), encoding, (6, 20))
    torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


def test_input_leaves_the_other_slots_alone(launch: ModuleType) -> None:
    batch = preprocess(launch, noise(9, 13, 3), size=(5, 7))
    assert not batch[1].isnan().any()
    assert batch[0].isnan().all() and batch[2].isnan().all()


def test_input_takes_a_planar_slot_too(launch: ModuleType) -> None:
    image = torch.from_numpy(noise(9, 13, 3))
    planar = torch.full((3, 7, 11), float("nan"))
    launch.FrameKernels(MEAN, STD, 1.0).preprocess(image, "rgb8", planar)
    assert torch.equal(planar, preprocess(launch, image, size=(7, 11))[1])


# ---- logits to labels


class Result(NamedTuple):
    labels: NDArray[np.uint8]
    counts: NDArray[np.float64]
    confidence: NDArray[np.uint8] | None


def run(
    launch: ModuleType,
    logits: Tensor,
    size: tuple[int, int],
    confidence: bool = True,
    min_confidence: float = 0.0,
    temperature: float = 1.0,
) -> Result:
    """Run it into memory that still holds something else."""
    labels = torch.full(size, 77, dtype=torch.uint8)
    counts = torch.full((COUNT_BINS,), 7.0, dtype=torch.float64)
    certainty = torch.full(size, 77, dtype=torch.uint8) if confidence else None
    kernels = launch.FrameKernels(MEAN, STD, temperature)
    kernels.label(logits, labels, counts, certainty, min_confidence)
    return Result(labels.numpy(), counts.numpy(), None if certainty is None else certainty.numpy())


def logits_of(*values: list[float]) -> Tensor:
    """Return ``(C, 1, w)`` logits from one row a class."""
    return torch.tensor(values)[:, None, :]


def random_logits(classes: int, height: int, width: int, last: bool = False) -> Tensor:
    """Return ``(C, h, w)`` logits, the second of two images, whose layout they share."""
    generator = torch.Generator().manual_seed(classes)
    pair = torch.randn((2, classes, height, width), generator=generator) * 3
    return (pair.contiguous(memory_format=torch.channels_last) if last else pair)[1]


def test_labels_by_hand(launch: ModuleType) -> None:
    # Probabilities 3/4 and 1/4; then 1/10 and 9/10.
    got = run(launch, torch.tensor([[3.0, 1.0], [1.0, 9.0]]).log()[:, None, :], (1, 2))
    assert got.labels.tolist() == [[0, 1]]
    assert got.confidence is not None
    assert got.confidence.tolist() == [[191, 230]]  # 191.25, 229.5
    assert got.counts[:3].tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("which", [0, 1])
def test_scores_that_are_no_numbers_leave_their_pixels_unlabelled(
    launch: ModuleType, value: float, which: int
) -> None:
    logits = torch.zeros(2, 2, 2)
    logits[1] = 3.0
    logits[which, 0, 0] = value
    got = run(launch, logits, (4, 4))
    # All that the upper left score has a part in, be it with no weight.
    broken = np.zeros((4, 4), dtype=bool)
    broken[:3, :3] = True
    np.testing.assert_array_equal(got.labels, np.where(broken, 255, 1))
    # 1 / (1 + exp(-3)) is 0.953.
    np.testing.assert_array_equal(got.confidence, np.where(broken, 0, 243))
    assert (got.counts[1], got.counts[255], got.counts[256] > 0) == (7.0, 9.0, True)
    assert got.counts[:256].sum() == 16.0


def test_logits_are_stretched_before_the_choice(launch: ModuleType) -> None:
    # Class 0 falls from 4 to 0 and class 1 rises from 0 to 2: they meet at 2/3 of the way. Pixel x
    # lies at (x + 0.5) / 8 - 0.5, held within 0 and 1; the change is between x 8 and 9.
    got = run(launch, logits_of([4.0, 0.0], [0.0, 2.0]), (1, 16))
    assert got.labels.tolist() == [[0] * 9 + [1] * 7]


def test_confidence_is_of_the_stretched_logits(launch: ModuleType) -> None:
    got = run(launch, logits_of([8.0, -8.0], [-8.0, 8.0]), (1, 4))
    # At 1/4 of the way 4 and -4: 1 / (1 + exp(-8)). Stretched probabilities would give 0.75.
    assert got.confidence is not None
    assert got.confidence.tolist() == [[255, 255, 255, 255]]


def test_of_equals_the_first_is_taken(launch: ModuleType) -> None:
    best = torch.randn(3, 4, generator=torch.Generator().manual_seed(5)) + 9
    logits = torch.stack([best - 9, best, best - 1, best, best])
    got = run(launch, logits, (7, 9))
    assert set(got.labels.ravel()) == {1}
    assert got.confidence is not None
    # Three equals, one at 1/e of them and one at e ** -9.
    assert set(got.confidence.ravel()) == {round(255 / (3 + np.exp(-1) + np.exp(-9)))}


# Enlarged, enlarged beyond a tile each way, shrunk, as it is, one way of each; sizes odd.
SIZES = [(11, 21), (9, 70), (3, 4), (5, 7), (4, 13)]


@pytest.mark.parametrize("last", [False, True], ids=["planar", "channels-last"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", [1, 2, 11])
def test_labels_against_numpy(
    launch: ModuleType, classes: int, size: tuple[int, int], last: bool
) -> None:
    check_against_numpy(launch, random_logits(classes, 5, 7, last), size, 1.0)


@pytest.mark.parametrize(
    ("classes", "size", "last", "temperature"),
    [
        (40, (9, 17), True, 1.7),
        (40, (4, 5), False, 0.6),
        (255, (7, 13), True, 1.0),
        (255, (3, 4), False, 2.0),
    ],
)
def test_many_labels_against_numpy(
    launch: ModuleType, classes: int, size: tuple[int, int], last: bool, temperature: float
) -> None:
    check_against_numpy(launch, random_logits(classes, 5, 7, last), size, temperature)


def check_against_numpy(
    launch: ModuleType, logits: Tensor, size: tuple[int, int], temperature: float
) -> None:
    scores = stretched(logits.numpy().astype(np.float64), size)
    probability = 1 / np.exp((scores - scores.max(axis=0)) / temperature).sum(axis=0)
    got = run(launch, logits, size, temperature=temperature)
    np.testing.assert_array_equal(got.labels, scores.argmax(axis=0))
    assert got.confidence is not None
    assert np.abs(got.confidence - 255 * probability).max() <= 0.501
    np.testing.assert_array_equal(got.counts, np.bincount(got.labels.ravel(), minlength=COUNT_BINS))


@pytest.mark.parametrize("min_confidence", [0.0, 0.4])
@pytest.mark.parametrize("confidence", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", SIZES)
def test_labels_against_the_torch_form(
    launch: ModuleType,
    size: tuple[int, int],
    dtype: torch.dtype,
    confidence: bool,
    min_confidence: float,
) -> None:
    logits = random_logits(6, 5, 7, last=True).to(dtype)
    got = run(launch, logits, size, confidence, min_confidence, 1.5)
    labels, certainty = torch.empty((2, *size), dtype=torch.uint8)
    counts = torch.empty(COUNT_BINS, dtype=torch.float64)
    scratch = Scratch(6, size, logits.device)
    label_image(logits, labels, counts, certainty, min_confidence, 1.5, scratch)
    np.testing.assert_array_equal(got.labels, labels.numpy())
    np.testing.assert_array_equal(got.counts, counts.numpy())
    if confidence:
        assert got.confidence is not None
        assert np.abs(got.confidence.astype(int) - certainty.numpy()).max() <= 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_stretched_in_float32(
    launch: ModuleType, dtype: torch.dtype
) -> None:
    logits = random_logits(5, 4, 6).to(dtype)
    half, full = run(launch, logits, (13, 21)), run(launch, logits.float(), (13, 21))
    np.testing.assert_array_equal(half.labels, full.labels)
    np.testing.assert_array_equal(half.confidence, full.confidence)


@pytest.mark.parametrize(
    ("temperature", "confidence"),
    # The odds of 9 to 1 become their root, 3 to 1, their square, 81 to 1, and so on.
    [(2.0, 191), (0.5, 252), (0.01, 255), (100.0, 129)],
)
def test_the_temperature_by_hand(launch: ModuleType, temperature: float, confidence: int) -> None:
    logits = torch.tensor([[9.0, 1.0], [1.0, 9.0]]).log()[:, None, :]
    got = run(launch, logits, (1, 2), temperature=temperature)
    assert got.labels.tolist() == [[0, 1]]
    assert got.confidence is not None
    assert got.confidence.tolist() == [[confidence, confidence]]


@pytest.mark.parametrize("temperature", [0.01, 1 / 3, 100.0])
def test_no_temperature_changes_a_label(launch: ModuleType, temperature: float) -> None:
    # Halves, so that many pixels have two best classes.
    logits = random_logits(7, 5, 7).mul(2).round() / 2
    plain = run(launch, logits, (11, 21), confidence=False)
    scaled = run(launch, logits, (11, 21), temperature=temperature)
    np.testing.assert_array_equal(plain.labels, scaled.labels)
    np.testing.assert_array_equal(plain.counts, scaled.counts)


def test_unlikely_pixels_become_unlabelled_and_are_counted_as_such(launch: ModuleType) -> None:
    # Probabilities of the label: 0.75, 0.6, 0.9, 0.5.
    logits = torch.tensor([[3.0, 4.0, 1.0, 5.0], [1.0, 6.0, 9.0, 5.0]]).log()[:, None, :]
    got = run(launch, logits, (1, 4), min_confidence=0.7)
    assert got.labels.tolist() == [[0, 255, 1, 255]]
    assert got.counts[[0, 1, 255]].tolist() == [1.0, 1.0, 2.0]
    assert got.counts.sum() == 4
    # Confidence is that of the class that was not sure enough.
    assert got.confidence is not None
    assert got.confidence.tolist() == [[191, 153, 230, 128]]


def test_without_confidence_the_threshold_still_holds(launch: ModuleType) -> None:
    logits = torch.tensor([[3.0, 4.0], [1.0, 6.0]]).log()[:, None, :]
    assert run(launch, logits, (1, 2), False, 0.7).labels.tolist() == [[0, 255]]
    assert run(launch, logits, (1, 2), False).labels.tolist() == [[0, 1]]


def test_exactly_as_likely_as_wanted_is_enough(launch: ModuleType) -> None:
    got = run(launch, torch.zeros(2, 1, 3), (1, 3), False, 0.5)
    assert got.labels.tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(("classes", "rows"), [(1, 1), (2, 1), (31, 1), (32, 1), (255, 5)])
def test_every_bin_of_the_counts(launch: ModuleType, classes: int, rows: int) -> None:
    # One pixel for each class; then none of them is sure enough.
    size = (rows, classes // rows)
    logits = torch.eye(classes).reshape(classes, *size) * 9
    wanted = np.zeros(COUNT_BINS)
    wanted[:classes] = 1
    np.testing.assert_array_equal(run(launch, logits, size, False).counts, wanted)
    unsure = run(launch, logits * 0, size, False, 0.9)
    if classes > 1:
        wanted[:classes], wanted[255] = 0, classes
    else:
        wanted[0] = 1  # a single class is always certain
    np.testing.assert_array_equal(unsure.counts, wanted)


def test_counts_may_be_integers(launch: ModuleType) -> None:
    logits, size = random_logits(3, 5, 7), (19, 70)
    labels = torch.empty(size, dtype=torch.uint8)
    counts = torch.full((COUNT_BINS,), 7, dtype=torch.int32)
    launch.FrameKernels(MEAN, STD, 1.0).label(logits, labels, counts, None, 0.0)
    np.testing.assert_array_equal(counts, np.bincount(labels.ravel(), minlength=COUNT_BINS))
    assert counts.sum() == 19 * 70


def test_nothing_beside_the_image_is_written(launch: ModuleType) -> None:
    whole = torch.full((2, 12, 80), 77, dtype=torch.uint8)
    labels, confidence = whole[:, 1:10, 5:72]
    counts = torch.empty(COUNT_BINS, dtype=torch.float64)
    kernels = launch.FrameKernels(MEAN, STD, 1.0)
    kernels.label(random_logits(3, 5, 7), labels, counts, confidence, 0.0)
    wanted = run(launch, random_logits(3, 5, 7), (9, 67))
    np.testing.assert_array_equal(labels, wanted.labels)
    np.testing.assert_array_equal(confidence, wanted.confidence)
    whole[:, 1:10, 5:72] = 77
    assert bool((whole == 77).all())


@pytest.mark.parametrize("offset", [1e4, -1e4])
@pytest.mark.parametrize(("temperature", "confidence"), [(1.0, 191), (0.01, 255)])
def test_large_logits_do_not_overflow(
    launch: ModuleType, offset: float, temperature: float, confidence: int
) -> None:
    logits = torch.tensor([3.0, 1.0]).log()[:, None, None] + offset
    got = run(launch, logits, (1, 1), temperature=temperature)
    assert got.confidence is not None
    assert abs(int(got.confidence[0, 0]) - confidence) <= 1


def test_the_logits_are_left_alone(launch: ModuleType) -> None:
    logits = random_logits(3, 5, 7)
    before = logits.clone()
    run(launch, logits, (11, 21), min_confidence=0.5)
    assert torch.equal(logits, before)


# ---- how they are launched


def test_what_32_bits_cannot_reach_is_refused(launch: ModuleType) -> None:
    kernels = launch.FrameKernels(MEAN, STD, 1.0)
    huge = torch.empty((40000, 30000, 3), dtype=torch.uint8, device="meta")
    with pytest.raises(LwrfError, match=r"40000, 30000, 3.* spans 3600000000 .* wanted at most"):
        kernels.preprocess(huge, "rgb8", torch.empty(3, 4, 4))
    # The last element of two that are so far apart lies at 2**31 - 2, and at 2**31 - 1.
    launch._check_extent("it", torch.empty_strided((2,), (2**31 - 2,), device="meta"))
    with pytest.raises(LwrfError, match="spans 2147483648 elements; wanted at most 2147483647"):
        launch._check_extent("it", torch.empty_strided((2,), (2**31 - 1,), device="meta"))


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
