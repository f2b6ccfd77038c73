# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Results to messages: hand values, the input's header untouched, bytes that DDS can send."""

from __future__ import annotations

import io
from array import array
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float32MultiArray, Header

from lwrf_ros.node.output.messages import (
    Part,
    coverage_message,
    image_message,
    jpeg_message,
    vector_message,
)

CLASSES = ("road", "car", "traffic light")
COVERAGE = np.array([0.5, 0.125, 0.25])
LEFT = 0.125


def header() -> Header:
    return Header(stamp=Time(sec=12, nanosec=999_999_999), frame_id="front_optical")


def coverage(
    fractions: NDArray[np.float64] = COVERAGE, unlabelled: float = LEFT, *alerts: str
) -> DiagnosticArray:
    parts = [Part("", fractions, unlabelled, alerts)]
    return coverage_message(header(), "front", CLASSES, parts)


def sent(message: Any) -> Any:
    """Return the message as it arrives at the other side."""
    return deserialize_message(serialize_message(message), type(message))


def test_labels() -> None:
    message = image_message(header(), np.array([[0, 1, 255], [7, 8, 9]], np.uint8))
    assert (message.height, message.width, message.step) == (2, 3, 3)
    assert (message.encoding, message.is_bigendian) == ("mono8", 0)
    assert message.data == array("B", [0, 1, 255, 7, 8, 9])
    assert message.header == header()


def test_picture() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    message = image_message(header(), pixels)
    assert (message.height, message.width, message.step) == (2, 2, 6)
    assert message.encoding == "rgb8"
    assert message.data == array("B", range(12))


@pytest.mark.parametrize(
    "pixels",
    [
        np.arange(24, dtype=np.uint8).reshape(4, 6)[:, :3],
        np.arange(24, dtype=np.uint8).reshape(4, 6)[:, ::2],
        np.arange(24, dtype=np.uint8).reshape(6, 4).T,
        np.arange(24, dtype=np.uint8).reshape(4, 6)[::-1],
        np.arange(96, dtype=np.uint8).reshape(4, 8, 3)[:, :5],
        np.arange(96, dtype=np.uint8).reshape(4, 8, 3)[:, :, ::-1],
        np.asfortranarray(np.arange(24, dtype=np.uint8).reshape(4, 6)),
        np.arange(6, dtype=np.uint8).reshape(1, 6)[:, :4],
    ],
)
def test_rows_without_gaps_whatever_the_array_is_like(pixels: NDArray[np.uint8]) -> None:
    message = image_message(header(), pixels)
    assert message.step == message.width * (3 if pixels.ndim == 3 else 1)
    assert (message.height, message.width) == pixels.shape[:2]
    assert bytes(message.data) == pixels.tobytes()


def test_the_message_does_not_share_the_results_memory() -> None:
    pixels = np.zeros((2, 2), np.uint8)
    message = image_message(header(), pixels)
    pixels[:] = 9
    assert message.data == array("B", [0, 0, 0, 0])


def test_messages_of_consecutive_frames_do_not_share_memory() -> None:
    pixels = np.zeros((2, 2), np.uint8)
    first = image_message(header(), pixels)
    pixels[:] = 9
    second = image_message(header(), pixels)
    assert (first.data, second.data) == (array("B", [0] * 4), array("B", [9] * 4))


def test_jpeg() -> None:
    y, x = np.mgrid[:48, :64]
    pixels = np.stack([40 + 2 * x, 60 + 3 * y, 200 - x - y], axis=-1).astype(np.uint8)
    for picture in (pixels, pixels[::-1, ::-1]):
        message = jpeg_message(header(), picture)
        assert (message.format, message.header) == ("jpeg", header())
        assert bytes(message.data[:3]) == b"\xff\xd8\xff"
        shown = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
        assert np.abs(shown.astype(int) - picture).max() <= 25
        assert np.abs(shown.astype(int) - picture).mean() <= 3


def test_jpeg_has_quality_85() -> None:
    data = bytes(jpeg_message(header(), np.zeros((8, 8, 3), np.uint8)).data)
    luminance = PIL.Image.open(io.BytesIO(data)).quantization[0]
    # Table K.1 of ITU T.81 begins 16, 11, 10, 16; libjpeg takes 200 - 2 * 85 percent of it.
    assert list(luminance[:2]) == [5, 3]
    assert max(luminance) == 36  # of 121


