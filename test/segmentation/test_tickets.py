# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Submit and collect: who owns which memory, and that nothing grows from frame to frame."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from oracle import BLUE, GREEN, RED, StrongestChannel, class_table, painted

from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation import Segmenter, buffers
from lwrf_ros.segmentation.buffers import ImageBuffers

EVERYTHING = ("labels", "confidence", "coverage")
COLOURS = (RED, GREEN, BLUE)


@pytest.fixture(params=["as on a CPU", "as on a GPU"])
def segmenter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Segmenter:
    """A segmenter on the CPU; once with batches and a memory of its own for either side."""
    if request.param == "as on a GPU":

        def pair(
            self: ImageBuffers, shape: tuple[int, ...], dtype: torch.dtype
        ) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.empty(shape, dtype=dtype), torch.empty(shape, dtype=dtype)

        monkeypatch.setattr(ImageBuffers, "_pair", pair)
        monkeypatch.setattr(Segmenter, "best_batch", 4)
    return Segmenter(StrongestChannel(), class_table(3), device="cpu")


def only_label(labels: np.ndarray | None) -> int:
    assert labels is not None
    (label,) = np.unique(labels)
    return int(label)


def test_two_tickets_under_way_collected_in_order(segmenter: Segmenter) -> None:
    red, green = segmenter.submit([painted(RED)]), segmenter.submit([painted(GREEN)])
    assert only_label(segmenter.collect(red)[0].labels) == 0
    assert only_label(segmenter.collect(green)[0].labels) == 1


def test_many_tickets_collected_out_of_order(segmenter: Segmenter) -> None:
    tickets = [segmenter.submit([painted(COLOURS[k % 3])], outputs=EVERYTHING) for k in range(7)]
    for k in (3, 6, 0, 5, 1, 4, 2):
        (result,) = segmenter.collect(tickets[k])
        assert only_label(result.labels) == k % 3
        assert result.coverage[k % 3] == 1.0


def test_a_ticket_is_collected_once(segmenter: Segmenter) -> None:
    ticket = segmenter.submit([painted(RED)])
    (result,) = segmenter.collect(ticket)
    with pytest.raises(LwrfError, match="collected before"):
        segmenter.collect(ticket)
    # The second attempt gave nothing back twice: two frames under way have a memory each.
    first, second = segmenter.submit([painted(GREEN)]), segmenter.submit([painted(BLUE)])
    assert only_label(segmenter.collect(first)[0].labels) == 1
    assert only_label(segmenter.collect(second)[0].labels) == 2
    assert only_label(result.labels) == 0


def test_tickets_with_different_outputs_do_not_mix(segmenter: Segmenter) -> None:
    sure = segmenter.submit([painted(RED)], outputs=["confidence"])
    plain = segmenter.submit([painted(RED)], min_confidence=0.9)
    assert segmenter.collect(sure)[0].labels is None
    (result,) = segmenter.collect(plain)
    assert result.confidence is None
    assert (only_label(result.labels), result.unlabelled) == (255, 1.0)


def test_the_images_are_the_callers_again_after_submit(segmenter: Segmenter) -> None:
    image = painted(RED)
    ticket = segmenter.submit([image])
    image[:] = GREEN
    assert only_label(segmenter.collect(ticket)[0].labels) == 0


def test_the_results_are_the_callers(segmenter: Segmenter) -> None:
    (result,) = segmenter.segment([painted(RED)], outputs=EVERYTHING)
    assert result.labels is not None and result.confidence is not None
    for array in (result.labels, result.confidence, result.coverage):
        assert array.flags.writeable and array.flags.c_contiguous
    kept = [a.copy() for a in (result.labels, result.confidence, result.coverage)]
    (other,) = segmenter.segment([painted(GREEN, BLUE)[:, :32]], outputs=EVERYTHING)
    for array, before in zip(
        (result.labels, result.confidence, result.coverage), kept, strict=True
    ):
        np.testing.assert_array_equal(array, before)
    result.labels[:] = 9
    result.confidence[:] = 9
    result.coverage[:] = 9
    (again,) = segmenter.segment([painted(GREEN)], outputs=EVERYTHING)
    assert only_label(again.labels) == only_label(other.labels) == 1
    assert only_label(again.confidence) == StrongestChannel.pure_confidence


def test_groups_keep_the_order_of_the_images(segmenter: Segmenter) -> None:
    images = [painted(COLOURS[k % 3], height=40 + 8 * (k in (4, 5))) for k in range(11)]
    results = segmenter.segment(images, outputs=EVERYTHING)
    assert [only_label(result.labels) for result in results] == [k % 3 for k in range(11)]
    assert [result.labels.shape[0] for result in results if result.labels is not None] == [
        len(image) for image in images
    ]


