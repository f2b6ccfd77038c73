# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Fixtures of the node's tests: a domain of its own for each test, the node, and a peer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: the node cannot run")

import vision_interfaces
from harness import QUICK, NodeProcess, Peer, StartDdsProcess, StartNode, environment_on
from staging import CAMVID, PATIENCE_S, Play, Stage, Watched

from lwrf_ros.machine.dds_profile import our_profile, profile_environment
from lwrf_ros.network import RefineNet, build_network, randomise
from lwrf_ros.processes.domain import reserve_domain_id


@pytest.fixture
def domain_id(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A ROS domain that nobody else uses, with the profile for large images on both sides."""
    variables = profile_environment(our_profile())
    for variable, path in variables.items():
        monkeypatch.setenv(variable, path)
    with reserve_domain_id() as number:
        yield number


@pytest.fixture
def start_node(domain_id: int, tmp_path: Path) -> Iterator[StartNode]:
    """Start the node; ``quick=False`` leaves out the parameters of a quick network.

    As a fork with hurried diagnostics, see `NodeProcess`; with ``executable=EXECUTABLE`` as the
    user starts it.
    """
    processes: list[NodeProcess] = []

    def start(
        *arguments: str,
        quick: bool = True,
        executable: Sequence[str] | None = None,
        **parameters: str,
    ) -> NodeProcess:
        log = tmp_path / f"node{len(processes)}.log"
        given = {**QUICK, **parameters} if quick else parameters
        environment = environment_on(domain_id)
        processes.append(NodeProcess(environment, given, list(arguments), log, executable))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


@pytest.fixture
def start_dds_process(domain_id: int, tmp_path: Path) -> Iterator[StartDdsProcess]:
    """Start a camera or a listener, see dds_process.py; killed and woken at the end."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("dds_process.py")
        process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            env=environment_on(domain_id),
            stdout=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def peer(domain_id: int) -> Iterator[Peer]:
    """A peer on the node's domain."""
    peer = Peer(domain_id)
    yield peer
    peer.close()


@pytest.fixture(scope="session")
def built_vision_msgs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What vision_msgs needs in the environment: built here, or installed and nothing."""
    if find_spec("vision_msgs") is not None:
        return {}
    try:
        return vision_interfaces.build(tmp_path_factory.mktemp("vision_msgs"))
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"vision_msgs is not installed and cannot be built: {error}")


@pytest.fixture
def vision_msgs(built_vision_msgs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """vision_msgs, for this process and those that it starts."""
    for variable, path in built_vision_msgs.items():
        old = os.environ.get(variable)
        monkeypatch.setenv(variable, os.pathsep.join(filter(None, (path, old))))


@pytest.fixture(scope="session")
def network() -> RefineNet:
    """The smallest network, with random weights."""
    network = build_network("mobilenet_v2", len(CAMVID))
    randomise(network, seed=0)
    return network


@pytest.fixture
def play(network: RefineNet) -> Iterator[Play]:
    """Make a stage with an engine of a class."""
    stages: list[Stage] = []

    def make(kind: type[Watched] = Watched, *cameras: str, **options: Any) -> Stage:
        given = {k: options.pop(k) for k in ("input_size",) if k in options}
        stages.append(Stage(kind(network, **given), *cameras, **options))
        return stages[-1]

    yield make
    for stage in stages:
        stage.segmenter.gate.set()
        assert stage.worker is None or stage.worker.stop(PATIENCE_S)
