# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The failure policy with the real engine, whose network raises what a device would."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from harness import image
from staging import Batching, FaultyStages, Overlapping, Play, Stage, Watched, picture

from lwrf_ros.node.health.failures import EngineFailures, Remedy, is_final, stall, way_out
from lwrf_ros.segmentation import DeviceLostError, ImageError, OutOfMemoryError

NO_MEMORY = torch.cuda.OutOfMemoryError(
    "CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 ..."
)
LOST = RuntimeError("CUDA error: an illegal memory access was encountered\nCUDA kernel errors ...")
ODD = RuntimeError("something else")


def break_network(stage: Stage, fault: Callable[[int], Exception | None]) -> None:
    stage.segmenter._stages = FaultyStages(stage.segmenter._stages, fault)  # type: ignore[assignment]


def from_list(*errors: Exception | None) -> Callable[[int], Exception | None]:
    """Raise one after the other; nothing after the last."""
    left: Iterator[Exception | None] = iter(errors)
    return lambda images: next(left, None)


def feed(stage: Stage, frames: int) -> None:
    """Send frames one by one until they are through or the worker has given up."""
    for number in range(frames):
        stage.cameras["front"].receive(image(picture(number)))
        stage.wait_for(lambda: stage.gave_up.is_set() or not stage.cameras["front"].account.waiting)


def test_one_failure_is_one_frame(play: Play) -> None:
    stage = play()
    break_network(stage, from_list(None, ODD, None, ODD, ODD, None))
    stage.start()
    feed(stage, 6)
    assert stage.account() == {"received": 6, "processed": 3, "failed": 3}
    assert stage.reports == ["front: a frame failed: RuntimeError: something else"] * 3
    assert not stage.gave_up.is_set()


def test_frames_that_fail_do_not_stop_an_engine_that_works(play: Play) -> None:
    """As a camera could send them that only one thing in the engine trips over."""
    stage = play(Watched, "front", "calm", input_size="image")
    odd = iter(range(1000))
    break_network(stage, lambda images: ODD if stage.segmenter.groups[-1][1][0] == 40 else None)
    stage.segmenter.groups.append((1, (0, 0), "", set()))
    stage.start()
    for _ in range(7):
        stage.cameras["front"].receive(image(picture(next(odd), 40, 40)))
        stage.cameras["calm"].receive(image(picture(1, 48, 48)))
        stage.wait()
    assert stage.account("front") == {"received": 7, "failed": 7}
    assert stage.account("calm") == {"received": 7, "processed": 7}
    assert not stage.gave_up.is_set()


@pytest.mark.parametrize("kind", [Batching, Overlapping])
def test_a_group_without_memory_runs_in_halves_and_so_do_the_next(
    play: Play, kind: type[Watched]
) -> None:
    stage = play(kind, *"abcd")
    ran: list[int] = []

    def fault(images: int) -> Exception | None:
        ran.append(images)
        return NO_MEMORY if images > 2 else None

    break_network(stage, fault)
    for _ in range(2):
        for camera in stage.cameras.values():
            camera.receive(image(picture(1)))
        if stage.worker is None:
            stage.start()
        stage.wait()
    for name in "abcd":
        assert stage.account(name) == {"received": 2, "processed": 2}
    assert ran[:3] == [4, 2, 2]
    assert max(ran[3:]) <= 2
    assert len(stage.reports) == 1
    assert stage.reports[0].startswith("a, b, c, d: running 4 images again: out of memory")


def test_an_image_without_memory_runs_again_before_it_fails(play: Play) -> None:
    stage = play()
    break_network(stage, from_list(NO_MEMORY, None, NO_MEMORY, NO_MEMORY, None))
    stage.start()
    feed(stage, 3)
    assert stage.account() == {"received": 3, "processed": 2, "failed": 1}
    assert "OutOfMemoryError: out of memory (CUDA out of memory. Tried" in stage.reports[-1]
    assert not stage.gave_up.is_set()


def test_a_failed_attempt_holds_no_memory_when_the_next_begins(play: Play) -> None:
    stage = play(Batching, *"ab")
    held: list[weakref.ref[Any]] = []
    still_there: list[bool] = []

    def fault(images: int) -> None:
        still_there.append(any(reference() is not None for reference in held))
        if images == 2:
            memory = np.zeros(1000)
            held.append(weakref.ref(memory))
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    break_network(stage, fault)
    for camera in stage.cameras.values():
        camera.receive(image(picture(1)))
    stage.start()
    stage.wait()
    assert still_there == [False, False, False]
    assert stage.account("a") == stage.account("b") == {"received": 1, "processed": 1}


