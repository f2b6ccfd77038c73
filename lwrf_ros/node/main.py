# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The executable `segmenter`: the node in an executor thread, signals in the main thread."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from typing import NoReturn

from lwrf_ros.memory import keep_freed_memory

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# A group under way on a slow CPU may outlast the two seconds within which a signal must end it.
_WORKER_LIMIT_S = 0.8
# What the middleware gets to take its leave, in which Fast DDS now and then does not come back.
_LEAVE_LIMIT_S = 1.6


def main() -> NoReturn:
    """Run the node until SIGINT or SIGTERM; a running transition ends first.

    Exits with code 0, or with `LOST_EXIT_CODE` after the GPU was lost for good.
    """
    # Blocked before anything else, threads and slow imports included: the signals wait for
    # sigwait below, and no handler ever interrupts a transition in its middle.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    for number in _SIGNALS:
        # A shell's background job inherits SIGINT ignored, which would never get to sigwait.
        signal.signal(number, signal.SIG_DFL)
    keep_freed_memory()
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    from lwrf_ros.node.compat import destroy_lifecycle_node
    from lwrf_ros.node.segmenter_node import SegmenterNode
    from lwrf_ros.node.shared_memory import remove_abandoned_segments

    freed = remove_abandoned_segments()
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    # The way out is a signal's, with another code at its end.
    node = SegmenterNode(end=lambda: os.kill(os.getpid(), signal.SIGTERM))
    if freed:
        node.get_logger().info(
            f"removed {freed / 2**20:.0f} MiB of shared memory that killed processes had left"
        )
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    stopping = threading.Event()

    def spin() -> None:
        while not stopping.is_set():
            try:
                executor.spin_once()
            except Exception:
                # No callback may end the node; each has its own handling, this is the last one.
                node.get_logger().error(traceback.format_exc())

    spinner = threading.Thread(target=spin, name="executor")
    spinner.start()
    signal.sigwait(_SIGNALS)
    stopping.set()
    # Something to do, so that the executor comes out of its wait; wake() alone sends it back there.
    executor.create_task(lambda: None)
    spinner.join()
    threading.Thread(
        target=_leave_at_last, args=(node.exit_code,), name="leave", daemon=True
    ).start()
    worker_ended = node.close(_WORKER_LIMIT_S)
    executor.shutdown()
    destroy_lifecycle_node(node)
    context = rclpy.get_default_context()
    context.try_shutdown()
    context.destroy()
    if not worker_ended:
        print("segmenter: ended without the frame under way", file=sys.stderr, flush=True)
    # What others could see of this process is gone. The interpreter's own end would take the
    # libraries down one by one, which lasts seconds on a busy machine, and the network under a
    # worker that is still inside it.
    sys.stdout.flush()
    os._exit(node.exit_code)


def _leave_at_last(exit_code: int) -> None:
    time.sleep(_LEAVE_LIMIT_S)
    print("segmenter: the middleware did not end in time; leaving", file=sys.stderr, flush=True)
    os._exit(exit_code)


if __name__ == "__main__":
    main()
