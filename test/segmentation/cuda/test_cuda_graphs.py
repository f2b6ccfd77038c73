# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is recorded, kept and given up, with a stand-in for the GPU's part; that is in test_gpu."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from lwrf_ros.segmentation.cuda import graphs as graphs_module
from lwrf_ros.segmentation.cuda.graphs import NetworkGraphs

IDLE = 256  # calls


class Stream:
    """Stands in for a CUDA stream."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        self.waits = 0

    def synchronize(self) -> None:
        self.waits += 1


class Graph:
    """Stands in for a CUDA graph: runs the network again from the same memory into the same."""

    def __init__(self, network: Network, batch: Tensor, pool: Any) -> None:
        self.network, self.batch, self.pool = network, batch, pool
        self.logits = network.scores(batch)
        self.replays = 0
        self.gone = False

    def replay(self) -> None:
        assert not self.gone
        self.replays += 1
        self.logits.copy_(self.network.scores(self.batch))

    def reset(self) -> None:
        self.gone = True


class Network:
    """Averages cells of 4x4 pixels, and notes how it was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[int, ...], bool, bool]] = []
        self.graphs: list[Graph] = []
        self.broken = False

    def scores(self, batch: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(batch, 4)

    def __call__(self, batch: Tensor) -> Tensor:
        cudnn = torch.backends.cudnn
        self.calls.append((tuple(batch.shape), cudnn.benchmark, cudnn.allow_tf32))
        if self.broken:
            raise RuntimeError("a broken network")
        return self.scores(batch)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    pools = iter(range(1, 1000))

    def capture(self: NetworkGraphs, batch: Tensor, pool: Any) -> tuple[Graph, Tensor]:
        self._run(batch, tune=False)
        network.graphs.append(Graph(network, batch, pool))
        return network.graphs[-1], network.graphs[-1].logits

    monkeypatch.setattr(NetworkGraphs, "_capture", capture)
    # Whatever a replay in this process has asked for before.
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, next(pools)))
    return network


def graphs_of(network: Network, kept_sizes: int = 2, stream: Stream | None = None) -> NetworkGraphs:
    return NetworkGraphs(network, stream or Stream(), True, kept_sizes)  # type: ignore[arg-type]


def batch_of(images: int = 1, height: int = 8, width: int = 8) -> Tensor:
    return torch.rand(images, 3, height, width)


def use(graphs: NetworkGraphs, *sizes: int, times: int = 1) -> None:
    for _ in range(times):
        for size in sizes:
            graphs(batch_of(1, size, 8))


def test_a_new_shape_is_tuned_recorded_and_replayed(network: Network) -> None:
    graphs, batch = graphs_of(network), batch_of()
    assert torch.equal(graphs(batch), network.scores(batch))
    tuned, recorded = ((1, 3, 8, 8), True, True), ((1, 3, 8, 8), False, True)
    assert network.calls == [tuned] * 3 + [recorded]
    assert [graph.replays for graph in network.graphs] == [1]
    assert graphs.shapes == [(1, 8, 8)]


def test_afterwards_the_network_is_only_replayed(network: Network) -> None:
    graphs, batch = graphs_of(network), batch_of()
    first = graphs(batch)
    del network.calls[:]
    batch.uniform_()
    second = graphs(batch)
    assert second is first  # the recording's own memory, overwritten
    assert torch.equal(second, network.scores(batch))
    assert network.calls == []
    assert network.graphs[0].replays == 2


def test_what_lies_elsewhere_is_copied_to_where_the_recording_reads(network: Network) -> None:
    graphs, batch, other = graphs_of(network), batch_of(), batch_of()
    graphs(batch)
    assert torch.equal(graphs(other), network.scores(other))
    assert torch.equal(batch, other)
    assert len(network.graphs) == 1


