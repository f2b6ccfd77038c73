# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The pytest plugin: a fixture ``replay`` that makes a bag a test; see docs/bag_tests.md.

pytest loads this wherever lwrf_ros is installed, so nothing heavy is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lwrf_ros.replay.live import Live
    from lwrf_ros.replay.replayed import Replayed


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the plugin's options."""
    group = parser.getgroup("lwrf_ros", "bags as tests (lwrf_ros)")
    group.addoption(
        "--lwrf-update-golden",
        action="store_true",
        help="let assert_same_as replace the golden outputs instead of comparing with them",
    )
    group.addoption(
        "--lwrf-device",
        default="auto",
        help="device of the fixture replay if a test names none (default: %(default)s)",
    )


class Replay:
    """Replays recordings through the engine: the value of the fixture ``replay``.

    Args:
        folder: Where outputs are written.
        beside: The test's folder, to which relative paths of recordings are relative.
        device: Device if a call names none.
        update_golden: Whether golden outputs are replaced.
    """

    def __init__(self, folder: Path, beside: Path, device: str, update_golden: bool) -> None:
        self._folder = folder
        self._beside = beside
        self._device = device
        self._update_golden = update_golden
        self._runs = 0

    def __call__(
        self,
        recording: str | Path,
        topic: str | Sequence[str] = (),
        ground_truth: str | Sequence[str] = (),
        max_frames: int | None = None,
        **engine: Any,
    ) -> Replayed:
        """Replay a recording offline, every frame.

        Args:
            recording: A bag, a video or a folder of images; relative to the test's file.
            topic: Image topic of a bag that has several, or several to replay at once.
            ground_truth: Topic with true labels to score against, one for each topic.
            max_frames: Number of frames to stop after, None for all.
            engine: weights, backbone, decoder, classes, device, precision, input_size,
                min_confidence, max_value_16bit: as the node's parameters.

        Raises:
            LwrfError: If the recording or the network cannot be used.
        """
        from lwrf_ros.replay.replay_run import ReplayOptions, replay
        from lwrf_ros.replay.replayed import Replayed

        output = self._new_folder() / "replay"
        options = ReplayOptions(
            self._beside / Path(recording).expanduser(),
            output,
            topics=_listed(topic),
            ground_truth=_listed(ground_truth),
            engine=self._engine(engine),
            max_frames=max_frames,
        )
        replay(options)
        return Replayed(output, self._beside, self._update_golden)

    def over_dds(
        self,
        recording: str | Path,
        rate: float | None = 1.0,
        topic: str | None = None,
        max_frames: int | None = None,
        **engine: Any,
    ) -> Live:
        """Play a recording to the node, which is started for it, and collect its labels.

        Args:
            recording: A bag, a video or a folder of images; relative to the test's file.
            rate: Speed, as a multiple of the recorded one; None is as fast as possible.
            topic: Image topic of a bag that has several.
            max_frames: Number of frames to stop after, None for all.
            engine: As above.

        Raises:
            LwrfError: If the recording or the network cannot be used, or a process failed.
        """
        (live,) = self.at_rates(recording, [rate], topic, max_frames, **engine)
        return live

    def at_rates(
        self,
        recording: str | Path,
        rates: Sequence[float | None],
        topic: str | None = None,
        max_frames: int | None = None,
        **engine: Any,
    ) -> list[Live]:
        """Play a recording to the same node several times; as `over_dds`, once for each rate."""
        from lwrf_ros.replay.live import AS_FAST_AS_IT_GOES, play_over_dds

        return play_over_dds(
            self._beside / Path(recording).expanduser(),
            self._new_folder(),
            self._engine(engine),
            [AS_FAST_AS_IT_GOES if rate is None else rate for rate in rates],
            topic,
            max_frames,
        )

    def _engine(self, given: dict[str, Any]) -> Any:
        from lwrf_ros.configuration.engine_options import EngineOptions
        from lwrf_ros.weights.bundled import is_path

        known = {entry.name for entry in fields(EngineOptions)}
        for name in given:
            if name not in known:
                raise TypeError(f"there is no setting {name}; wanted one of {', '.join(known)}")
        if str(given.get("classes", "")).endswith((".yaml", ".yml")):
            given["classes"] = str(self._beside / Path(given["classes"]).expanduser())
        if is_path(str(given.get("weights", ""))):
            given["weights"] = str(self._beside / Path(given["weights"]).expanduser())
        return EngineOptions(**{"device": self._device, **given})

    def _new_folder(self) -> Path:
        self._runs += 1
        folder = self._folder / f"run_{self._runs}"
        folder.mkdir(parents=True)
        return folder


@pytest.fixture
def replay(request: pytest.FixtureRequest, tmp_path: Path) -> Replay:
    """Replay recordings through the engine of lwrf_ros; see docs/bag_tests.md."""
    return Replay(
        tmp_path,
        request.path.parent,
        request.config.getoption("--lwrf-device"),
        request.config.getoption("--lwrf-update-golden"),
    )


def _listed(names: str | Sequence[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else names
