# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the demo asks of the node: which weights, and what it says of them."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

pytest.importorskip("rclpy", reason="rclpy is not installed: the demo cannot run")

from lwrf_ros.cli import demo
from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.processes.demo_run import (
    RANDOM_NOTE,
    DemoOptions,
    note_on,
    record_command,
)
from lwrf_ros.terminal.options import options_of
from lwrf_ros.weights.choice import resolve


def options(**given: object) -> DemoOptions:
    """The options of a bare ``lwrf demo``, but for those given."""
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    bare = vars(parser.parse_args([]))
    engine = options_of(EngineOptions, argparse.Namespace(**{**bare, **given}))
    given = {name: value for name, value in given.items() if name == "output"}
    bare["engine"] = engine
    names = {entry.name for entry in fields(DemoOptions)}
    chosen = {name: value for name, value in bare.items() if name in names}
    return DemoOptions(**{**chosen, "input": Path("x.avi"), "speed": bare["rate"], **given})


@pytest.mark.parametrize(
    ("weights", "note"), [("random", RANDOM_NOTE), ("", None), ("./random", None)]
)
def test_what_is_said_of_the_weights(weights: str, note: str | None) -> None:
    assert note_on(resolve(weights)) == note


def test_the_defaults_are_the_bundled_weights_at_their_own_size() -> None:
    parameters = options().engine.node_parameters
    assert (parameters["weights"], parameters["classes"]) == ("", "")
    assert (parameters["backbone"], parameters["decoder"]) == ("mobilenet_v2", "light_weight")
    # 0 and 0 are how the node is told to take the size of the weights.
    assert (parameters["input_width"], parameters["input_height"]) == (0, 0)


def test_the_network_is_the_one_that_the_weights_name(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"x": np.zeros(1, np.float32)}, path, {"backbone": "resnet50"})
    parameters = options(weights=str(path)).engine.node_parameters
    assert (parameters["backbone"], parameters["weights"]) == ("resnet50", str(path))


def test_the_recorder_is_told_the_classes_by_a_file() -> None:
    command = record_command(options(output=Path("out")), None)
    assert command[command.index("--classes") + 1] == "out/classes.yaml"