def test_the_batch_to_fill_is_what_the_recording_reads(network: Network) -> None:
    graphs = graphs_of(network)
    batch = graphs.batch(2, 8, 12, torch.float32)
    assert batch.shape == (2, 3, 8, 12)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert graphs.batch(2, 8, 12, torch.float32) is batch
    graphs(batch)
    assert network.graphs[0].batch is batch
    for k in range(20):  # the shelf of batches forgets, the recording does not
        graphs.batch(1, 8, 16 + k, torch.float32)
    assert graphs.batch(2, 8, 12, torch.float32) is batch


def test_warming_up_records_the_largest_batch_first(network: Network) -> None:
    graphs = graphs_of(network)
    graphs.warm_up(8, 12, range(1, 5), torch.float32)
    assert [tuple(graph.batch.shape) for graph in network.graphs] == [
        (images, 3, 8, 12) for images in (4, 3, 2, 1)
    ]
    assert len({graph.pool for graph in network.graphs}) == 1
    del network.calls[:]
    graphs.warm_up(8, 12, range(1, 5), torch.float32)
    for images in range(1, 5):
        batch = graphs.batch(images, 8, 12, torch.float32).uniform_()
        assert torch.equal(graphs(batch), network.scores(batch))
    assert network.calls == []


def test_sizes_have_pools_of_their_own(network: Network) -> None:
    graphs = graphs_of(network)
    use(graphs, 8, 16)
    assert len({graph.pool for graph in network.graphs}) == 2


def test_when_all_sizes_are_in_use_a_further_one_runs_untuned(network: Network) -> None:
    graphs = graphs_of(network)
    use(graphs, 8, 16)
    del network.calls[:]
    batch = batch_of(1, 24, 8)
    assert torch.equal(graphs(batch), network.scores(batch))
    assert network.calls == [((1, 3, 24, 8), False, True)]
    use(graphs, 8, 16, 24, times=IDLE)  # round and round: nobody pushes anybody out
    assert len(network.graphs) == 2
    assert sorted(graphs.shapes) == [(1, 8, 8), (1, 16, 8)]


def test_another_batch_of_a_kept_size_is_always_recorded(network: Network) -> None:
    graphs = graphs_of(network)
    use(graphs, 8, 16)
    graphs(batch_of(3, 8, 8))
    assert (3, 8, 8) in graphs.shapes


def test_a_size_that_is_not_used_any_more_makes_room(network: Network) -> None:
    stream = Stream()
    graphs = graphs_of(network, stream=stream)
    use(graphs, 8, 16)
    use(graphs, 16, times=IDLE)
    assert stream.waits == 0
    use(graphs, 24)
    assert graphs.shapes == [(1, 16, 8), (1, 24, 8)]
    assert [graph.gone for graph in network.graphs] == [True, False, False]
    assert stream.waits == 1
    use(graphs, 8)
    assert graphs.shapes == [(1, 16, 8), (1, 24, 8)]


def test_warming_up_makes_room_whatever_is_in_use(network: Network) -> None:
    graphs = graphs_of(network)
    graphs.warm_up(8, 8, [1, 2], torch.float32)
    use(graphs, 16)
    use(graphs, 8)
    graphs.warm_up(24, 8, [1], torch.float32)
    assert graphs.shapes == [(2, 8, 8), (1, 8, 8), (1, 24, 8)]
    graphs.warm_up(16, 8, [1], torch.float32)
    assert graphs.shapes == [(1, 24, 8), (1, 16, 8)]
    # A pool that all its recordings have left cannot be used again.
    pools = [graph.pool for graph in network.graphs]
    assert pools[-1] not in pools[:-1]


