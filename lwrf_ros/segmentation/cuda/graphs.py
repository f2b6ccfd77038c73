# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The network replayed from CUDA graphs: one recording a shape, one launch a frame.

Eagerly, the host launches hundreds of small kernels a frame, and on a fast GPU takes longer over
that than the GPU over the kernels. A recording also carries what was tuned: cuDNN keeps its choice
of algorithms by thread, so a frame in another thread than the warm-up's would tune again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lwrf_ros.memory import is_out_of_memory
from lwrf_ros.segmentation.buffers import Recent
from lwrf_ros.segmentation.faults import return_cached_memory

# Input sizes of which recordings are kept. A size's memory is what its largest batch needs.
_KEPT_SIZES = 4
# A size that was not used for so many calls may make room for a new one within a frame.
_IDLE_CALLS = 256
# The first tunes, the others run what it chose; as torch's documentation advises before recording.
_RUNS_BEFORE = 3


@dataclass(frozen=True, eq=False)
class _Recording:
    """One shape's graph with the memory that it reads and writes, always the same."""

    graph: torch.cuda.CUDAGraph
    batch: Tensor
    logits: Tensor


@dataclass(eq=False)
class _Size:
    """The recordings of one input size, by number of images.

    They share a pool of memory, so that batches of one to four images need what four need. That is
    sound because one stream runs them one after the other, and each batch's logits are read there
    before the next replay. The pool is the size's own: torch gives memory back only when the last
    recording of a pool has gone, and a pool that has been given up cannot be used again.
    """

    pool: Any
    last_call: int = 0
    recordings: dict[int, _Recording] = field(default_factory=dict)


