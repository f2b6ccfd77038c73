# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One sample image in each encoding of sensor_msgs/Image, and what a viewer has to see in it."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from lwrf_ros.images.decoding import Picture


class Sample(NamedTuple):
    """An image as bytes and as seen.

    Attributes:
        values: ``(rows, values a row)`` uint8 or uint16, as it lies in the message.
        seen: ``(H, W, 3) uint8 RGB``, or ``(H, W) uint8`` for grey.
        tolerance: Largest difference that a correct decoder may show.
    """

    values: NDArray
    seen: NDArray[np.uint8]
    tolerance: int = 0


def _random(height: int, width: int, channels: int, dtype: type = np.uint8) -> NDArray:
    generator = np.random.default_rng(height * 1000 + width * 10 + channels)
    return generator.integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype=dtype)


def _random_yuv(height: int, width: int, channels: int) -> NDArray[np.uint8]:
    """Values that both Y and UV may have."""
    return (16 + _random(height, width, channels) % 220).astype(np.uint8)


def _narrow(values: NDArray) -> NDArray[np.uint8]:
    """65535 is as white as 255."""
    return np.round(values / 257.0).astype(np.uint8) if values.dtype == np.uint16 else values


def _packed(order: str, dtype: type = np.uint8) -> Callable[[int, int], Sample]:
    """Channels beside each other, such as "BGRA"; "Y" is grey."""

    def make(height: int, width: int) -> Sample:
        values = _random(height, width, len(order), dtype)
        rows = values.reshape(height, -1)
        if order == "Y":
            return Sample(rows, _narrow(values)[:, :, 0])
        return Sample(rows, _narrow(values)[:, :, [order.index(c) for c in "RGB"]])

    return make


def _seen_yuv(y: NDArray, u: NDArray, v: NDArray) -> NDArray[np.uint8]:
    """ITU-R BT.601, Y from 16 to 235, U and V from 16 to 240 around 128."""
    luma = (y.astype(np.float64) - 16) * 255 / 219
    blue, red = (c.astype(np.float64) - 128 for c in (u, v))
    rgb = (
        luma + red * 255 / 224 * 1.402,
        luma - blue * 255 / 224 * 0.344136 - red * 255 / 224 * 0.714136,
        luma + blue * 255 / 224 * 1.772,
    )
    return np.clip(np.round(np.stack(rgb, axis=-1)), 0, 255).astype(np.uint8)


def _packed_yuv(y_first: bool) -> Callable[[int, int], Sample]:
    """Two pixels in four bytes: one Y each, U and V in common."""

    def make(height: int, width: int) -> Sample:
        pairs = _random_yuv(height, width // 2, 4)
        y0, u, y1, v = (0, 1, 2, 3) if y_first else (1, 0, 3, 2)
        luma = pairs[:, :, [y0, y1]].reshape(height, width)
        blue, red = (np.repeat(pairs[:, :, c], 2, axis=1) for c in (u, v))
        return Sample(pairs.reshape(height, -1), _seen_yuv(luma, blue, red), tolerance=2)

    return make


def _planar_yuv(u_first: bool) -> Callable[[int, int], Sample]:
    """All Y, then a row of U and V in turn for two rows of the image."""

    def make(height: int, width: int) -> Sample:
        luma = _random_yuv(height, width, 1)[:, :, 0]
        colours = _random_yuv(height // 2, width // 2, 2)
        wide = colours.repeat(2, axis=0).repeat(2, axis=1)
        blue, red = (wide[:, :, 0], wide[:, :, 1]) if u_first else (wide[:, :, 1], wide[:, :, 0])
        rows = np.concatenate([luma, colours.reshape(height // 2, width)])
        return Sample(rows, _seen_yuv(luma, blue, red), tolerance=2)

    return make


def _bayer(pattern: str, dtype: type = np.uint8) -> Callable[[int, int], Sample]:
    """A mosaic of one colour a pixel; of a smooth image, so that every demosaicing gives it."""

    def make(height: int, width: int) -> Sample:
        y, x = np.mgrid[:height, :width]
        seen = np.stack([40 + x, 110 + y, 210 - x], axis=-1).astype(np.uint8)
        mosaic = np.empty((height, width), np.uint8)
        for position, colour in enumerate(pattern):
            row, column = divmod(position, 2)
            mosaic[row::2, column::2] = seen[row::2, column::2, "rgb".index(colour)]
        # Not 257 times the value: its two bytes must differ, or their order would not matter.
        values = mosaic.astype(dtype) * 257 + 3 if dtype == np.uint16 else mosaic
        # A border pixel takes its neighbours' colours, at most two steps of the slope away.
        return Sample(values, seen, tolerance=2)

    return make


SAMPLES: dict[str, Callable[[int, int], Sample]] = {
    "rgb8": _packed("RGB"),
    "bgr8": _packed("BGR"),
    "mono8": _packed("Y"),
    "8UC1": _packed("Y"),
    "8UC3": _packed("BGR"),
    "8UC4": _packed("BGRA"),
    "rgba8": _packed("RGBA"),
    "bgra8": _packed("BGRA"),
    "mono16": _packed("Y", np.uint16),
    "rgb16": _packed("RGB", np.uint16),
    "bgr16": _packed("BGR", np.uint16),
    "rgba16": _packed("RGBA", np.uint16),
    "bgra16": _packed("BGRA", np.uint16),
    "uyvy": _packed_yuv(y_first=False),
    "yuv422": _packed_yuv(y_first=False),
    "yuyv": _packed_yuv(y_first=True),
    "yuv422_yuy2": _packed_yuv(y_first=True),
    "nv12": _planar_yuv(u_first=True),
    "nv21": _planar_yuv(u_first=False),
    **{f"bayer_{p}8": _bayer(p) for p in ("rggb", "bggr", "gbrg", "grbg")},
    **{f"bayer_{p}16": _bayer(p, np.uint16) for p in ("rggb", "bggr", "gbrg", "grbg")},
}
# Pixels in these need their neighbour.
EVEN_WIDTH = [name for name in SAMPLES if name.startswith(("uyvy", "yuv", "yuyv", "nv", "bayer"))]
WIDE = [name for name in SAMPLES if name.endswith("16")]


def message_of(encoding: str, sample: Sample, padding: int = 0, big_endian: bool = False) -> Image:
    """Build the message of a sample, with bytes at the end of each row that are no pixels."""
    values = sample.values.astype(sample.values.dtype.newbyteorder(">" if big_endian else "<"))
    rows = np.ascontiguousarray(values).view(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=0xA5)
    message = Image(
        height=sample.seen.shape[0],
        width=sample.seen.shape[1],
        encoding=encoding,
        step=rows.shape[1],
        is_bigendian=int(big_endian),
    )
    message.data = array("B", rows.tobytes())
    return message


def seen_in(picture: Picture) -> NDArray[np.uint8]:
    """Return what a picture shows: ``(H, W, 3) uint8 RGB`` or ``(H, W) uint8``."""
    assert picture.array.dtype == np.uint8
    assert picture.encoding in ("rgb8", "bgr8", "mono8")
    assert picture.array.ndim == (2 if picture.encoding == "mono8" else 3)
    return picture.array[:, :, ::-1] if picture.encoding == "bgr8" else picture.array


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how far two images of one shape are apart, pixel by pixel."""
    assert a.shape == b.shape
    return np.abs(a.astype(np.int64) - b.astype(np.int64))
