# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The node with every network of the grid: a frame in, labels out. One runs always, to be sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Peer, StartNode, image
from sensor_msgs.msg import Image

from lwrf_ros.backbones import BACKBONES, DECODERS
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.weights.bundled import DEFAULT_CLASSES

ALWAYS = ("nasnet_mobile", "light_weight_rcu")


def networks() -> list[Any]:
    return [
        pytest.param(
            *(backbone, decoder),
            id=f"{backbone}-{decoder}",
            marks=() if (backbone, decoder) == ALWAYS else (pytest.mark.grid,),
        )
        for backbone in BACKBONES
        for decoder in DECODERS
    ]


@pytest.mark.parametrize(("backbone", "decoder"), networks())
def test_a_frame_goes_through(
    start_node: StartNode, peer: Peer, backbone: str, decoder: str
) -> None:
    start_node(backbone=backbone, decoder=decoder, input_width="97", input_height="65")
    peer.spin_until(lambda: peer.state() == "active", "the state active", patience_s=240.0)
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/image")
    pixels = np.random.default_rng(1).integers(0, 256, (61, 83, 3), dtype=np.uint8)
    camera.publish(image(pixels, stamp_ns=7))
    peer.spin_until(lambda: labels, "labels")
    assert (labels[0].height, labels[0].width) == (61, 83)
    found = np.frombuffer(labels[0].data, np.uint8)
    assert found.size == 61 * 83
    assert found.max() < len(ClassTable.load(DEFAULT_CLASSES).names)
    assert len(np.unique(found)) > 1
