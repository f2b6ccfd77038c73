# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Ctrl-C and SIGTERM: they end a command's work once, and never in the wrong moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM came: everything ends as after Ctrl-C, but for the exit code."""


def _interrupt(number: int, _: object) -> None:
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def interrupted_once() -> Iterator[None]:
    """Raise KeyboardInterrupt or `Terminated` at the first signal and ignore those that follow.

    In another thread than the main one nothing is changed: signals do not reach it.
    """
    came = False

    def handle(number: int, frame: object) -> None:
        nonlocal came
        if not came:
            came = True
            _interrupt(number, frame)

    with _handled(SIGNALS, handle):
        yield


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM raise `Terminated`, as Ctrl-C raises KeyboardInterrupt."""
    with _handled((signal.SIGTERM,), _interrupt):
        yield


@contextmanager
def interruption_ignored() -> Iterator[None]:
    """Let these signals pass without effect; for the clearing up after one of them."""
    with _handled(SIGNALS, lambda *_: None):
        yield


@contextmanager
def interruption_deferred() -> Iterator[None]:
    """Let a signal that comes within take effect at the end.

    For what must not be left half done, such as a process that is started but not yet noted. A
    process that is started within has the default handlers, as any other.
    """
    came: list[int] = []
    with _handled(SIGNALS, lambda number, _: came.append(number)):
        yield
    if came:
        signal.raise_signal(came[0])


@contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handler: Callable[..., object]) -> Iterator[None]:
    """Handle signals differently for a while; does nothing outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, before in earlier.items():
            # None: whatever handled it was not set from Python, and cannot be set again.
            if before is not None:
                signal.signal(number, before)
