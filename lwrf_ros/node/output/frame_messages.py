# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""All messages of a frame, for whoever publishes or stores them: the node, and a replay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float32MultiArray, Header

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.configuration.alerts import WHOLE_IMAGE
from lwrf_ros.drawing.overlay import draw_overlay
from lwrf_ros.images.decoding import Picture
from lwrf_ros.node.output.messages import (
    Part,
    coverage_message,
    image_message,
    jpeg_message,
    png_message,
    vector_message,
)
from lwrf_ros.segmentation import Segmentation

# What is made of a frame, by the topic under the camera's name.
FRAME_OUTPUTS = {
    "labels": Image,
    "labels/compressed": CompressedImage,
    "confidence": Image,
    "overlay": Image,
    "overlay/compressed": CompressedImage,
    "coverage": DiagnosticArray,
    "coverage/vector": Float32MultiArray,
}
OVERLAYS = frozenset(("overlay", "overlay/compressed"))
_LABELLED = OVERLAYS | {"labels", "labels/compressed"}
# Those that are a picture, which has a camera_info.
IMAGES = _LABELLED | {"confidence"}


def engine_outputs(wanted: Collection[str], regions: bool = False) -> set[str]:
    """Return what the engine has to compute for some of `FRAME_OUTPUTS`.

    Args:
        wanted: The outputs.
        regions: Whether the coverage is that of regions, too.
    """
    needed = {"coverage"}
    if not _LABELLED.isdisjoint(wanted) or (regions and "coverage" in wanted):
        needed.add("labels")
    if "confidence" in wanted:
        needed.add("confidence")
    return needed


def whole_image(result: Segmentation) -> Part:
    """Return the coverage of the whole image."""
    return Part(WHOLE_IMAGE, result.coverage, result.unlabelled)


@dataclass(frozen=True, eq=False)
class LabelledFrame:
    """A frame that the engine is done with.

    Attributes:
        header: Of its message; that of every output.
        camera: What its coverage is called by.
        picture: What the engine took.
        result: What the engine said, with all of `engine_outputs`.
        classes: The classes, or groups, of its labels.
        alpha: Weight of the colours in the overlay, 0..1.
    """

    header: Header
    camera: str
    picture: Picture
    result: Segmentation
    classes: ClassTable
    alpha: float

    def messages(
        self, wanted: Collection[str], parts: Callable[[], Sequence[Part]] | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Build its messages one by one, so that nobody waits for the next.

        Args:
            wanted: Those of `FRAME_OUTPUTS` to build.
            parts: Gives the coverage of the whole image and of regions when its turn has come;
                None for that of the whole image.

        Yields:
            The name of an output and its message.
        """
        result, names = self.result, self.classes.names
        if "labels" in wanted:
            yield "labels", image_message(self.header, self._labels)
        if "confidence" in wanted:
            assert result.confidence is not None  # asked for by engine_outputs
            yield "confidence", image_message(self.header, result.confidence)
        if "coverage" in wanted:
            shares = parts() if parts else [whole_image(result)]
            yield "coverage", coverage_message(self.header, self.camera, names, shares)
        if "coverage/vector" in wanted:
            yield "coverage/vector", vector_message(names, result.coverage, result.unlabelled)
        if "labels/compressed" in wanted:
            yield "labels/compressed", png_message(self.header, self._labels)
        # Last, because they are for people: a robot must not wait for a drawing.
        if not OVERLAYS.isdisjoint(wanted):
            array, encoding = self.picture.array, self.picture.encoding
            drawn = draw_overlay(array, encoding, self._labels, self.classes, self.alpha)
            if "overlay" in wanted:
                yield "overlay", image_message(self.header, drawn)
            if "overlay/compressed" in wanted:
                yield "overlay/compressed", jpeg_message(self.header, drawn)

    @property
    def labels_size(self) -> tuple[int, int]:
        """``(height, width)`` in pixels of its labels and confidence, of which one is there."""
        shown = self.result.confidence if self.result.labels is None else self.result.labels
        assert shown is not None  # one of them is there for every image
        return shown.shape[0], shown.shape[1]

    @property
    def _labels(self) -> NDArray[np.uint8]:
        assert self.result.labels is not None  # asked for by engine_outputs
        return self.result.labels