@pytest.mark.parametrize(
    ("error", "failed", "kind"), [(NO_MEMORY, 3, OutOfMemoryError), (LOST, 1, DeviceLostError)]
)
def test_an_engine_that_fails_on_a_blank_image_too_stops_the_worker(
    play: Play, error: Exception, failed: int, kind: type[Exception]
) -> None:
    stage = play()
    break_network(stage, lambda images: error)
    stage.start()
    feed(stage, failed)
    stage.wait_for(stage.gave_up.is_set)
    assert stage.worker is not None
    assert isinstance(stage.worker.failure, kind)
    assert stage.account() == {"received": failed, "failed": failed}
    # What comes now waits for whoever deactivates.
    stage.cameras["front"].receive(image(picture(1)))
    stage.cameras["front"].settle_all()
    assert stage.account() == {"received": failed + 1, "failed": failed, "inactive": 1}


def test_an_exception_in_the_worker_itself_stops_it_and_loses_no_frame(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = play(Overlapping, "front", "rear")
    stage.segmenter.gate.clear()
    stage.start()
    stage.cameras["front"].receive(image(picture(1)))
    assert stage.segmenter.begun.wait(30)
    assert stage.worker is not None

    def broken(wait: bool) -> None:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(stage.worker, "_take", broken)
    stage.segmenter.gate.set()
    stage.wait_for(stage.gave_up.is_set)
    assert stage.worker.stop(30)
    assert isinstance(stage.worker.failure, KeyError)
    for camera in stage.cameras.values():
        camera.settle_all()
    assert stage.account("front") == {"received": 1, "failed": 1}


def test_an_engine_that_does_not_come_back_is_noticed(play: Play) -> None:
    stage = play()
    stage.segmenter.gate.clear()
    stage.start()
    worker = stage.worker
    assert worker is not None
    assert worker.busy_since_s is None
    stage.cameras["front"].receive(image(picture(1)))
    assert stage.segmenter.begun.wait(30)
    assert worker.busy_since_s is not None
    assert not worker.stop(0.01)
    stage.segmenter.gate.set()
    # If it comes back after all, it ends then.
    assert worker.stop(30)
    assert stall(9.9) == ""
    assert stall(10.0).startswith("the engine has not come back for 10 s;")


def test_remedies() -> None:
    failures = EngineFailures(best_batch=4)
    memory = OutOfMemoryError("none left")
    assert failures.remedy(ImageError("too small"), 4, again=False) is Remedy.REFUSE
    assert failures.remedy(memory, 1, again=False) is Remedy.RUN_AGAIN
    assert failures.largest_group == 4
    assert failures.remedy(memory, 4, again=False) is Remedy.RUN_AGAIN
    assert failures.largest_group == 2
    assert failures.remedy(memory, 3, again=False) is Remedy.RUN_AGAIN
    assert failures.largest_group == 1
    assert failures.remedy(memory, 1, again=True) is Remedy.FAIL
    assert failures.remedy(ODD, 4, again=False) is Remedy.FAIL


def test_doubt_comes_with_the_third_failure_in_a_row_and_with_a_lost_gpu() -> None:
    failures = EngineFailures(best_batch=1)
    assert [failures.in_doubt(ODD) for _ in range(7)] == [False, False, True] * 2 + [False]
    failures.worked()
    assert [failures.in_doubt(ODD) for _ in range(3)] == [False, False, True]
    failures.worked()
    assert failures.in_doubt(DeviceLostError("gone"))


def test_the_way_out_names_the_commands() -> None:
    text = way_out(OutOfMemoryError("out of memory; free some"), "/robot/segmenter")
    assert text.startswith("stopped after a failure: OutOfMemoryError: out of memory; free some.")
    assert "ros2 lifecycle set /robot/segmenter activate" in text
    text = way_out(DeviceLostError("the GPU failed"), "/segmenter")
    assert "ros2 lifecycle set /segmenter cleanup, then configure, then activate" in text
    assert not is_final(DeviceLostError("the GPU failed"))
    text = way_out(DeviceLostError("the GPU failed", stays=True), "/segmenter")
    assert text.startswith("ending with code 3 after a failure: DeviceLostError: the GPU failed.")
    assert "respawn:=true" in text
    assert is_final(DeviceLostError("the GPU failed", stays=True))
