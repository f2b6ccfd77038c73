# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The options of the engine: as arguments, and as parameters of the node."""

from __future__ import annotations

import argparse

import pytest

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.configuration.parameters import Parameters, coerce
from lwrf_ros.terminal.options import add_options, options_of


def parsed(*arguments: str) -> EngineOptions:
    parser = argparse.ArgumentParser()
    add_options(parser, EngineOptions)
    return options_of(EngineOptions, parser.parse_args(arguments))


def test_a_bare_command_line_is_the_default() -> None:
    assert parsed() == EngineOptions()


def test_arguments_arrive_at_the_node() -> None:
    options = parsed(
        *("--weights", "camvid", "--device", "cuda:1", "--precision", "bf16"),
        *("--input-size", "480x360", "--min-confidence", "0.25"),
        *("--class-groups", "camvid_navigation"),
    )
    assert options.node_parameters == {
        "backbone": "mobilenet_v2",
        "decoder": "light_weight",
        "weights": "camvid",
        "classes": "",
        "class_groups": "camvid_navigation",
        "device": "cuda:1",
        "precision": "bf16",
        "input_width": 480,
        "input_height": 360,
        "min_confidence": 0.25,
        "max_value_16bit": 65535,
    }
    for name, value in options.node_parameters.items():
        assert coerce(name, value) == value == getattr(options.parameters, name)


@pytest.mark.parametrize(("text", "side"), [("image", -1), (None, 0)])
def test_the_input_size_may_be_the_images_or_the_weights(text: str | None, side: int) -> None:
    parameters = parsed(*(["--input-size", text] if text else [])).parameters
    assert (parameters.input_width, parameters.input_height) == (side, side)
    assert parameters.input_size == text


def test_what_the_options_leave_out_is_as_the_node_has_it() -> None:
    options, node = EngineOptions(weights="random"), Parameters(weights="random")
    assert options.parameters == node
    assert options.overlay_alpha == node.overlay_alpha
