# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the demo asks of the node: which weights, and what it says of them."""

from __future__ import annotations

import argparse

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: the demo cannot run")

from lwrf_ros.tools import demo
from lwrf_ros.tools.demonstration.runner import RANDOM_NOTE, choose_weights


@pytest.mark.parametrize(
    ("asked", "chosen", "note"),
    [
        ("bundled", "", None),
        ("random", "random", RANDOM_NOTE),
        ("/some/weights.pth", "/some/weights.pth", None),
        ("./random", "./random", None),
    ],
)
def test_weights_and_what_is_said_of_them(asked: str, chosen: str, note: str | None) -> None:
    assert choose_weights(asked) == (chosen, note)


def test_the_defaults_are_the_bundled_weights_at_their_own_size() -> None:
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    arguments = parser.parse_args([])
    assert choose_weights(arguments.weights) == ("", None)
    # 0 and 0 are how the node is told to take the size of the weights.
    assert (arguments.input_width, arguments.input_height) == (0, 0)