def test_groups_are_of_one_size_and_no_larger_than_the_best_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Segmenter, "best_batch", 4)
    network = StrongestChannel()
    segmenter = Segmenter(network, class_table(3), device="cpu")
    segmenter.segment([painted(RED)] * 6 + [painted(RED, RED)] * 2 + [painted(RED)])
    assert network.sizes == [
        (4, 3, 40, 32),
        (2, 3, 40, 32),
        (2, 3, 40, 64),
        (1, 3, 40, 32),
    ]


def test_with_an_input_size_unequal_images_run_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Segmenter, "best_batch", 4)
    network = StrongestChannel()
    segmenter = Segmenter(network, class_table(3), device="cpu", input_size=(32, 48))
    images = [painted(RED), painted(GREEN, GREEN), painted(BLUE, height=9)]
    results = segmenter.segment(images)
    assert network.sizes == [(3, 3, 32, 48)]
    assert [only_label(result.labels) for result in results] == [0, 1, 2]
    assert [result.labels.shape for result in results if result.labels is not None] == [
        (40, 32),
        (40, 64),
        (9, 32),
    ]


def test_warm_up_runs_every_batch_size() -> None:
    network = StrongestChannel()
    segmenter = Segmenter(network, class_table(3), device="cpu", input_size=(32, 48))
    segmenter._best_batch = 3
    assert segmenter.warm_up()
    assert [size[0] for size in network.sizes] == [1, 2, 3]


# ---- nothing grows


def memory(segmenter: Segmenter) -> Iterator[torch.Tensor]:
    """Yield every tensor that a segmenter keeps between frames."""
    yield from segmenter._batches._entries.values()
    for spare in segmenter._spare._entries.values():
        for image_buffers in spare:
            pairs = (image_buffers._image, image_buffers.labels, image_buffers.counts)
            for pair in (*pairs, image_buffers._confidence or ()):
                yield from pair


def addresses(segmenter: Segmenter) -> set[int]:
    return {tensor.data_ptr() for tensor in memory(segmenter)}


def test_the_second_frame_uses_the_memory_of_the_first(segmenter: Segmenter) -> None:
    segmenter.segment([painted(RED)], outputs=EVERYTHING)
    first = addresses(segmenter)
    # The network's input, image, labels, counts, confidence.
    assert len(first) >= 5
    for colour in (GREEN, BLUE):
        segmenter.segment([painted(colour)], outputs=EVERYTHING)
        assert addresses(segmenter) == first


def test_two_frames_under_way_use_the_same_two_memories(segmenter: Segmenter) -> None:
    def both() -> set[int]:
        tickets = [segmenter.submit([painted(RED)]), segmenter.submit([painted(GREEN)])]
        for ticket in tickets:
            segmenter.collect(ticket)
        return addresses(segmenter)

    first = both()
    for _ in range(3):
        assert both() == first
    segmenter.segment([painted(BLUE)])
    assert addresses(segmenter) == first


def test_the_number_of_tensors_stays(segmenter: Segmenter) -> None:
    def living() -> int:
        gc.collect()
        return sum(type(thing) is torch.Tensor for thing in gc.get_objects())

    for _ in range(2):
        segmenter.segment([painted(RED)] * 3, outputs=EVERYTHING)
    before = living()
    for _ in range(20):
        segmenter.segment([painted(RED)] * 3, outputs=EVERYTHING)
    assert living() == before
    assert len(segmenter._spare_clocks) <= 3


def test_memory_is_kept_for_a_bounded_number_of_shapes(segmenter: Segmenter) -> None:
    for width in range(32, 32 + 3 * buffers._KEPT_SHAPES):
        segmenter.segment([np.zeros((40, width, 3), dtype=np.uint8)], outputs=EVERYTHING)
    assert len(segmenter._spare._entries) == buffers._KEPT_SHAPES
    assert len(segmenter._batches._entries) == buffers._KEPT_SHAPES


def test_tickets_that_outlive_their_shapes_memory_are_still_right(segmenter: Segmenter) -> None:
    ticket = segmenter.submit([painted(GREEN)])
    for width in range(33, 33 + 2 * buffers._KEPT_SHAPES):
        segmenter.segment([np.zeros((40, width, 3), dtype=np.uint8)])
    assert only_label(segmenter.collect(ticket)[0].labels) == 1


def test_a_ticket_that_is_never_collected_costs_its_memory_only_while_it_lives(
    segmenter: Segmenter,
) -> None:
    for _ in range(5):
        segmenter.submit([painted(RED)])
    assert sum(len(spare) for spare in segmenter._spare._entries.values()) == 0
    assert only_label(segmenter.segment([painted(BLUE)])[0].labels) == 2
