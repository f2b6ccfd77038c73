# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Results to messages; every header is the input's, untouched."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float32MultiArray, Header, MultiArrayDimension

from lwrf_ros.classes.class_table import UNLABELLED_NAME

_JPEG_QUALITY = 85
# Labels are large areas: higher levels take much longer and save little.
_PNG_LEVEL = 1
_NAMED_IN_MESSAGE = 3


def image_message(header: Header, pixels: NDArray[np.uint8]) -> Image:
    """Build a mono8 image from ``(H, W) uint8``, or an rgb8 one from ``(H, W, 3) uint8 RGB``."""
    message = Image(header=header)
    message.height, message.width = pixels.shape[:2]
    message.encoding = "mono8" if pixels.ndim == 2 else "rgb8"
    message.step = pixels[0].size
    _fill(message, pixels)
    return message


def jpeg_message(header: Header, pixels: NDArray[np.uint8]) -> CompressedImage:
    """Build a JPEG image from ``(H, W, 3) uint8 RGB``."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    message = CompressedImage(header=header, format="jpeg")
    _fill(message, encoded)
    return message


def png_message(header: Header, pixels: NDArray[np.uint8]) -> CompressedImage:
    """Build a PNG image, which loses nothing, from ``(H, W) uint8``."""
    _, encoded = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, _PNG_LEVEL])
    message = CompressedImage(header=header, format="png")
    _fill(message, encoded)
    return message


class Part(NamedTuple):
    """The coverage of the whole image or of a region.

    Attributes:
        region: Its name, WHOLE_IMAGE for the whole image.
        coverage: ``(C,)`` fractions by class.
        unlabelled: The fraction of unlabelled pixels; with `coverage` the sum is 1.
        alerts: The alerts that are raised about it, in words; WARN if there are any.
    """

    region: str
    coverage: NDArray[np.float64]
    unlabelled: float
    alerts: Sequence[str] = ()


def coverage_message(
    header: Header, camera: str, class_names: Sequence[str], parts: Iterable[Part]
) -> DiagnosticArray:
    """Build the coverage of an image as diagnostics.

    Args:
        header: The image's header.
        camera: Name of the camera; what the status is called by, with the region's name.
        class_names: C names.
        parts: The whole image, then the regions.

    Returns:
        A status a part, with a KeyValue a class and one for `unlabelled`.
    """
    statuses = [_coverage_status(header.frame_id, camera, class_names, part) for part in parts]
    return DiagnosticArray(header=header, status=statuses)


def _coverage_status(
    frame_id: str, camera: str, class_names: Sequence[str], part: Part
) -> DiagnosticStatus:
    name = f"{camera}: {part.region}" if part.region else camera
    status = DiagnosticStatus(name=name, hardware_id=frame_id)
    status.values = [
        KeyValue(key=name, value=f"{fraction:.9g}")
        for name, fraction in zip(class_names, part.coverage, strict=True)
    ]
    status.values.append(KeyValue(key=UNLABELLED_NAME, value=f"{part.unlabelled:.9g}"))
    status.level = DiagnosticStatus.WARN if part.alerts else DiagnosticStatus.OK
    status.message = "; ".join(part.alerts) or _largest(
        (*class_names, UNLABELLED_NAME), np.append(part.coverage, part.unlabelled)
    )
    return status


def vector_message(
    class_names: Sequence[str], coverage: NDArray[np.float64], unlabelled: float
) -> Float32MultiArray:
    """Build the coverage as C + 1 numbers by class index, unlabelled last."""
    message = Float32MultiArray()
    size = len(class_names) + 1
    label = ",".join((*class_names, UNLABELLED_NAME))
    message.layout.dim = [MultiArrayDimension(label=label, size=size, stride=size)]
    message.data = array("f", [*coverage.tolist(), unlabelled])
    return message


def _largest(class_names: Sequence[str], coverage: NDArray[np.float64]) -> str:
    order = np.argsort(-coverage, kind="stable")[:_NAMED_IN_MESSAGE]
    return ", ".join(f"{class_names[i]} {coverage[i]:.0%}" for i in order if coverage[i] > 0)


def _fill(message: Image | CompressedImage, values: NDArray[np.uint8]) -> None:
    """Copy values into a message's own, still empty data: the one copy on this side of rclpy."""
    # Into the array that is there, because assigning one makes the message copy it again, and one
    # memcpy, because array("B", memoryview) goes element by element and takes 200 times as long.
    message.data.frombytes(np.ascontiguousarray(values).data)
