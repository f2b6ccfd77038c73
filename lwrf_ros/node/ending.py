# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The end of the node's process: in order where that can be had, and in time whatever happens."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import NoReturn

from lwrf_ros.node.shared_memory import remove_own_segments

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Within two seconds of a signal, with some of them for a machine that is busy.
_LIMIT_S = 1.5


class Ending:
    """Waits for SIGINT and SIGTERM, from the process's first moment on.

    Both are blocked in every thread and awaited in one of their own, so that no handler interrupts
    a transition in its middle, and a transition, a file system or a driver that does not come back
    keeps nobody from ending the process.

    Attributes:
        exit_code: What the process ends with; the node's, once it is known.
    """

    def __init__(self) -> None:
        # Before anything else, threads and slow imports included; a program that replaces itself,
        # as rclpy's wheels do, hands the mask on.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        for number in _SIGNALS:
            # A shell's background job inherits SIGINT ignored, which would never get to sigwait.
            signal.signal(number, signal.SIG_DFL)
        self.exit_code = 0
        self._lock = threading.Lock()
        self._orderly = False
        self._came = threading.Event()
        threading.Thread(target=self._watch, name="signals", daemon=True).start()

    def is_orderly_from_here(self) -> None:
        """Note that others can see this process from here on, so that it has to take its leave.

        A signal before that ends it at once.
        """
        with self._lock:
            self._orderly = True

    def wait(self) -> None:
        """Wait for a signal; from then on the process ends within the time, whatever it does."""
        self._came.wait()

    def leave(self, why: str = "") -> NoReturn:
        """End the process.

        Not by the interpreter's own end: that would take the libraries down one by one, which lasts
        seconds on a busy machine, and the network under a worker that is still inside it.

        Args:
            why: What did not end in order; empty if everything did.
        """
        if why:
            print(f"segmenter: {why}", file=sys.stderr, flush=True)
            # The middleware, which has not taken its leave, would leave them for the next start.
            remove_own_segments()
        sys.stdout.flush()
        os._exit(self.exit_code)

    def _watch(self) -> None:
        signal.sigwait(_SIGNALS)
        with self._lock:
            if not self._orderly:
                self.leave()
        self._came.set()
        time.sleep(_LIMIT_S)
        self.leave("the middleware did not end in time; leaving")
