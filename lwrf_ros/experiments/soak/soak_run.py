# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A soak: the node under cameras that change and die, peers that stall, and commands."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lwrf_ros.experiments.soak.samples import Sample, growths, take_sample, write_samples
from lwrf_ros.experiments.soak.soak_report import SoakReport
from lwrf_ros.experiments.soak.soak_watch import SoakWatch
from lwrf_ros.node.shared_memory import remove_abandoned_segments
from lwrf_ros.processes.children import Child, Children
from lwrf_ros.processes.commands import NODE, run_environment
from lwrf_ros.processes.domain import reserve_domain_id
from lwrf_ros.processes.interruption import terminated_like_interrupted
from lwrf_ros.terminal.progress import progress_bar

_ACTIVE_S = 300.0
_STOP_S = 10.0
_SAMPLE_S = 1.0
_BETWEEN_FAULTS_S = (1.0, 5.0)
_STALL_S = (1.0, 4.0)
_CAMERAS = (sys.executable, "-m", "lwrf_ros.experiments.soak.random_cameras")
_LISTENER = (sys.executable, "-m", "lwrf_ros.experiments.soak.listener")


@dataclass(frozen=True)
class SoakOptions:
    """Options of a soak: the faults to make, and for how long.

    Attributes:
        seconds: How long.
        cameras: Number of cameras; every second one is compressed.
        seed: Where all whims come from; timing is the machine's.
        most_side_px: Longest side of an image in pixels.
        parameters: The node's parameters by name, as YAML.
        folder: Where the logs and the samples go.
    """

    seconds: float
    cameras: int
    seed: int
    most_side_px: int
    parameters: dict[str, str]
    folder: Path


def run_soak(options: SoakOptions) -> SoakReport:
    """Run a soak once.

    Args:
        options: What to do, and for how long.

    Raises:
        LwrfError: The node ended, refused a command or stopped to report.
    """
    with terminated_like_interrupted(), reserve_domain_id() as domain_id:
        environment = run_environment(domain_id)
        os.environ.update(environment)
        with (
            Children(environment) as children,
            closing(SoakWatch(NODE, domain_id, children.check)) as watch,
        ):
            return _Soak(options, children, watch).run()


class _Soak:
    """One run; see `run_soak`."""

    def __init__(self, options: SoakOptions, children: Children, watch: SoakWatch) -> None:
        self._options = options
        self._children = children
        self._watch = watch
        self._draw = random.Random(options.seed)
        self._names = [f"camera{number}" for number in range(options.cameras)]
        self._topics = [
            f"/{name}/image" + ("/compressed" if number % 2 else "")
            for number, name in enumerate(self._names)
        ]
        self._starts: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._samples: list[Sample] = []
        self._next_sample_s = 0.0
        # Of configurations that are gone: a node that is configured again counts anew.
        self._earlier: dict[str, Counter[str]] = {name: Counter() for name in self._names}
        self._node = self._start_node()
        self._cameras = self._start_cameras()
        self._listener = self._start_listener()

    def run(self) -> SoakReport:
        """Make faults until the time is over, then let everything settle and count."""
        self._watch.wait_active(_ACTIVE_S)
        begun_s = time.monotonic()
        with progress_bar("soaking", round(self._options.seconds), in_logs=True, unit="s") as bar:
            while (gone_s := time.monotonic() - begun_s) < self._options.seconds:
                bar.update(int(gone_s) - bar.n)
                self._live(self._draw.uniform(*_BETWEEN_FAULTS_S))
                self._make_fault()
        self._cameras.stop(_STOP_S)
        self._keep(self._watch.fresh_accounts(settled=True))
        seconds = time.monotonic() - begun_s
        self._listener.signal(signal.SIGKILL)
        stopping_s = time.monotonic()
        code = self._node.stop(_STOP_S)
        end_s = time.monotonic() - stopping_s
        remove_abandoned_segments()
        write_samples(self._samples, self._options.folder / "samples.csv")
        return SoakReport(
            seconds,
            growths(self._samples),
            self._earlier,
            self._watch.checked,
            self._watch.wrong,
            self._faults,
            code,
            end_s,
        )

    def _live(self, seconds: float) -> None:
        """Let time go by, with a sample a second."""
        until_s = time.monotonic() + seconds
        while (now_s := time.monotonic()) < until_s:
            if now_s >= self._next_sample_s:
                self._samples.append(take_sample(self._node.pid))
                self._next_sample_s = now_s + _SAMPLE_S
            self._watch.spin(min(until_s, self._next_sample_s) - now_s)

    def _make_fault(self) -> None:
        faults = {
            "cameras killed": self._kill_cameras,
            "subscriber stalled": self._stall_listener,
            "subscriber killed": self._kill_listener,
            "deactivated": self._deactivate,
            "configured again": self._configure_again,
            "parameters set": self._set_parameters,
        }
        name = self._draw.choice(tuple(faults))
        faults[name]()
        self._faults[name] += 1

    def _kill_cameras(self) -> None:
        self._cameras.signal(signal.SIGKILL)
        self._live(self._draw.uniform(*_STALL_S))
        remove_abandoned_segments()
        self._cameras = self._start_cameras()

    def _stall_listener(self) -> None:
        self._listener.signal(signal.SIGSTOP)
        self._live(self._draw.uniform(*_STALL_S))
        self._listener.signal(signal.SIGCONT)

    def _kill_listener(self) -> None:
        self._listener.signal(signal.SIGKILL)
        self._listener = self._start_listener()

    def _deactivate(self) -> None:
        self._watch.change_state("deactivate")
        self._live(1.0)
        self._watch.change_state("activate")

    def _configure_again(self) -> None:
        self._watch.change_state("deactivate")
        self._keep(self._watch.fresh_accounts())
        for label in ("cleanup", "configure", "activate"):
            self._watch.change_state(label)

    def _set_parameters(self) -> None:
        self._watch.set_parameters(
            min_confidence=self._draw.choice((0.0, 0.5)),
            max_rate=self._draw.choice((0.0, 5.0, 25.0)),
            overlay_alpha=self._draw.random(),
        )

    def _keep(self, accounts: Mapping[str, Counter[str]]) -> None:
        for name, account in accounts.items():
            self._earlier[name].update(account)

    def _start_node(self) -> Child:
        parameters = {
            "image_topics": f"[{', '.join(self._topics)}]",
            "camera_names": f"[{', '.join(self._names)}]",
            **self._options.parameters,
        }
        command = [sys.executable, "-m", "lwrf_ros.node.main", "--ros-args"]
        command += ["-r", f"__node:={NODE}"]
        for name, value in parameters.items():
            command += ["-p", f"{name}:={value}"]
        return self._children.start("the node", command, self._log("node"))

    def _start_cameras(self) -> Child:
        seed, side = str(self._draw.getrandbits(32)), str(self._options.most_side_px)
        command = [*_CAMERAS, seed, side, *self._topics]
        return self._children.start("the cameras", command, self._log("cameras"))

    def _start_listener(self) -> Child:
        # Not to all: what nobody wants is part of the account too.
        topics = [f"/{NODE}/{name}/labels" for name in self._names[:-1]]
        return self._children.start(
            "the subscriber", [*_LISTENER, *topics], self._log("subscriber")
        )

    def _log(self, name: str) -> Path:
        self._starts[name] += 1
        return self._options.folder / f"{name}{self._starts[name]}.log"
