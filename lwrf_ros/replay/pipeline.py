# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Reading, decoding, the engine, drawing and writing, all at the same time and in order."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Executor
from typing import Any

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.images.decoding import Refusal
from lwrf_ros.node.input.image_messages import check, decode
from lwrf_ros.processes.player import header_of, to_message
from lwrf_ros.recordings import CompressedImage, DamagedImage
from lwrf_ros.recordings.faults import CORRUPT_FRAME, Faults
from lwrf_ros.replay.items import FrameWork, Item, OtherMessage, RecordedFrame
from lwrf_ros.segmentation import ImageError, Segmenter, Ticket

# Frames that may wait between two threads: enough to even out a slow one, few in memory.
AHEAD = 8
# Refusals of frames that are damaged; others are of a kind that is not known.
CORRUPT = ("data", "decode", "empty", "step", "unreadable")
_END = object()


class Stage:
    """A thread that works ahead of whoever iterates this, or of its source.

    What its source or its work raises is raised where this is iterated.

    Args:
        source: What to run ahead of.
        work: What is done with every item; several at once, and what comes out stays in order.
        pool: Threads for that.
        name: Name of the thread.
    """

    def __init__(
        self, source: Iterable[Any], work: Callable[[Any], Any], pool: Executor, name: str
    ) -> None:
        self._queue: queue.Queue[Any] = queue.Queue(AHEAD)
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, args=(source, work, pool), name=name, daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Iterator[Any]:
        """Take what comes out, in order."""
        while (future := self._queue.get()) is not _END:
            yield future.result()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Let the thread end, whatever still waits."""
        self._stopping.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue

    def _run(self, source: Iterable[Any], work: Callable[[Any], Any], pool: Executor) -> None:
        try:
            for item in source:
                if self._stopping.is_set():
                    return
                self._queue.put(pool.submit(work, item))
        except BaseException as error:
            self._error = error
        finally:
            self._queue.put(_END)


def first_frames(
    recording: Iterable[RecordedFrame | OtherMessage], count: int | None
) -> Iterator[RecordedFrame | OtherMessage]:
    """Stop before the frame after so many, None for never; what belongs to the last one comes."""
    frames = 0
    for item in recording:
        if isinstance(item, RecordedFrame):
            if frames == count:
                return
            frames += 1
        yield item


def decode_item(item: RecordedFrame | OtherMessage, faults: Faults, parameters: Parameters) -> Item:
    """Decode a frame as the node does; what cannot be decoded goes on with the reason."""
    if isinstance(item, OtherMessage):
        return item
    frame = item.frame
    header = header_of(frame, frame.stamp_ns)
    work = FrameWork(item.camera, item.index, frame.stamp_ns, frame.time_ns, header)
    try:
        if isinstance(frame.image, DamagedImage):
            raise Refusal(frame.image.reason, frame.image.detail)
        compressed = isinstance(frame.image, CompressedImage)
        message = to_message(frame, frame.stamp_ns, compressed)
        check(message, parameters)
        work.picture = decode(message, parameters)
    except Refusal as refusal:
        work.refusal = refusal.reason
        if refusal.reason in CORRUPT:
            faults.add(CORRUPT_FRAME, f"frame {item.index} at {frame.stamp_ns} ns: {refusal}")
    return work


def segmented(
    items: Iterable[Item],
    segmenter: Segmenter,
    min_confidence: float,
    outputs: Collection[str],
) -> Iterator[Item]:
    """Take frames through the engine one by one, in order.

    Where the engine works beside the caller, the next frame is handed over before the last one is
    waited for. A batch is always one frame: what is in a batch can change the last bits.
    """
    under_way: tuple[FrameWork, Ticket] | None = None
    behind: list[Item] = []

    def finished() -> Iterator[Item]:
        nonlocal under_way, behind
        if under_way is not None:
            work, ticket = under_way
            (work.result,) = segmenter.collect(ticket)
            yield work
        yield from behind
        under_way, behind = None, []

    for item in items:
        ticket = _submitted(item, segmenter, min_confidence, outputs)
        if ticket is not None and isinstance(item, FrameWork):
            yield from finished()
            under_way = (item, ticket)
        else:
            behind.append(item)
        if not segmenter.overlaps or under_way is None or len(behind) >= AHEAD:
            yield from finished()
    yield from finished()


def _submitted(
    item: Item, segmenter: Segmenter, min_confidence: float, outputs: Collection[str]
) -> Ticket | None:
    """Start a frame; None for what the engine has nothing to do with."""
    if isinstance(item, OtherMessage) or item.picture is None:
        return None
    array, encoding, _ = item.picture
    try:
        return segmenter.submit([array], encoding, outputs, min_confidence)
    except ImageError:
        # Too small without an input size; the node counts it so, too.
        item.picture, item.refusal = None, "size"
        return None


def drain(
    items: Iterable[Item],
    work: Callable[[Item], Any],
    take: Callable[[Any], None],
    pool: Executor,
) -> None:
    """Hand everything to a consumer in a thread of its own; return when it is done.

    Args:
        items: What is handed over.
        work: What is done with every item before; several at once.
        take: The consumer, called in the items' order.
        pool: Threads for the work.

    Raises:
        BaseException: What the source, the work or the consumer raised. What the source gave
            before is consumed all the same.
    """
    waiting: queue.Queue[Any] = queue.Queue(AHEAD)
    failed: list[BaseException] = []

    def consume() -> None:
        while (future := waiting.get()) is not _END:
            if not failed:
                try:
                    take(future.result())
                except BaseException as error:
                    failed.append(error)

    thread = threading.Thread(target=consume, name="writing", daemon=True)
    thread.start()
    try:
        for item in items:
            waiting.put(pool.submit(work, item))
            if failed:
                break
    finally:
        waiting.put(_END)
        thread.join()
    if failed:
        raise failed[0]