def test_what_cannot_be_recorded_runs_and_says_so(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def capture(*_: Any) -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nat some line")

    monkeypatch.setattr(NetworkGraphs, "_capture", capture)
    graphs, batch = graphs_of(network), batch_of()
    assert graphs.failure is None
    assert torch.equal(graphs(batch), network.scores(batch))
    assert graphs.failure == (
        "network without CUDA graphs, as it cannot be recorded (operation not permitted when "
        "stream is capturing)"
    )
    del network.calls[:]
    graphs.warm_up(8, 8, [1, 2], torch.float32)
    graphs(batch)
    assert network.calls == [((1, 3, 8, 8), True, True)]
    assert graphs.shapes == []
    # As many sizes as would be recorded are tuned instead, and no more.
    del network.calls[:]
    use(graphs, 16, 24, 8, 16)
    assert [(shape[2], tuned) for shape, tuned, _ in network.calls] == [
        (16, True),
        (24, False),
        (8, True),
        (16, True),
    ]


def test_a_guess_does_not_stand_in_the_way_of_tuning(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    # cuDNN's choices are remembered by shape, whether tuned or guessed, and apart where they have
    # to be deterministic.
    remembered = []
    graphs = graphs_of(network)
    use(graphs, 8, 16)
    monkeypatch.setattr(
        graphs, "_network", lambda batch: remembered.append(torch.backends.cudnn.deterministic)
    )
    graphs(batch_of(1, 24, 8))
    assert remembered == [True]
    assert not torch.backends.cudnn.deterministic


def test_a_larger_batch_is_recorded_before_the_smaller_ones(network: Network) -> None:
    graphs = graphs_of(network)
    for images in (1, 2, 1):
        graphs(batch_of(images))
    assert [len(graph.batch) for graph in network.graphs] == [1, 2, 1]
    assert [graph.gone for graph in network.graphs] == [True, False, False]
    # In the memory of two images there is room for one.
    assert network.graphs[1].pool == network.graphs[2].pool != network.graphs[0].pool


@pytest.mark.parametrize("place", ["_capture", "check_free"])
def test_too_little_memory_for_a_recording_is_not_that_it_cannot_be(
    network: Network, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    graphs = graphs_of(network)
    with monkeypatch.context() as patch:
        patch.setattr(NetworkGraphs if place == "_capture" else graphs_module, place, full)
        with pytest.raises(torch.OutOfMemoryError):
            graphs(batch_of())
    assert graphs.failure is None
    use(graphs, 8)
    assert graphs.shapes == [(1, 8, 8)]


def test_what_a_recording_needs_is_compared_with_what_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpu = torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (300 << 20, 8 << 30))
    graphs_module.check_free(300 << 20, gpu)
    with pytest.raises(torch.OutOfMemoryError, match=r"300 MiB are free, and .* needs 301 MiB"):
        graphs_module.check_free(301 << 20, gpu)
    # 100 are there before; in between there are 450.
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 100)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 450)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    ran = []
    assert graphs_module.peak_bytes(lambda: ran.append(True), gpu) == 350
    assert ran == [True]


def test_memory_is_given_back_even_behind_a_recording_that_failed(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = graphs_of(network)
    use(graphs, 8)

    def stuck() -> None:
        raise RuntimeError("captures_underway.empty() INTERNAL ASSERT FAILED")

    monkeypatch.setattr(torch.cuda, "empty_cache", stuck)
    graphs.close()
    assert graphs.shapes == []
    # What else goes wrong there is no secret.
    use(graphs, 8)

    def lost() -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(torch.cuda, "empty_cache", lost)
    with pytest.raises(RuntimeError, match="launch failure"):
        graphs.close()


def test_an_error_of_the_network_is_not_one_of_recording(network: Network) -> None:
    graphs = graphs_of(network)
    network.broken = True
    with pytest.raises(RuntimeError, match="a broken network"):
        graphs(batch_of())
    assert graphs.failure is None
    network.broken = False
    use(graphs, 8)
    assert graphs.shapes == [(1, 8, 8)]


@pytest.mark.parametrize("allow_tf32", [False, True])
def test_tf32_only_where_it_is_allowed(network: Network, allow_tf32: bool) -> None:
    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark
    NetworkGraphs(network, Stream(), allow_tf32)(batch_of())  # type: ignore[arg-type]
    assert {call[2] for call in network.calls} == {allow_tf32}
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark) == before


def test_closing_gives_up_everything_once_the_device_is_done(network: Network) -> None:
    stream = Stream()
    graphs = graphs_of(network, stream=stream)
    use(graphs, 8, 16)
    graphs.close()
    assert stream.waits == 1
    assert all(graph.gone for graph in network.graphs)
    assert graphs.shapes == []
