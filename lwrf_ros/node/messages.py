# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Results to messages; every header is the input's, untouched."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float32MultiArray, Header, MultiArrayDimension

from lwrf_ros.classes import UNLABELLED_NAME
from lwrf_ros.node.parameters import Alert

_JPEG_QUALITY = 85
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


def coverage_message(
    header: Header,
    camera: str,
    class_names: Sequence[str],
    coverage: NDArray[np.float64],
    unlabelled: float,
    alerts: Sequence[str],
) -> DiagnosticArray:
    """Build the coverage of an image as diagnostics.

    Args:
        header: The image's header.
        camera: Name of the camera; the status' name.
        class_names: C names.
        coverage: ``(C,)`` fractions by class.
        unlabelled: The fraction of unlabelled pixels.
        alerts: The alerts that are passed, in words, as of `passed_alerts`; WARN if there are any.

    Returns:
        One status, with a KeyValue a class and one for `unlabelled`; the fractions sum to 1.
    """
    status = DiagnosticStatus(name=camera, hardware_id=header.frame_id)
    status.values = [
        KeyValue(key=name, value=f"{fraction:.9g}")
        for name, fraction in zip(class_names, coverage, strict=True)
    ]
    status.values.append(KeyValue(key=UNLABELLED_NAME, value=f"{unlabelled:.9g}"))
    status.level = DiagnosticStatus.WARN if alerts else DiagnosticStatus.OK
    status.message = "; ".join(alerts) or _largest(
        (*class_names, UNLABELLED_NAME), np.append(coverage, unlabelled)
    )
    return DiagnosticArray(header=header, status=[status])


def passed_alerts(
    class_names: Sequence[str], coverage: NDArray[np.float64], alerts: Iterable[Alert]
) -> list[str]:
    """Return, in words, the alerts whose class holds more of the image than it may."""
    fractions = dict(zip(class_names, coverage, strict=True))
    return [
        f"{alert.class_name} {fractions[alert.class_name]:.1%} > {alert.fraction:.1%}"
        for alert in alerts
        if fractions[alert.class_name] > alert.fraction
    ]


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
