# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The engine on a GPU: the CPU's labels, a stream of its own, no waiting, no allocation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from oracle import class_table
from reference import camera_image, filled, mobile_shapes
from torch.nn.functional import interpolate

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.network import RefineNet, build_network
from lwrf_ros.package_data import find_weights
from lwrf_ros.segmentation import ENCODINGS, Segmenter
from lwrf_ros.weights.checkpoint import load_weights

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="there is no GPU that torch can use"
)

CLASSES = 5
EVERYTHING = ("labels", "confidence", "coverage")
SIZE = (96, 128)


@pytest.fixture(scope="module")
def network() -> RefineNet:
    network = build_network("mobilenet_v2", CLASSES)
    load_weights(network, filled(mobile_shapes(CLASSES)))
    return network


def on(network: RefineNet, device: str, precision: str = "fp32") -> Segmenter:
    return Segmenter(network, class_table(CLASSES), device, precision, input_size=SIZE)


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    """Make every wait for the GPU that torch knows of an error."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize(("precision", "share"), [("fp32", 0.999), ("fp16", 0.98), ("bf16", 0.9)])
def test_labels_of_the_cpu(network: RefineNet, precision: str, share: float) -> None:
    images = [camera_image(90 + k, 120) for k in range(3)]
    wanted = on(network, "cpu").segment(images, outputs=EVERYTHING)
    got = on(network, "cuda", precision).segment(images, outputs=EVERYTHING)
    for one, other in zip(got, wanted, strict=True):
        assert (one.labels == other.labels).mean() >= share
        assert abs(one.coverage.sum() + one.unlabelled - 1) < 1e-12
        if precision == "fp32":
            difference = one.confidence.astype(int) - other.confidence
            assert np.abs(difference).max() <= 1


def scene(height: int, width: int) -> NDArray[np.uint8]:
    """Return a picture of soft shapes with a little noise, ``(H, W, 3) uint8 RGB``."""
    generator = torch.Generator().manual_seed(3)
    shapes = torch.rand((1, 3, 9, 12), generator=generator) * 255
    picture = interpolate(shapes, size=(height, width), mode="bicubic")
    picture += torch.randn(picture.shape, generator=generator) * 4
    return picture[0].permute(1, 2, 0).clamp(0, 255).to(torch.uint8).numpy()


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_labels_of_the_cpu_with_trained_weights(precision: str) -> None:
    classes = ClassTable.load("camvid")
    network = build_network("mobilenet_v2", len(classes))
    weights = find_weights("mobilenet_v2", "light_weight", "camvid")
    assert weights is not None
    load_weights(network, weights)
    image = scene(480, 640)
    (wanted,) = Segmenter(network, classes, "cpu").segment([image])
    (got,) = Segmenter(network, classes, "cuda", precision).segment([image])
    assert len(np.unique(wanted.labels)) > 2
    share = (got.labels == wanted.labels).mean()
    assert share >= (0.9999 if precision == "fp32" else 0.995)


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "mono8"])
def test_encodings(network: RefineNet, encoding: str) -> None:
    image = camera_image(90, 120)
    image = image[:, :, 0] if encoding == "mono8" else image
    (wanted,) = on(network, "cpu").segment([image], encoding)
    (got,) = on(network, "cuda").segment([image], encoding)
    assert (got.labels == wanted.labels).mean() >= 0.999


def test_auto_is_the_gpu_in_half_precision(network: RefineNet) -> None:
    segmenter = on(network, "auto", "auto")
    assert segmenter.device.type == "cuda"
    assert segmenter.precision == "fp16"
    assert segmenter.overlaps
    assert segmenter.best_batch > 1
    assert segmenter.device_memory_mib is not None and segmenter.device_memory_mib > 0
    assert torch.cuda.get_device_name(segmenter.device) in segmenter.device_name


def test_it_works_in_a_stream_of_its_own(network: RefineNet) -> None:
    segmenter = on(network, "cuda")
    seen = []
    own = segmenter._stages._graphs._network
    own.register_forward_hook(lambda *_: seen.append(torch.cuda.current_stream()))
    before = torch.cuda.current_stream()
    segmenter.segment([camera_image(90, 120)])
    # Where the network is recorded, the hook runs then; replays follow the current stream.
    assert set(seen) == {segmenter._stream}
    assert segmenter._stream != torch.cuda.default_stream()
    assert torch.cuda.current_stream() == before


def test_the_hosts_memory_is_pinned(network: RefineNet) -> None:
    segmenter = on(network, "cuda")
    segmenter.segment([camera_image(90, 120)], outputs=EVERYTHING)
    ((buffers,),) = segmenter._spare._entries.values()
    pairs = (buffers._image, buffers.labels, buffers.counts, buffers.confidence())
    assert all(on_device.is_cuda for on_device, _ in pairs)
    assert all(on_host.is_pinned() for _, on_host in pairs)


def test_submit_waits_for_nothing(network: RefineNet) -> None:
    segmenter = on(network, "cuda", "auto")
    images = [camera_image(90, 120)] * segmenter.best_batch
    segmenter.warm_up((90, 120))
    for encoding in ENCODINGS:
        coded = [image[:, :, 0] for image in images] if encoding == "mono8" else images
        segmenter.segment(coded, encoding, EVERYTHING)  # its buffers, the first time
        with waiting_is_an_error():
            ticket = segmenter.submit(coded, encoding, EVERYTHING, min_confidence=0.3)
        assert len(segmenter.collect(ticket)) == len(images)


def test_waiting_would_be_noticed() -> None:
    with waiting_is_an_error(), pytest.raises(RuntimeError, match="synchronizing"):
        torch.ones(1, device="cuda").item()


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_nothing_is_allocated_after_warm_up(network: RefineNet, precision: str) -> None:
    segmenter = on(network, "cuda", precision)
    images = [camera_image(90, 120)] * segmenter.best_batch

    # Older releases of torch do not count pinned memory.
    pinned = getattr(torch.cuda, "host_memory_stats", dict)

    def figures() -> tuple[int, int, int]:
        stats = torch.cuda.memory_stats()
        return (
            stats["num_device_alloc"],
            stats["reserved_bytes.all.current"],
            pinned().get("num_host_alloc", 0),
        )

    segmenter.warm_up((90, 120))
    for _ in range(2):  # two tickets under way have two sets of buffers
        first, second = (segmenter.submit(images, outputs=EVERYTHING) for _ in range(2))
        segmenter.collect(first)
        segmenter.collect(second)
    before = figures()
    for _ in range(100):
        first, second = (segmenter.submit(images, outputs=EVERYTHING) for _ in range(2))
        segmenter.collect(first)
        segmenter.collect(second)
    assert figures() == before


def test_the_images_are_the_callers_again_after_submit(network: RefineNet) -> None:
    segmenter = on(network, "cuda")
    image = camera_image(90, 120)
    (wanted,) = segmenter.segment([image])
    scratch = image.copy()
    ticket = segmenter.submit([scratch])
    scratch[:] = 0
    np.testing.assert_array_equal(segmenter.collect(ticket)[0].labels, wanted.labels)


def test_overlapping_tickets_do_not_mix(network: RefineNet) -> None:
    segmenter = on(network, "cuda")
    images = [np.roll(camera_image(90, 120), 7 * k, axis=1) for k in range(6)]
    wanted = [segmenter.segment([image])[0].labels for image in images]
    tickets = [segmenter.submit([image]) for image in images]
    for k in (5, 0, 3, 1, 4, 2):
        np.testing.assert_array_equal(segmenter.collect(tickets[k])[0].labels, wanted[k])


def test_fp32_is_not_tf32_and_leaves_the_settings_alone(network: RefineNet) -> None:
    before = torch.backends.cudnn.allow_tf32
    on(network, "cuda").segment([camera_image(90, 120)])
    assert torch.backends.cudnn.allow_tf32 == before


def test_timings_are_the_devices(network: RefineNet) -> None:
    segmenter = on(network, "cuda")
    segmenter.warm_up()
    (result,) = segmenter.segment([camera_image(90, 120)])
    assert result.timings.network_ms > 0
    assert result.timings.network_ms <= result.timings.total_ms
