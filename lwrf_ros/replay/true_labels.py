# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""True labels in a message, read as the masks of a data set are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, get_typestore

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.mask_meaning import labels_of
from lwrf_ros.datasets.stored_mask import MaskError, StoredMask, read_stored
from lwrf_ros.images.orientation import TURNS
from lwrf_ros.recordings.bags.image_topics import COMPRESSED_TYPE, RAW_TYPE

# The types of messages that can hold them, and in words what these have to hold.
TYPES = (RAW_TYPE, COMPRESSED_TYPE)
WANTED = (
    f"{RAW_TYPE}, or {COMPRESSED_TYPE} with a PNG, of class indices or in the class table's colours"
)
# Of raw images: values a pixel, and bytes a value.
_ENCODINGS = {
    "mono8": (1, 1),
    "8UC1": (1, 1),
    "mono16": (1, 2),
    "16UC1": (1, 2),
    "rgb8": (3, 1),
    "bgr8": (3, 1),
}


class TrueLabels:
    """Reads true labels.

    Args:
        classes: The class table that they are in.
    """

    def __init__(self, classes: ClassTable) -> None:
        self._classes = classes
        self._types = get_typestore(Stores.LATEST)

    def read(self, data: bytes, kind: str) -> NDArray[np.uint8]:
        """Read a message's labels, ``(H, W) uint8`` class indices, 255 for unlabelled.

        Args:
            data: The message as it was recorded.
            kind: Its type, one of TYPES.

        Raises:
            MaskError: If it holds no labels.
        """
        try:
            message: Any = self._types.deserialize_cdr(data, kind)
        except SerdeError as error:
            raise MaskError("unreadable", f"is no {kind}: {error}") from error
        if kind == COMPRESSED_TYPE:
            stored = read_stored(message.data.tobytes())
            if stored.orientation in TURNS:
                # Images in messages are not turned for display.
                raise MaskError("turned by EXIF", f"is {TURNS[stored.orientation]} by its EXIF")
        else:
            stored = StoredMask(_values_of(message))
        return labels_of(stored, self._classes).labels


def _values_of(message: Any) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return what a raw image stores, ``(H, W)`` numbers or ``(H, W, 3) uint8 RGB``."""
    form = _ENCODINGS.get(message.encoding)
    if form is None:
        raise MaskError(
            "no such encoding",
            f"has the encoding {message.encoding!r}; wanted one of {', '.join(_ENCODINGS)}",
        )
    channels, size_bytes = form
    row_bytes = message.width * channels * size_bytes
    if message.step < row_bytes or message.data.size < message.step * message.height:
        raise MaskError("unreadable", "is shorter than it says")
    rows = message.data[: message.step * message.height].reshape(message.height, message.step)
    rows = np.ascontiguousarray(rows[:, :row_bytes])
    if size_bytes == 2:
        return rows.view(">u2" if message.is_bigendian else "<u2").astype(np.uint16)
    if channels == 1:
        return np.asarray(rows, dtype=np.uint8)
    colours = rows.reshape(message.height, message.width, channels)
    return np.asarray(colours[..., ::-1] if message.encoding == "bgr8" else colours, dtype=np.uint8)
