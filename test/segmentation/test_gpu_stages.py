# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Kernels and graphs on a GPU: the CPU's results, compiled once, no waiting, bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from reference import camera_image, filled, mobile_shapes
from test_gpu import waiting_is_an_error
from torch import Tensor, nn

from lwrf_ros.network import build_network
from lwrf_ros.segmentation.cuda.graphs import NetworkGraphs
from lwrf_ros.segmentation.cuda.stages import CudaStages, TorchEnds
from lwrf_ros.segmentation.postprocess import COUNT_BINS
from lwrf_ros.weights.checkpoint import load_weights

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="there is no GPU that torch can use"
)

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES, TEMPERATURE = 5, 1.5
CPU = torch.device("cpu")
MIB = 2**20


@pytest.fixture(scope="module")
def network() -> nn.Module:
    network = build_network("mobilenet_v2", CLASSES)
    load_weights(network, filled(mobile_shapes(CLASSES)))
    network.requires_grad_(False).to("cuda", torch.float16)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


@pytest.fixture
def stages(network: nn.Module) -> Iterator[CudaStages]:
    stream = torch.cuda.Stream()
    stages = CudaStages(network, CLASSES, MEAN, STD, TEMPERATURE, torch.float16, stream)
    with torch.inference_mode(), torch.cuda.stream(stream):
        yield stages
    stages.close()


@pytest.fixture
def kernels() -> Iterator[type]:
    """The class of the compiled kernels, on a stream of its own."""
    pytest.importorskip("triton", reason="triton is not installed")
    from lwrf_ros.segmentation.cuda.launch import FrameKernels

    with torch.inference_mode(), torch.cuda.stream(torch.cuda.Stream()):
        yield FrameKernels


def outputs(height: int, width: int, device: str = "cuda") -> tuple[Tensor, Tensor, Tensor]:
    labels, confidence = torch.full((2, height, width), 77, dtype=torch.uint8, device=device)
    return labels, torch.full((COUNT_BINS,), 7.0, dtype=torch.float64, device=device), confidence


def test_the_kernels_and_graphs_are_in_use(stages: CudaStages) -> None:
    pytest.importorskip("triton", reason="triton is not installed")
    stages.warm_up((64, 64), 1)
    assert stages.description.startswith("triton ")
    assert stages.description.endswith(" kernels; network in CUDA graphs")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", [(512, 512), (97, 1001), (480, 640), (1080, 1920)])
@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "mono8"])
def test_input_of_the_torch_form(
    kernels: type, encoding: str, size: tuple[int, int], dtype: torch.dtype
) -> None:
    image = torch.from_numpy(camera_image(480, 640))
    image = image[:, :, :1] if encoding == "mono8" else image
    wanted = torch.empty(3, *size)
    TorchEnds(MEAN, STD, 1.0, CPU).preprocess(image, encoding, wanted)
    batch = torch.empty(
        (2, 3, *size), dtype=dtype, device="cuda", memory_format=torch.channels_last
    )
    kernels(MEAN, STD, 1.0).preprocess(image.cuda(), encoding, batch[1])
    torch.cuda.synchronize()
    rounding = {torch.float32: 0.0, torch.float16: 2**-11, torch.bfloat16: 2**-8}[dtype]
    torch.testing.assert_close(batch[1].cpu().float(), wanted, rtol=rounding, atol=1e-4)


@pytest.mark.parametrize("last", [False, True], ids=["planar", "channels-last"])
@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (101, 67), (33, 1001)])
@pytest.mark.parametrize("classes", [1, 2, 11, 40, 255])
def test_labels_of_the_torch_form(
    kernels: type, classes: int, size: tuple[int, int], last: bool
) -> None:
    generator = torch.Generator().manual_seed(classes)
    logits = (torch.randn((1, classes, 64, 64), generator=generator) * 3).half()
    logits = logits.contiguous(memory_format=torch.channels_last) if last else logits
    wanted, wanted_counts, wanted_confidence = outputs(*size, device="cpu")
    ends = TorchEnds(MEAN, STD, TEMPERATURE, CPU)
    ends.label(logits[0], wanted, wanted_counts, wanted_confidence, 0.0)
    labels, counts, confidence = outputs(*size)
    kernels(MEAN, STD, TEMPERATURE).label(logits.cuda()[0], labels, counts, confidence, 0.0)
    torch.cuda.synchronize()
    assert (labels.cpu() == wanted).double().mean() >= 0.9999
    assert (confidence.cpu().int() - wanted_confidence.int()).abs().max() <= 1
    np.testing.assert_array_equal(
        counts.cpu(), np.bincount(labels.cpu().ravel(), minlength=COUNT_BINS)
    )


