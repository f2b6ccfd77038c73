# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The executable `segmenter`: the node in an executor thread, signals in a thread of their own."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from typing import NoReturn

from lwrf_ros.node.ending import Ending

# A group under way on a slow CPU may outlast the two seconds within which a signal must end it; so
# may a transition, which loads and compiles.
_WORKER_LIMIT_S = 0.8
_TRANSITION_LIMIT_S = 0.6
_USER_ERROR = 2


def main() -> NoReturn:
    """Run the node until SIGINT or SIGTERM; a running transition ends first if it does in time.

    Exits with code 0, with 2 after a mistake in the command line, or with `LOST_EXIT_CODE` after
    the GPU was lost for good.
    """
    ending = Ending()
    # All imports come after: a library's threads would not have the signals blocked.
    from lwrf_ros.home import ensure_home
    from lwrf_ros.node.arguments import parameter_files, ros_arguments

    arguments = ros_arguments(sys.argv[1:])
    ensure_home()
    # Said before anything is imported: that alone takes seconds where disk or machine are slow.
    print("segmenter: starting, loading libraries", file=sys.stderr, flush=True)
    from lwrf_ros.memory import keep_freed_memory

    keep_freed_memory()
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    from lwrf_ros.node.compat import destroy_lifecycle_node
    from lwrf_ros.node.segmenter_node import SegmenterNode
    from lwrf_ros.node.shared_memory import remove_abandoned_segments
    from lwrf_ros.node.start import StartError, start_rclpy

    freed = remove_abandoned_segments()
    ending.is_orderly_from_here()
    try:
        start_rclpy(arguments)
    except StartError as error:
        print(f"segmenter: error: {error}", file=sys.stderr, flush=True)
        os._exit(_USER_ERROR)
    # The way out is a signal's, with another code at its end.
    node = SegmenterNode(
        parameter_files(arguments), end=lambda: os.kill(os.getpid(), signal.SIGTERM)
    )
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

    spinner = threading.Thread(target=spin, name="executor", daemon=True)
    spinner.start()
    ending.wait()
    ending.exit_code = node.exit_code
    stopping.set()
    # Something to do, so that the executor comes out of its wait; wake() alone sends it back there.
    executor.create_task(lambda: None)
    spinner.join(_TRANSITION_LIMIT_S)
    if spinner.is_alive():
        ending.leave("ended in the middle of a transition")
    worker_ended = node.close(_WORKER_LIMIT_S)
    executor.shutdown()
    destroy_lifecycle_node(node)
    context = rclpy.get_default_context()
    context.try_shutdown()
    context.destroy()
    ending.leave("" if worker_ended else "ended without the frame under way")


if __name__ == "__main__":
    main()
