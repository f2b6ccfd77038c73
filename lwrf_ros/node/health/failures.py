# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The failure policy: what becomes of frames and of the node when something fails.

| what fails                              | its frames             | the node                    |
| --------------------------------------- | ---------------------- | --------------------------- |
| a message (`Refusal`, `ImageError`)     | refused, by reason     | goes on                     |
| decoding, drawing or publishing         | failed                 | goes on                     |
| memory, for several images at once      | run again in halves    | goes on, in smaller groups  |
| memory, for one image                   | run again, then failed | goes on                     |
| the engine, in another way              | failed                 | goes on                     |
| the engine three times in a row, or the | failed                 | tries the engine on an image |
| GPU itself (`DeviceLostError`)          |                        | of noise; stops if it fails |
| the GPU, and it stays lost              | failed                 | ends with `LOST_EXIT_CODE`  |
| the engine does not come back           | waiting                | says ERROR, and does not    |
|                                         |                        | deactivate: nothing can     |
| the worker                              | failed                 | stops                       |
| a transition                            | as before it           | keeps its state, says ERROR |
| a callback of rclpy                     | as they were           | goes on (`main.py` logs it) |

To stop is to deactivate: the state is inactive, /diagnostics says ERROR and the way out. Activating
tries the engine first. That image decides, not the frames, because what one camera sends must
not be able to stop the others, and a huge frame that does not fit says nothing about theirs. CUDA
gives a process no way back from a GPU that answers everything with an error: the process ends, so
that its launch file can start it again (`respawn:=true`). The worker and the node ask this module
and hold no opinion of their own.
"""

from __future__ import annotations

from enum import Enum, auto

from lwrf_ros.segmentation import DeviceLostError, ImageError, OutOfMemoryError

# How long the worker gets to end its group when the node deactivates, in seconds.
WORKER_LIMIT_S = 30.0
# What the process ends with when its GPU is lost for good; 0 is a signal's.
LOST_EXIT_CODE = 3
_IN_DOUBT_AFTER = 3
_STALLED_AFTER_S = 10.0


class Remedy(Enum):
    """Treatment of the frames of a group that the engine did not run."""

    REFUSE = auto()
    RUN_AGAIN = auto()
    FAIL = auto()


class EngineFailures:
    """Judges the engine's failures while the node is active; activating begins anew.

    Args:
        best_batch: Number of images that the engine likes at once.

    Attributes:
        largest_group: Number of images to run at once; falls when memory runs out.
    """

    def __init__(self, best_batch: int) -> None:
        self.largest_group = best_batch
        self._in_a_row = 0

    def remedy(self, error: Exception, images: int, again: bool) -> Remedy:
        """Say what to do with the frames of a group that failed.

        Args:
            error: What the engine raised.
            images: Number of images in the group.
            again: Whether an image alone was run for the second time.
        """
        if isinstance(error, ImageError):
            return Remedy.REFUSE
        if isinstance(error, OutOfMemoryError) and not again:
            if images > 1:
                self.largest_group = min(self.largest_group, images // 2)
            return Remedy.RUN_AGAIN
        return Remedy.FAIL

    def worked(self) -> None:
        """Note that the engine has run a group."""
        self._in_a_row = 0

    def in_doubt(self, error: Exception) -> bool:
        """Note that frames have failed; tell whether the engine has to prove that it works."""
        self._in_a_row += 1
        return isinstance(error, DeviceLostError) or self._in_a_row % _IN_DOUBT_AFTER == 0


def is_final(error: BaseException | None) -> bool:
    """Tell whether nothing but a new process helps."""
    return isinstance(error, DeviceLostError) and error.stays


def way_out(error: Exception, node: str) -> str:
    """Say why the node has stopped and how it starts again.

    Args:
        error: What the worker ended with.
        node: Full name of the node.
    """
    if is_final(error):
        return (
            f"ending with code {LOST_EXIT_CODE} after a failure: {type(error).__name__}: {error}. "
            "With respawn:=true the launch file starts it again"
        )
    command = f"ros2 lifecycle set {node}"
    if isinstance(error, DeviceLostError):
        steps = f"{command} cleanup, then configure, then activate"
    else:
        steps = f"{command} activate; if that fails: cleanup, configure, activate"
    return f"stopped after a failure: {type(error).__name__}: {error}. To start again: {steps}"


def stall(busy_s: float) -> str:
    """Say what is wrong with a group that is under way for so long; nothing if it may yet end.

    Args:
        busy_s: Time since the worker took the group, in seconds.
    """
    if busy_s < _STALLED_AFTER_S:
        return ""
    return (
        f"the engine has not come back for {busy_s:.0f} s; if it does not, the device hangs: start "
        "the process again"
    )
