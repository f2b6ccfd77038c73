# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Buffers, clocks and the shelf of recent shapes; the GPU's form with tensors of the CPU."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lwrf_ros.segmentation import Timings, buffers
from lwrf_ros.segmentation.buffers import ImageBuffers, Recent, StageClock

CPU = torch.device("cpu")
ALL = frozenset({"labels", "confidence", "coverage"})


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give device and host a tensor each, as on a GPU."""

    def pair(
        self: ImageBuffers, shape: tuple[int, ...], dtype: torch.dtype
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.zeros(shape, dtype=dtype), torch.zeros(shape, dtype=dtype)

    monkeypatch.setattr(ImageBuffers, "_pair", pair)


def test_on_a_cpu_both_sides_are_the_same_memory() -> None:
    memory = ImageBuffers((4, 5, 3), CPU)
    for on_device, on_host in (memory.labels, memory.counts, memory.confidence()):
        assert on_device is on_host


def test_shapes_and_types() -> None:
    memory = ImageBuffers((4, 5, 3), CPU)
    assert memory.shape == (4, 5, 3)
    assert (memory.labels[0].shape, memory.labels[0].dtype) == ((4, 5), torch.uint8)
    assert (memory.confidence()[0].shape, memory.confidence()[0].dtype) == ((4, 5), torch.uint8)
    assert (memory.counts[0].shape, memory.counts[0].dtype) == ((257,), torch.float64)


def test_confidence_is_made_once_and_when_asked_for() -> None:
    memory = ImageBuffers((4, 5, 3), CPU)
    assert memory._confidence is None
    first = memory.confidence()
    assert memory.confidence() is first


def test_on_a_cpu_an_image_is_used_where_it_lies() -> None:
    image = noise(4, 5, 3)
    tensor = ImageBuffers(image.shape, CPU).upload(image)
    assert np.shares_memory(tensor.numpy(), image)


def test_on_a_cpu_padded_rows_are_used_where_they_lie() -> None:
    image = noise(4, 20)[:, :15].reshape(4, 5, 3)
    tensor = ImageBuffers(image.shape, CPU).upload(image)
    assert np.shares_memory(tensor.numpy(), image)
    np.testing.assert_array_equal(tensor.numpy(), image)


def test_on_a_cpu_a_grey_image_is_used_where_it_lies() -> None:
    image = noise(4, 5)[:, :, np.newaxis]
    assert np.shares_memory(ImageBuffers(image.shape, CPU).upload(image).numpy(), image)


def read_only(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image.flags.writeable = False
    return image


AWKWARD = {
    "read-only": lambda: read_only(noise(4, 5, 3)),
    "bytes": lambda: np.frombuffer(noise(4, 5, 3).tobytes(), dtype=np.uint8).reshape(4, 5, 3),
    "upside down": lambda: noise(4, 5, 3)[::-1],
    "mirrored": lambda: noise(4, 5, 3)[:, ::-1],
    "channels turned": lambda: noise(4, 5, 3)[:, :, ::-1],
    "broadcast": lambda: np.broadcast_to(noise(1, 5, 3), (4, 5, 3)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", AWKWARD)
def test_on_a_cpu_what_torch_cannot_take_is_copied(kind: str) -> None:
    image = AWKWARD[kind]()
    tensor = ImageBuffers(image.shape, CPU).upload(image)
    np.testing.assert_array_equal(tensor.numpy(), image)
    assert not np.shares_memory(tensor.numpy(), image)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", AWKWARD)
def test_with_two_memories_every_image_goes_through_the_hosts(apart: None, kind: str) -> None:
    image = AWKWARD[kind]()
    memory = ImageBuffers(image.shape, CPU)
    tensor = memory.upload(image)
    on_device, on_host = memory._image
    assert tensor is on_device
    np.testing.assert_array_equal(on_host.numpy(), image)
    np.testing.assert_array_equal(on_device.numpy(), image)


def test_with_two_memories_the_next_image_goes_the_same_way(apart: None) -> None:
    memory = ImageBuffers((4, 5, 3), CPU)
    first = memory.upload(np.zeros((4, 5, 3), dtype=np.uint8))
    second = memory.upload(noise(4, 5, 3))
    assert first is second
    np.testing.assert_array_equal(second.numpy(), noise(4, 5, 3))


@pytest.mark.parametrize(
    "outputs", [frozenset(), frozenset({"labels"}), frozenset({"confidence"}), ALL]
)
def test_only_what_is_wanted_is_downloaded(apart: None, outputs: frozenset[str]) -> None:
    memory = ImageBuffers((4, 5, 3), CPU)
    memory.labels[0].fill_(1)
    memory.confidence()[0].fill_(2)
    memory.counts[0].fill_(3)
    memory.download(outputs)
    assert bool((memory.counts[1] == 3).all())  # coverage is always there
    assert bool((memory.labels[1] == 1).all()) == ("labels" in outputs)
    assert bool((memory.confidence()[1] == 2).all()) == ("confidence" in outputs)


def test_downloading_labels_makes_no_confidence() -> None:
    memory = ImageBuffers((4, 5, 3), CPU)
    memory.download(frozenset({"labels", "coverage"}))
    assert memory._confidence is None


STAGES = ["upload_ms", "preprocess_ms", "network_ms", "postprocess_ms", "download_ms"]


def test_a_clock_tells_each_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([1.0, 1.001, 1.003, 1.006, 1.010, 1.015, 2.0, 2.1, 2.1, 2.1, 2.1, 2.1])
    monkeypatch.setattr(buffers.time, "perf_counter", lambda: next(ticks))
    clock = StageClock(cuda=False)
    for wanted in ([1, 2, 3, 4, 5], [100, 0, 0, 0, 0]):  # the second time it starts anew
        for _ in range(6):
            clock.mark()
        clock.wait()
        assert list(clock.stages_ms()) == STAGES
        assert list(clock.stages_ms().values()) == pytest.approx(wanted)


def test_the_stages_are_the_fields_of_timings() -> None:
    assert [field.name for field in fields(Timings)] == [*STAGES, "total_ms"]


class FakeEvent:
    """Stands in for a CUDA event: notes when it was recorded and what was waited for."""

    recorded = 0

    def __init__(self, **options: Any) -> None:
        self.options, self.at, self.waited = options, -1, False

    def record(self) -> None:
        FakeEvent.recorded += 1
        self.at = FakeEvent.recorded

    def synchronize(self) -> None:
        self.waited = True

    def elapsed_time(self, other: FakeEvent) -> float:
        return 10.0 * (other.at - self.at)


def test_a_clock_on_a_gpu_waits_for_the_last_mark_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    clock = StageClock(cuda=True)
    for _ in range(6):
        clock.mark()
    assert [event.at for event in clock._events] == [1, 2, 3, 4, 5, 6]
    assert not any(event.waited for event in clock._events)
    clock.wait()
    assert [event.waited for event in clock._events] == [False] * 5 + [True]
    assert clock.stages_ms() == dict.fromkeys(STAGES, 10.0)
    # blocking: the waiting thread must sleep.
    assert clock._events[-1].options == {"enable_timing": True, "blocking": True}


def test_recent_keeps_what_it_made() -> None:
    shelf: Recent[list[int]] = Recent()
    first = shelf.get((1, 2), list)
    first.append(7)
    assert shelf.get((1, 2), list) is first
    assert shelf.get((2, 1), list) == []


def test_recent_lets_go_of_the_shape_that_was_not_used_for_longest() -> None:
    shelf: Recent[list[int]] = Recent()
    kept = 8
    for k in range(kept):
        shelf.get((k,), list).append(k)
    assert shelf.get((0,), list) == [0]  # used again: now (1,) is the oldest
    shelf.get((kept,), list)
    assert shelf.get((0,), list) == [0]
    assert shelf.get((1,), list) == []


def test_recent_is_bounded() -> None:
    shelf: Recent[list[int]] = Recent()
    for k in range(100):
        shelf.get((k,), list)
    assert len(shelf._entries) == 8
