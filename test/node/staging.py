# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The worker's stage in tests: the real engine and real cameras, on a node without DDS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from harness import account_adds_up
from numpy.typing import NDArray
from stand_ins import CARRIES_ALL, StandInNode, settings

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.classes.regions import Region
from lwrf_ros.network import RefineNet
from lwrf_ros.node.camera import Camera
from lwrf_ros.node.worker import Worker
from lwrf_ros.segmentation import Segmenter, Ticket

PATIENCE_S = 30.0
CAMVID = ClassTable.load("camvid")


class Watched(Segmenter):
    """The engine, with a note of every group, a gate in front, and a choice of a GPU's ways.

    Attributes:
        groups: Number of images, their shape, their encoding and the outputs of each group.
        gate: While it is closed, a group does not begin.
        begun: Set when a group has come to the gate.
    """

    best_batch = 1
    overlaps = False

    def __init__(self, network: RefineNet, **options: Any) -> None:
        super().__init__(network, CAMVID, device="cpu", **{"input_size": (32, 32), **options})
        self.groups: list[tuple[int, tuple[int, ...], str, set[str]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()

    def submit(
        self,
        images: Sequence[NDArray[np.uint8]],
        encoding: str = "rgb8",
        outputs: Collection[str] = ("labels", "coverage"),
        min_confidence: float = 0.0,
    ) -> Ticket:
        self.begun.set()
        assert self.gate.wait(PATIENCE_S)
        self.groups.append((len(images), images[0].shape, encoding, set(outputs)))
        return super().submit(images, encoding, outputs, min_confidence)


class Batching(Watched):
    """Takes up to four images at once, as a GPU does."""

    best_batch = 4


class Overlapping(Batching):
    """Gives back a ticket before the work is done, as a GPU does."""

    overlaps = True


class FaultyStages:
    """The engine's stages, of which the network raises what a test wants.

    Args:
        stages: The engine's own.
        fault: Called with the number of images before the network runs; what it returns is raised.
    """

    def __init__(self, stages: Any, fault: Callable[[int], Exception | None]) -> None:
        self._stages = stages
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stages, name)

    def forward(self, batch: Any) -> Any:
        """Run the network, or raise."""
        error = self._fault(len(batch))
        if error is not None:
            raise error
        return self._stages.forward(batch)


class Stage:
    """Cameras on a stand-in node, and a worker between them and an engine.

    Args:
        segmenter: The engine.
        cameras: Names of the cameras.
        outputs: What is subscribed to.
        regions: Parts of the image that coverage is wanted of.
        values: Parameters.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        *cameras: str,
        outputs: Collection[str] = ("labels",),
        regions: Sequence[Region] = (),
        **values: Any,
    ) -> None:
        self.segmenter = segmenter
        self.regions = regions
        self.node: Any = StandInNode()
        self.settings = settings(**values)
        self.changed = threading.Condition()
        self.reports: list[str] = []
        self.gave_up = threading.Event()
        self.cameras = {
            name: Camera(self.node, name, f"/{name}", self.settings, self.changed, CARRIES_ALL)
            for name in cameras or ("front",)
        }
        for name, camera in self.cameras.items():
            camera.active = True
            for output in outputs:
                self.node.publishers[f"~/{name}/{output}"].subscribers = 1
        self.worker: Worker | None = None

    def start(self) -> None:
        """Start the worker."""
        self.worker = Worker(
            self.segmenter,
            list(self.cameras.values()),
            self.changed,
            self.settings,
            self.reports.append,
            self.gave_up.set,
            self.regions,
        )

    def sent(self, output: str = "labels", camera: str = "front") -> list[Any]:
        """Return what was published on an output."""
        return self.node.publishers[f"~/{camera}/{output}"].sent

    def wait(self) -> None:
        """Wait until nothing waits or is under way."""
        self.wait_for(lambda: not any(c.account.waiting for c in self.cameras.values()))

    def wait_for(self, done: Callable[[], Any]) -> None:
        """Wait until something holds."""
        until = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < until, f"in vain; reports: {self.reports}"
            time.sleep(0.002)

    def account(self, camera: str = "front") -> dict[str, int]:
        """Return what is not zero of a camera's account, which has to add up."""
        values = self.cameras[camera].account.values()
        assert account_adds_up({key: str(value) for key, value in values.items()})
        return {k: v for k, v in values.items() if v and not k.startswith("published")}


Play = Callable[..., Stage]


def picture(seed: int, height: int = 24, width: int = 40) -> NDArray[np.uint8]:
    """A smooth picture; each seed has its own colours."""
    generator = np.random.default_rng(seed)
    corner, slope = generator.integers(0, 128, 3), generator.uniform(-2, 2, (2, 3))
    y, x = np.mgrid[:height, :width]
    values = corner + 64 + y[..., np.newaxis] * slope[0] + x[..., np.newaxis] * slope[1]
    return np.clip(values, 0, 255).astype(np.uint8)


def pixels(message: Any) -> NDArray[np.uint8]:
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, -1)
