# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""All messages of a frame: only what is wanted, in the order in which a robot needs it."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.images.decoding import Picture
from lwrf_ros.node.output.frame_messages import (
    FRAME_OUTPUTS,
    LabelledFrame,
    engine_outputs,
    whole_image,
)
from lwrf_ros.node.output.messages import Part
from lwrf_ros.segmentation import Segmentation, Timings

HEADER = Header(stamp=Time(sec=3, nanosec=5), frame_id="front")
COLOURS = np.array([[200, 0, 0], [0, 100, 0]], np.uint8)
LABELS = np.array([[0, 1], [1, 255]], np.uint8)
GREY = np.full((2, 2), 100, np.uint8)


def labelled() -> LabelledFrame:
    result = Segmentation(
        labels=LABELS,
        confidence=np.array([[9, 8], [7, 6]], np.uint8),
        coverage=np.array([0.25, 0.5]),
        unlabelled=0.25,
        timings=Timings(*[0.0] * 6),
    )
    classes = ClassTable("two", ("road", "tree"), COLOURS)
    return LabelledFrame(HEADER, "front camera", Picture(GREY, "mono8"), result, classes, 0.5)


def test_every_output_once_and_drawings_last() -> None:
    made = dict(labelled().messages(FRAME_OUTPUTS))
    assert list(made) == [
        "labels",
        "confidence",
        "coverage",
        "coverage/vector",
        "labels/compressed",
        "overlay",
        "overlay/compressed",
    ]
    for name, message in made.items():
        assert type(message) is FRAME_OUTPUTS[name]
        assert name == "coverage/vector" or message.header == HEADER
    assert made["labels"].data == array("B", [0, 1, 1, 255])
    stored = np.asarray(made["labels/compressed"].data, dtype=np.uint8)
    shown = cv2.imdecode(stored, cv2.IMREAD_UNCHANGED)
    assert shown.tolist() == [[0, 1], [1, 255]]
    assert made["confidence"].data == array("B", [9, 8, 7, 6])
    (status,) = made["coverage"].status
    assert status.name == "front camera"
    assert {one.key: one.value for one in status.values} == {
        "road": "0.25",
        "tree": "0.5",
        "unlabelled": "0.25",
    }
    assert made["coverage/vector"].data == array("f", [0.25, 0.5, 0.25])
    # Half of each: 100 and the class's colour; unlabelled pixels are the frame's.
    overlay = np.frombuffer(made["overlay"].data, np.uint8).reshape(2, 2, 3)
    assert overlay[0, 0].tolist() == [150, 50, 50]
    assert overlay[1, 1].tolist() == [100, 100, 100]


@pytest.mark.parametrize("name", FRAME_OUTPUTS)
def test_nothing_is_built_that_is_not_wanted(name: str) -> None:
    assert [output for output, _ in labelled().messages({name})] == [name]


def test_regions_are_counted_when_their_turn_has_come() -> None:
    frame = labelled()
    asked: list[bool] = []

    def parts() -> list[Part]:
        asked.append(True)
        return [whole_image(frame.result), Part("left", np.array([0.5, 0.5]), 0.0, ("wet",))]

    built = frame.messages({"labels", "coverage"}, parts)
    assert next(built)[0] == "labels" and asked == []
    _, coverage = next(built)
    assert [(one.name, one.message) for one in coverage.status] == [
        ("front camera", "tree 50%, road 25%, unlabelled 25%"),
        ("front camera: left", "wet"),
    ]
    assert [name for name, _ in frame.messages({"labels"}, parts)] == ["labels"]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("wanted", "regions", "needed"),
    [
        ({"coverage"}, False, {"coverage"}),
        ({"coverage"}, True, {"coverage", "labels"}),
        ({"coverage/vector"}, True, {"coverage"}),
        ({"overlay/compressed"}, False, {"coverage", "labels"}),
        ({"labels", "confidence"}, False, {"coverage", "labels", "confidence"}),
    ],
)
def test_the_engine_computes_what_they_need(
    wanted: set[str], regions: bool, needed: set[str]
) -> None:
    assert engine_outputs(wanted, regions) == needed