class NetworkGraphs:
    """Runs a network on batches, from a recording of their shape where there is one.

    What it returns is overwritten by the next call, so it must be read on the same stream before.
    One thread at a time may use it.

    A shape is recorded by `warm_up`, and otherwise when it first comes, which takes a second or
    more in the middle of a frame. When the recordings of as many sizes as are kept are all in use,
    a further size runs without one, untuned, rather than that sizes push each other out frame after
    frame.

    Args:
        network: On a GPU, in its precision, in evaluation mode.
        stream: The stream that it is recorded and replayed on, current at every call.
        allow_tf32: Whether float32 convolutions may round to TF32.
        kept_sizes: Number of input sizes whose recordings are kept.

    Attributes:
        failure: Why nothing is recorded any more, None as long as recording works.
    """

    def __init__(
        self,
        network: Callable[[Tensor], Tensor],
        stream: torch.cuda.Stream,
        allow_tf32: bool,
        kept_sizes: int = _KEPT_SIZES,
    ) -> None:
        self.failure: str | None = None
        self._network = network
        self._stream = stream
        self._allow_tf32 = allow_tf32
        self._kept_sizes = kept_sizes
        self._sizes: OrderedDict[tuple[int, int], _Size] = OrderedDict()
        self._tuned: set[tuple[int, int]] = set()
        self._batches: Recent[Tensor] = Recent()
        self._calls = 0

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """The recorded shapes, as (images, height, width), least recently used size first."""
        return [(n, *size) for size, entry in self._sizes.items() for n in entry.recordings]

    def batch(self, images: int, height: int, width: int, dtype: torch.dtype) -> Tensor:
        """Return ``(images, 3, height, width)`` memory, channels last, to fill and call with.

        It is the memory that the shape's recording reads, so that nothing is copied. What it holds
        is the caller's until the next call with that shape has run.
        """
        recording = self._recorded(images, height, width)
        if recording is not None:
            return recording.batch

        def make() -> Tensor:
            return torch.empty(
                (images, 3, height, width),
                dtype=dtype,
                device=self._stream.device,
                memory_format=torch.channels_last,
            ).zero_()

        return self._batches.get((images, height, width), make)

    def warm_up(self, height: int, width: int, batches: Iterable[int], dtype: torch.dtype) -> None:
        """Tune and record the batches of an input size, whatever has to make room for it.

        Takes a second or more a shape that is new and nothing for others. Waits for the device.

        Args:
            height: Height of the input in pixels.
            width: Width in pixels.
            batches: Numbers of images, in any order; the largest is recorded first, so that the
                others fit into its memory.
            dtype: The network's precision.
        """
        for images in sorted(batches, reverse=True):
            if self.failure is None and self._recorded(images, height, width) is None:
                self._record(self.batch(images, height, width, dtype))

    def __call__(self, batch: Tensor) -> Tensor:
        """Run the network on ``(N, 3, h, w)`` in its precision, without waiting for the device.

        Returns:
            ``(N, C, ceil(h / 4), ceil(w / 4))`` logits, valid until the next call.
        """
        self._calls += 1
        images, _, height, width = batch.shape
        recording = self._recorded(images, height, width)
        if recording is None and self._may_record(height, width):
            recording = self._record(batch)
        if recording is None:
            tune = self._may_tune(height, width)
            return self._run(batch, tune, remember=tune)
        self._sizes[height, width].last_call = self._calls
        self._sizes.move_to_end((height, width))
        if not _same_memory(batch, recording.batch):
            recording.batch.copy_(batch)
        recording.graph.replay()
        return recording.logits

    def close(self) -> None:
        """Give up all recordings and their memory; they are made again when they are needed."""
        self._drop(list(self._sizes))

    def _recorded(self, images: int, height: int, width: int) -> _Recording | None:
        entry = self._sizes.get((height, width))
        return None if entry is None else entry.recordings.get(images)

    def _may_record(self, height: int, width: int) -> bool:
        if self.failure is not None:
            return False
        if (height, width) in self._sizes or len(self._sizes) < self._kept_sizes:
            return True
        oldest = next(iter(self._sizes.values()))
        return self._calls - oldest.last_call > _IDLE_CALLS

    def _may_tune(self, height: int, width: int) -> bool:
        """Tell whether a size that runs without a recording may take the time to be tuned.

        Only where nothing is recorded any more: else its turn to be recorded may come. As many
        sizes as would be recorded, so that a topic whose size changes does not tune with every
        frame.
        """
        if self.failure is not None and len(self._tuned) < self._kept_sizes:
            self._tuned.add((height, width))
        return (height, width) in self._tuned

    def _record(self, batch: Tensor) -> _Recording | None:
        """Tune, then record, the network on this very memory; None if it cannot be recorded."""
        images, _, height, width = batch.shape
        if (height, width) in self._sizes:
            if images > max(self._sizes[height, width].recordings):
                # Smaller ones fit into its memory, not it into theirs: they come again after it.
                self._drop([(height, width)])
        elif len(self._sizes) >= self._kept_sizes:
            self._drop(list(self._sizes)[: len(self._sizes) - self._kept_sizes + 1])
        for _ in range(_RUNS_BEFORE - 1):
            self._run(batch, tune=True)
        needed = peak_bytes(lambda: self._run(batch, tune=True), self._stream.device)
        # A recording cannot use what torch keeps for others.
        return_cached_memory()
        check_free(needed, self._stream.device)
        entry = self._sizes.get((height, width)) or _Size(torch.cuda.graph_pool_handle())
        try:
            graph, logits = self._capture(batch, entry.pool)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise  # less memory, a smaller batch: that can be recorded
            # The network runs, as it has just done, only not from a graph: slower, and said so.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            self.failure = f"network without CUDA graphs, as it cannot be recorded ({reason})"
            return None
        recording = _Recording(graph, batch, logits)
        entry.last_call = self._calls
        entry.recordings[images] = recording
        self._sizes[height, width] = entry
        return recording

    def _capture(self, batch: Tensor, pool: Any) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        graph = torch.cuda.CUDAGraph()
        # thread_local: what other threads do with their GPU work is no concern of this one.
        with torch.cuda.graph(
            graph, pool=pool, stream=self._stream, capture_error_mode="thread_local"
        ):
            # What was tuned is found again; anything else would wait, which a recording cannot.
            logits = self._run(batch, tune=False)
        return graph, logits

    def _run(self, batch: Tensor, tune: bool, remember: bool = True) -> Tensor:
        # Without `tune` cuDNN takes what this thread has tuned for the shape before, or guesses.
        # Told to be deterministic it always takes its own guess: what tunes fastest is another
        # algorithm from start to start, and with it the last bits. A guess is remembered as if it
        # had been tuned, so that the shape never would be in this thread; what is deterministic is
        # remembered apart.
        pinned = torch.backends.cudnn.deterministic
        with torch.backends.cudnn.flags(
            enabled=True,
            benchmark=tune and not pinned,
            deterministic=pinned or not remember,
            allow_tf32=self._allow_tf32,
        ):
            return self._network(batch)

    def _drop(self, sizes: Iterable[tuple[int, int]]) -> None:
        """Give up the recordings of some sizes and hand their memory back to the driver."""
        # A replay may be under way, and its memory is about to be freed.
        self._stream.synchronize()
        self._forget(sizes)
        # Not before the last reference to what lies in the pools has gone.
        return_cached_memory()

    def _forget(self, sizes: Iterable[tuple[int, int]]) -> None:
        for size in sizes:
            for recording in self._sizes.pop(size).recordings.values():
                recording.graph.reset()


def peak_bytes(run: Callable[[], object], device: torch.device) -> int:
    """Return how much memory of a GPU something takes while it runs, in bytes."""
    if device.type != "cuda":
        run()
        return 0
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    run()
    return torch.cuda.max_memory_allocated(device) - before


def check_free(needed: int, device: torch.device) -> None:
    """Check that a GPU has so many bytes free, beside what torch holds.

    Raises:
        torch.OutOfMemoryError: If it has not.
    """
    if device.type != "cuda":
        return
    free, _ = torch.cuda.mem_get_info(device)
    if free < needed:
        raise torch.OutOfMemoryError(
            f"CUDA out of memory: {free >> 20} MiB are free, and a recording of the network needs "
            f"{needed >> 20} MiB"
        )


def _same_memory(one: Tensor, other: Tensor) -> bool:
    return one.data_ptr() == other.data_ptr() and one.stride() == other.stride()