def test_coverage() -> None:
    message = coverage()
    (status,) = message.status
    assert message.header == header()
    assert (status.name, status.hardware_id) == ("front", "front_optical")
    assert [(entry.key, entry.value) for entry in status.values] == [
        ("road", "0.5"),
        ("car", "0.125"),
        ("traffic light", "0.25"),
        ("unlabelled", "0.125"),
    ]
    assert status.level == DiagnosticStatus.OK
    assert status.message == "road 50%, traffic light 25%, car 12%"


def test_coverage_is_written_with_nine_digits() -> None:
    values = coverage(np.array([1 / 3, 2 / 3, 1e-7 / 3]), 0.0).status[0].values
    assert [entry.value for entry in values] == [
        "0.333333333",
        "0.666666667",
        "3.33333333e-08",
        "0",
    ]


@given(counts=st.lists(st.integers(0, 10**7), min_size=4, max_size=4).filter(any))
def test_coverage_sums_to_one(counts: list[int]) -> None:
    fractions = np.array(counts[:3]) / sum(counts)
    unlabelled = counts[3] / sum(counts)
    written = [float(entry.value) for entry in coverage(fractions, unlabelled).status[0].values]
    assert abs(sum(written) - 1) < 1e-6
    assert abs(sum(vector_message(CLASSES, fractions, unlabelled).data) - 1) < 1e-6


def test_classes_that_are_not_there_are_not_in_the_message() -> None:
    assert coverage(np.array([0.0, 1.0, 0.0]), 0.0).status[0].message == "car 100%"


def test_an_image_without_any_class_says_so() -> None:
    assert coverage(np.zeros(3), 1.0).status[0].message == "unlabelled 100%"


def test_an_alert_that_is_raised_warns() -> None:
    status = coverage(COVERAGE, LEFT, "car 12.5% > 12.0%", "road 50.0% > 49.9%").status[0]
    assert status.level == DiagnosticStatus.WARN
    assert status.message == "car 12.5% > 12.0%; road 50.0% > 49.9%"
    assert len(status.values) == 4


def test_each_region_has_a_status_of_its_own_behind_the_whole_images() -> None:
    parts = [
        Part("", COVERAGE, LEFT),
        Part("path", np.array([0.0, 1.0, 0.0]), 0.0, ["car in path 100.0% > 5.0%"]),
        Part("left", np.array([0.0, 0.0, 0.25]), 0.75),
    ]
    message = coverage_message(header(), "front", CLASSES, parts)
    assert [status.name for status in message.status] == ["front", "front: path", "front: left"]
    assert {status.hardware_id for status in message.status} == {"front_optical"}
    assert [status.level for status in message.status] == [
        DiagnosticStatus.OK,
        DiagnosticStatus.WARN,
        DiagnosticStatus.OK,
    ]
    assert [status.message for status in message.status] == [
        "road 50%, traffic light 25%, car 12%",
        "car in path 100.0% > 5.0%",
        "unlabelled 75%, traffic light 25%",
    ]
    assert [float(entry.value) for entry in message.status[2].values] == [0, 0, 0.25, 0.75]


def test_vector() -> None:
    message = vector_message(CLASSES, COVERAGE, LEFT)
    assert message.data == array("f", [0.5, 0.125, 0.25, 0.125])
    (dimension,) = message.layout.dim
    assert dimension.label == "road,car,traffic light,unlabelled"
    assert (dimension.size, dimension.stride, message.layout.data_offset) == (4, 4, 0)


def test_every_message_arrives_as_it_was_sent() -> None:
    pixels = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    messages: list[Image | CompressedImage | DiagnosticArray | Float32MultiArray] = [
        image_message(header(), pixels),
        image_message(header(), pixels[:, :, 0]),
        jpeg_message(header(), pixels),
        coverage(COVERAGE, LEFT, "car 12.5% > 10.0%"),
        vector_message(CLASSES, COVERAGE, LEFT),
    ]
    for message in messages:
        assert sent(message) == message


def test_arrays_of_the_right_kind() -> None:
    """Anything but an array.array would be checked element by element by the message."""
    pixels = np.zeros((3, 4, 3), np.uint8)
    assert isinstance(image_message(header(), pixels).data, array)
    assert isinstance(jpeg_message(header(), pixels).data, array)
    assert isinstance(vector_message(CLASSES, COVERAGE, LEFT).data, array)
