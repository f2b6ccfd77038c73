# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Small labelled data sets and weights, for the tests of what measures weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.network import RefineNet, build_network, randomise
from lwrf_ros.segmentation import Segmenter

NAMES = ("grass", "wall", "cat")
SIZE = (48, 64)  # height and width in pixels


def write_table(path: Path) -> Path:
    """Write a class table of three classes."""
    entries = [f"  - {{name: {name}, colour: [{k}, 9, 200]}}" for k, name in enumerate(NAMES)]
    path.write_text("\n".join(["name: small", "classes:", *entries, ""]))
    return path


def small_network(gain: float = 1.0) -> RefineNet:
    """A network for the table, whose labels mean nothing; its logits are stretched by a gain."""
    network = build_network("mobilenet_v2", len(NAMES))
    randomise(network, seed=4)
    network.input_size = SIZE
    state = network.classifier.state_dict()
    network.classifier.load_state_dict({key: gain * value for key, value in state.items()})
    return network


def image(number: int) -> np.ndarray:
    """A picture, (48, 64, 3) uint8 RGB, of smooth colours; another one for another number."""
    coarse = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC)


def engine(network: RefineNet) -> Segmenter:
    """Run a network on the CPU in float32."""
    colours = np.array([[k, 9, 200] for k in range(len(NAMES))], dtype=np.uint8)
    return Segmenter(network, ClassTable("small", NAMES, colours), device="cpu", precision="fp32")


def write_data(
    folder: Path,
    network: RefineNet,
    frames: int,
    change: Callable[[int, np.ndarray], None] = lambda number, mask: None,
) -> Path:
    """Write a data set whose truth is what a network says, but for changes.

    Args:
        folder: To make.
        network: Gives the masks.
        frames: How many.
        change: Is given each frame's number and mask, to change it in place.
    """
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    segmenter = engine(network)
    for number in range(frames):
        picture = image(number)
        mask = segmenter.segment([picture])[0].labels
        assert mask is not None  # asked for
        change(number, mask)
        # PNG: a JPEG would be another picture, with other labels.
        cv2.imwrite(str(folder / "images" / f"{number:03}.png"), picture[:, :, ::-1])
        cv2.imwrite(str(folder / "masks" / f"{number:03}.png"), mask)
    return folder


def error_of(captured: str, subcommand: str) -> str:
    """The message behind `lwrf SUBCOMMAND: error:` on stderr."""
    found = re.search(rf"^lwrf {subcommand}: error: (.*)", captured, re.MULTILINE | re.DOTALL)
    assert found, captured
    return found[1].strip()
