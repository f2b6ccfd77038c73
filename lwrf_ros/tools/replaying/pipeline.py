# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Three threads in a row: reading and decoding, the engine, drawing and writing."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lwrf_ros.errors import LwrfError
from lwrf_ros.node.decoding import Refusal, check, decode
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.tools.frames import CompressedImage
from lwrf_ros.tools.player import to_message
from lwrf_ros.tools.replaying.items import FrameWork, Item, OtherMessage, RecordedFrame

# Frames that may wait between two threads: enough to even out a slow one, few in memory.
AHEAD = 8
FAILED = "failed"
_END = object()


class Stage:
    """A thread that works ahead of whoever iterates this, or of its source.

    What its source raises is raised where this is iterated.

    Args:
        source: What to run ahead of.
        name: Name of the thread.
    """

    def __init__(self, source: Iterable[Any], name: str) -> None:
        self._queue: queue.Queue[Any] = queue.Queue(AHEAD)
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(source,), name=name, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Any]:
        """Take what comes out, in order."""
        while (item := self._queue.get()) is not _END:
            yield item
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

    def _run(self, source: Iterable[Any]) -> None:
        try:
            for item in source:
                if self._stopping.is_set():
                    return
                self._queue.put(item)
        except BaseException as error:
            self._error = error
        finally:
            self._queue.put(_END)


def first_frames(
    recording: Iterable[RecordedFrame | OtherMessage], count: int | None
) -> Iterator[RecordedFrame | OtherMessage]:
    """Stop after so many frames, None for never."""
    left = count
    for item in recording:
        yield item
        if left is not None and isinstance(item, RecordedFrame):
            left -= 1
            if not left:
                return


def decoded(recording: Iterable[RecordedFrame | OtherMessage]) -> Iterator[Item]:
    """Decode frames as the node does; what cannot be decoded goes on with the reason."""
    indices: Counter[int] = Counter()
    for item in recording:
        if isinstance(item, OtherMessage):
            yield item
            continue
        frame = item.frame
        message = to_message(frame, frame.stamp_ns, isinstance(frame.image, CompressedImage))
        index = indices[item.camera]
        indices[item.camera] += 1
        work = FrameWork(item.camera, index, frame.stamp_ns, frame.time_ns, message.header)
        try:
            check(message)
            work.picture = decode(message)
        except Refusal as refusal:
            work.refusal = refusal.reason
        yield work


def segmented(items: Iterable[Item], segmenter: Segmenter, min_confidence: float) -> Iterator[Item]:
    """Take frames through the engine one by one, in order.

    Where the engine works beside the caller, the next frame is handed over before the last one is
    waited for. A batch is always one frame: what is in a batch can change the last bits.
    """
    under_way: list[tuple[FrameWork, Any]] = []
    held: list[Item] = []
    for item in items:
        if isinstance(item, FrameWork) and item.picture is not None:
            try:
                ticket = segmenter.submit(
                    [item.picture.array],
                    item.picture.encoding,
                    ("labels", "coverage"),
                    min_confidence,
                )
            except LwrfError:
                # An image that the engine does not take, too small without an input size.
                item.picture, item.refusal = None, FAILED
                held.append(item)
                continue
            yield from _collected(under_way, held, segmenter)
            under_way, held = [(item, ticket)], []
            if not segmenter.overlaps:
                yield from _collected(under_way, held, segmenter)
                under_way = []
        else:
            held.append(item)
            if not under_way:
                yield from held
                held = []
    yield from _collected(under_way, held, segmenter)


def _collected(
    under_way: list[tuple[FrameWork, Any]], held: list[Item], segmenter: Segmenter
) -> Iterator[Item]:
    for work, ticket in under_way:
        (work.result,) = segmenter.collect(ticket)
        yield work
    yield from held


def drain(items: Iterable[Item], take: Callable[[Item], None]) -> None:
    """Hand everything to a consumer in a thread of its own; return when it is done.

    Raises:
        BaseException: What the consumer or the source raised. What the source gave before is
            consumed all the same.
    """
    waiting: queue.Queue[Any] = queue.Queue(AHEAD)
    failed: list[BaseException] = []

    def consume() -> None:
        while (item := waiting.get()) is not _END:
            if not failed:
                try:
                    take(item)
                except BaseException as error:
                    failed.append(error)

    thread = threading.Thread(target=consume, name="writing", daemon=True)
    thread.start()
    try:
        for item in items:
            waiting.put(item)
            if failed:
                break
    finally:
        waiting.put(_END)
        thread.join()
    if failed:
        raise failed[0]
