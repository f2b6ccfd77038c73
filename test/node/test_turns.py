# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Turns among cameras, played in a time of the test's own: shares of a device that is known."""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from harness import image
from stand_ins import CARRIES_ALL, StandInNode, SteadyClock, settings

from lwrf_ros.node import camera as camera_module
from lwrf_ros.node.camera import Camera
from lwrf_ros.node.turns import Turns

PICTURE = image(np.zeros((2, 2, 3), np.uint8))
SECONDS = 20.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SteadyClock:
    clock = SteadyClock(0.0)
    monkeypatch.setattr(camera_module, "time", clock)
    return clock


def play(
    clock: SteadyClock, hertz: Mapping[str, float], capacity: float, most: int = 1
) -> dict[str, float]:
    """Return the share of its frames that each camera was served.

    Args:
        clock: The clock.
        hertz: Images a second that each camera sends.
        capacity: Images a second that the device takes.
        most: How many of them at once.
    """
    node: Any = StandInNode()
    changed = threading.Condition()
    cameras = {
        name: Camera(node, name, f"/{name}", settings(), changed, CARRIES_ALL) for name in hertz
    }
    turns = Turns(list(cameras.values()))
    # Cameras jitter; in step with each other, one could take all of the loss.
    draw = random.Random(1)
    events = [(draw.random() / rate, name) for name, rate in hertz.items()]
    heapq.heapify(events)
    free_s = 0.0
    for camera in cameras.values():
        camera.active = True
    while events[0][0] < SECONDS:
        clock.now_s, name = heapq.heappop(events)
        heapq.heappush(events, (clock.now_s + draw.uniform(0.9, 1.1) / hertz[name], name))
        while free_s <= clock.now_s:
            with changed:
                chosen = turns.next(most)
                for camera in chosen:
                    camera.take()
                    camera.settle("processed")
            if not chosen:
                break
            free_s = max(free_s, clock.now_s - 1 / capacity) + len(chosen) / capacity
        cameras[name].receive(PICTURE)
    return {
        name: camera.account.outcomes["processed"] / camera.account.received
        for name, camera in cameras.items()
    }


@pytest.mark.parametrize("most", [1, 4])
@pytest.mark.parametrize("capacity", [80.0, 100.0, 400.0])
def test_seven_calm_cameras_beside_a_flood(clock: SteadyClock, capacity: float, most: int) -> None:
    shares = play(clock, {"flood": 500.0, **{f"calm{n}": 10.0 for n in range(7)}}, capacity, most)
    flood = shares.pop("flood")
    assert min(shares.values()) >= 0.9
    # What the others leave, and never nothing.
    assert flood * 500 >= 0.85 * (capacity - 70)


def test_unequal_cameras_beside_a_flood(clock: SteadyClock) -> None:
    shares = play(clock, {"flood": 500.0, "fast": 40.0, "a": 5.0, "b": 15.0, "c": 10.0}, 80.0)
    assert min(share for name, share in shares.items() if name != "flood") >= 0.9
    assert shares["flood"] * 500 >= 4


def test_all_that_ask_for_too_much_share_evenly(clock: SteadyClock) -> None:
    for hertz in (
        {"a": 100.0, "b": 50.0, "c": 200.0, "d": 50.0},
        {"fast": 30.0, "a": 10.0, "b": 10.0, "c": 10.0},
    ):
        shares = play(clock, hertz, 32.0)
        served = [shares[name] * rate for name, rate in hertz.items()]
        assert max(served) <= 1.5 * min(served)
        assert sum(served) == pytest.approx(32, rel=0.05)


def test_where_calm_ones_fill_the_device_a_flood_still_gets_a_turn(clock: SteadyClock) -> None:
    shares = play(clock, {"flood": 500.0, **{f"calm{n}": 10.0 for n in range(7)}}, 70.0)
    assert shares.pop("flood") * 500 >= 70 / 17 - 0.5
    assert min(shares.values()) >= 0.9


@dataclass(eq=False)
class Waiting:
    """What is asked of a camera that has a frame waiting."""

    waiting_since_s: float
    superseded_a_turn: int


@pytest.mark.parametrize(("superseded", "first"), [(3, "often"), (4, "calm"), (20, "calm")])
def test_a_flood_is_four_frames_lost_for_each_that_is_taken(superseded: int, first: str) -> None:
    # That of the camera that sends often has waited longer.
    cameras: dict[str, Any] = {"often": Waiting(1.0, superseded), "calm": Waiting(2.0, 0)}
    assert Turns(list(cameras.values())).next(1) == [cameras[first]]


def test_a_flood_gets_one_turn_in_twice_the_number_of_cameras() -> None:
    flood: Any = Waiting(0.0, 100)
    calm: Any = Waiting(1.0, 0)
    turns = Turns([flood, calm])
    # Passed over four times, and then it is first, which has waited longest.
    assert [turns.next(1) == [flood] for _ in range(10)] == ([False] * 4 + [True]) * 2