def test_no_size_compiles_a_kernel_anew(kernels: type) -> None:
    from lwrf_ros.segmentation.cuda.kernels import input_kernel, label_kernel

    both = kernels(MEAN, STD, TEMPERATURE)
    both.compile(CLASSES, torch.float16, torch.device("cuda"))

    def compiled() -> int:
        caches = (input_kernel.device_caches, label_kernel.device_caches)
        return sum(len(cache[0]) for of_kernel in caches for cache in of_kernel.values())

    before = compiled()
    for height, width in ((1, 1), (16, 16), (480, 640), (481, 641), (333, 1)):
        images = torch.zeros((2, height, width, 3), dtype=torch.uint8, device="cuda")
        batch = torch.empty((3, 3, 33, width), dtype=torch.float16, device="cuda")
        logits = torch.zeros((3, CLASSES, 7, 9), dtype=torch.float16, device="cuda")
        labels, counts, confidence = outputs(height, width)
        for encoding in ("rgb8", "bgr8", "mono8"):
            both.preprocess(images[1], encoding, batch[1])  # often not aligned to 16 bytes
        for wanted, threshold in ((None, 0.0), (None, 0.5), (confidence, 0.0), (confidence, 0.5)):
            both.label(logits[1], labels, counts, wanted, threshold)
    torch.cuda.synchronize()
    assert compiled() == before


@pytest.mark.parametrize("confidence", [False, True])
def test_labelling_needs_no_memory(kernels: type, confidence: bool) -> None:
    both = kernels(MEAN, STD, TEMPERATURE)
    both.compile(40, torch.float16, torch.device("cuda"))
    logits = torch.randn((40, 270, 480), dtype=torch.float16, device="cuda")
    labels, counts, certainty = outputs(1080, 1920)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    both.label(logits, labels, counts, certainty if confidence else None, 0.3)
    torch.cuda.synchronize()
    assert torch.cuda.max_memory_allocated() == before  # the limit is 16 MB


# ---- graphs


@pytest.mark.parametrize("images", [1, 3])
def test_a_graph_gives_what_the_network_gives(
    stages: CudaStages, network: nn.Module, images: int
) -> None:
    stages.warm_up((96, 128), images)
    for seed in range(3):
        batch = stages.new_batch(images, (96, 128))
        batch.copy_(torch.randn(batch.shape, generator=torch.Generator().manual_seed(seed)))
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=True):
            wanted = network(batch)
        torch.testing.assert_close(stages.forward(batch), wanted, rtol=0, atol=0)
        elsewhere = batch.clone(memory_format=torch.preserve_format)
        torch.testing.assert_close(stages.forward(elsewhere), wanted, rtol=0, atol=0)


def test_a_whole_frame_neither_waits_nor_allocates(stages: CudaStages) -> None:
    pytest.importorskip("triton", reason="triton is not installed; torch's operations allocate")
    images = torch.from_numpy(camera_image(90, 120)).cuda().repeat(4, 1, 1, 1)
    results = [outputs(90, 120) for _ in images]
    stages.warm_up((96, 128), 4)

    def frame(count: int) -> None:
        batch = stages.new_batch(count, (96, 128))
        for image, slot in zip(images[:count], batch, strict=True):
            stages.preprocess(image, "rgb8", slot)
        for scores, memory in zip(stages.forward(batch), results[:count], strict=True):
            labels, counts, confidence = memory
            stages.label(scores, labels, counts, confidence, 0.3)

    def figures() -> tuple[int, ...]:
        stats = torch.cuda.memory_stats()
        keys = ("num_device_alloc", "allocation.all.allocated", "reserved_bytes.all.current")
        return tuple(stats[key] for key in keys)

    for count in range(1, 5):
        frame(count)
    with waiting_is_an_error():
        before = figures()
        for k in range(200):
            frame(1 + k % 4)
        assert figures() == before


def test_another_thread_than_the_warm_ups_replays_the_same(stages: CudaStages) -> None:
    stages.warm_up((96, 128), 1)
    batch = stages.new_batch(1, (96, 128))
    batch.copy_(torch.randn(batch.shape, generator=torch.Generator().manual_seed(1)))
    wanted = stages.forward(batch).clone()
    found: list[Tensor] = []

    def work() -> None:
        with torch.inference_mode(), torch.cuda.stream(stages._stream):
            found.append(stages.forward(batch).clone())
            stages._stream.synchronize()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert torch.equal(found[0], wanted)


def reserved_mib() -> float:
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    return torch.cuda.memory_reserved() / MIB


def test_smaller_batches_fit_into_the_memory_of_the_largest(stages: CudaStages) -> None:
    before = reserved_mib()
    stages._graphs.warm_up(512, 512, [4], torch.float16)
    largest = reserved_mib() - before
    stages.warm_up((512, 512), 4)
    assert reserved_mib() - before < 1.5 * largest


def test_what_is_given_up_gives_its_memory_back(network: nn.Module) -> None:
    stream = torch.cuda.Stream()
    with torch.inference_mode(), torch.cuda.stream(stream):
        graphs = NetworkGraphs(network, stream, allow_tf32=True, kept_sizes=2)
        before = reserved_mib()
        graphs.warm_up(512, 512, [4], torch.float16)
        large = reserved_mib() - before
        assert large > 20
        # Two small sizes push the large one out.
        graphs.warm_up(64, 64, [1], torch.float16)
        graphs.warm_up(64, 96, [1], torch.float16)
        assert graphs.shapes == [(1, 64, 64), (1, 64, 96)]
        # The input of the size given up may still wait on the shelf of batches.
        assert reserved_mib() - before < 0.7 * large
        # However many sizes come, what is held does not grow.
        for k in range(12):
            graphs.warm_up(64, 128 + 32 * k, [1], torch.float16)
        assert len(graphs.shapes) == 2
        held = reserved_mib() - before
        graphs.close()
    assert held < 2 * large
    assert graphs.shapes == []
