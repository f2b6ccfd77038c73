# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Images to arrays: the cheap check of their description, and every encoding in one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeGuard

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.images.picture_header import count_jpeg_scans, read_picture_header

_U1, _U2 = np.dtype(np.uint8), np.dtype(np.uint16)


class Refusal(Exception):  # noqa: N818 - a frame is refused, nothing went wrong
    """A frame that cannot be used.

    Attributes:
        reason: One word to count it under.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Picture(NamedTuple):
    """An image as the engine takes it.

    Attributes:
        array: ``(H, W, 3) uint8``, or ``(H, W) uint8`` for mono8; rows may be padded.
        encoding: rgb8, bgr8 or mono8.
    """

    array: NDArray[np.uint8]
    encoding: str


class Raw(Protocol):
    """The fields of a sensor_msgs/Image, of the message or as recorded; `data` are bytes."""

    @property
    def encoding(self) -> str: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def is_bigendian(self) -> int: ...  # noqa: D102
    @property
    def data(self) -> Any: ...  # noqa: D102


class Compressed(Protocol):
    """The fields of a sensor_msgs/CompressedImage, likewise."""

    @property
    def format(self) -> str: ...  # noqa: D102
    @property
    def data(self) -> Any: ...  # noqa: D102


class _Format(NamedTuple):
    """How an encoding of sensor_msgs/Image lies in memory.

    Attributes:
        channels: Values a pixel.
        dtype: Type of a value.
        target: Encoding that it becomes.
        conversion: OpenCV's code for that, None where the bytes are already of that form.
        rows: Rows of data for two rows of the image (planar YUV carries more than 2).
    """

    channels: int
    dtype: np.dtype
    target: str
    conversion: int | None = None
    rows: int = 2


_FORMATS = {
    "rgb8": _Format(3, _U1, "rgb8"),
    "bgr8": _Format(3, _U1, "bgr8"),
    "mono8": _Format(1, _U1, "mono8"),
    # Without an order of its own, OpenCV's is meant.
    "8UC3": _Format(3, _U1, "bgr8"),
    "8UC1": _Format(1, _U1, "mono8"),
    "rgba8": _Format(4, _U1, "rgb8", cv2.COLOR_RGBA2RGB),
    "bgra8": _Format(4, _U1, "rgb8", cv2.COLOR_BGRA2RGB),
    "8UC4": _Format(4, _U1, "rgb8", cv2.COLOR_BGRA2RGB),
    "mono16": _Format(1, _U2, "mono8"),
    "rgb16": _Format(3, _U2, "rgb8"),
    "bgr16": _Format(3, _U2, "bgr8"),
    "rgba16": _Format(4, _U2, "rgb8", cv2.COLOR_RGBA2RGB),
    "bgra16": _Format(4, _U2, "rgb8", cv2.COLOR_BGRA2RGB),
    "yuv422": _Format(2, _U1, "rgb8", cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": _Format(2, _U1, "rgb8", cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": _Format(2, _U1, "rgb8", cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": _Format(2, _U1, "rgb8", cv2.COLOR_YUV2RGB_YUY2),
    "nv12": _Format(1, _U1, "rgb8", cv2.COLOR_YUV2RGB_NV12, rows=3),
    "nv21": _Format(1, _U1, "rgb8", cv2.COLOR_YUV2RGB_NV21, rows=3),
}
# ROS names a Bayer pattern by its first row and then its second; OpenCV's BG, GB, RG and GR by
# the second row's second and third pixel.
for _ros, _opencv in (("rggb", "BG"), ("bggr", "RG"), ("gbrg", "GR"), ("grbg", "GB")):
    _code = getattr(cv2, f"COLOR_Bayer{_opencv}2RGB")
    _FORMATS[f"bayer_{_ros}8"] = _Format(1, _U1, "rgb8", _code)
    _FORMATS[f"bayer_{_ros}16"] = _Format(1, _U2, "rgb8", _code)

ENCODINGS = tuple(_FORMATS)
# Pairs of pixels share their colour in these, and Bayer patterns repeat every second pixel.
_PAIRED = ("yuv", "uyvy", "yuyv", "nv", "bayer")
# REP 118 and friends: numbers, not pictures.
_NOT_A_PICTURE = ("16UC1", "32FC1", "16SC1", "32SC1", "64FC1")
_SHOWN_TEXT = 40
# A decoder goes over all pixels for each scan; colour in the usual steps takes ten.
_MOST_SCANS = 64
_DEFAULTS = Parameters()


def check(image: Raw | Compressed, parameters: Parameters = _DEFAULTS) -> None:
    """Check an image by its description alone, without touching a pixel.

    Args:
        image: The image.
        parameters: How large it may be: max_pixels and max_bytes.

    Raises:
        Refusal: If it cannot be an image of an encoding known here, or is too large.
    """
    size = len(image.data)
    if size > parameters.max_bytes:
        raise Refusal(
            "too_large",
            f"the message has {size} bytes of data; max_bytes allows {parameters.max_bytes}",
        )
    if _is_compressed(image):
        _check_compressed(image, parameters)
    else:
        _check_raw(image, parameters)


def _is_compressed(image: Raw | Compressed) -> TypeGuard[Compressed]:
    return hasattr(image, "format")


def _check_compressed(message: Compressed, parameters: Parameters) -> None:
    if not len(message.data):
        raise Refusal("empty", "the message has no data; wanted a JPEG or PNG image")
    if "compressedDepth" in message.format:
        raise Refusal(
            "encoding",
            f"the format is {short(message.format)}, a depth image; wanted a JPEG or PNG picture",
        )
    header = read_picture_header(message.data)
    if header is None:
        raise Refusal("decode", _damaged(message))
    # Before it is decoded: a few bytes can claim, and a decoder then allocate, gigapixels.
    _check_pixels(header.width, header.height, header.kind, parameters)


def _check_pixels(width: int, height: int, kind: str, parameters: Parameters) -> None:
    if width * height > parameters.max_pixels:
        raise Refusal(
            "too_large",
            f"a {kind} image claims {width}x{height} pixels; max_pixels allows "
            f"{parameters.max_pixels}",
        )


def _check_raw(message: Raw, parameters: Parameters) -> None:
    width, height, step = message.width, message.height, message.step
    name = message.encoding
    if not width or not height or not len(message.data):
        raise Refusal(
            "empty",
            f"the image is {width}x{height} with {len(message.data)} bytes; wanted pixels",
        )
    layout = _FORMATS.get(name)
    if layout is None:
        why = "depth or numbers, not a picture" if name in _NOT_A_PICTURE else "not known here"
        raise Refusal(
            "encoding",
            f"the encoding is {short(name)}, {why}; wanted one of {', '.join(ENCODINGS)}",
        )
    _check_pixels(width, height, name, parameters)
    if name.startswith(_PAIRED) and (width % 2 or (layout.rows != 2 and height % 2)):
        raise Refusal("size", f"a {name} image is {width}x{height}; wanted even sides")
    row_bytes = width * layout.channels * layout.dtype.itemsize
    if step < row_bytes:
        raise Refusal(
            "step", f"step is {step} bytes; a row of {width} {name} pixels has {row_bytes}"
        )
    rows = height * layout.rows // 2
    needed = step * (rows - 1) + row_bytes
    if len(message.data) < needed:
        raise Refusal(
            "data",
            f"the data is {len(message.data)} bytes; {rows} rows of step {step} need {needed}",
        )


def decode(
    message: Raw | Compressed,
    convert: Callable[[Any, str], NDArray[np.uint8] | None] = lambda message, target: None,
) -> Picture:
    """Return the picture of an image that `check` let pass.

    rgb8, bgr8 and mono8 are views of the image's own bytes, padding included; everything else is
    converted once.

    Args:
        message: The image.
        convert: A library that converts an image to an encoding, or says None to what it does not
            know; the table of this module serves then, with the same result.

    Raises:
        Refusal: If the content cannot be decoded.
    """
    if _is_compressed(message):
        return _decompress(message)
    layout = _FORMATS[message.encoding]
    pixels = _view(message, layout)
    if layout.conversion is None and layout.dtype == _U1:
        return Picture(pixels, layout.target)
    if pixels.flags.c_contiguous and pixels.dtype.isnative:
        # cv_bridge misreads some padded rows without a word, and big-endian ones not at all.
        converted = convert(message, layout.target)
        if converted is not None:
            return Picture(converted, layout.target)
    try:
        return Picture(_convert(pixels, layout), layout.target)
    except cv2.error as error:
        raise Refusal("conversion", f"OpenCV cannot convert {message.encoding}: {error}") from error


def _view(message: Raw, layout: _Format) -> NDArray:
    """Return the message's bytes as ``(rows, W)`` or ``(rows, W, channels)``, without a copy."""
    shape: tuple[int, ...] = (message.height * layout.rows // 2, message.width)
    strides: tuple[int, ...] = (message.step, layout.channels * layout.dtype.itemsize)
    if layout.channels > 1:
        shape, strides = (*shape, layout.channels), (*strides, layout.dtype.itemsize)
    dtype = layout.dtype.newbyteorder(">" if message.is_bigendian else "<")
    return np.ndarray(shape, dtype, buffer=memoryview(message.data), strides=strides)


def _convert(pixels: NDArray, layout: _Format) -> NDArray[np.uint8]:
    pixels = np.ascontiguousarray(pixels, dtype=layout.dtype)
    if layout.conversion is not None:
        pixels = cv2.cvtColor(pixels, layout.conversion)
    if pixels.dtype == _U2:
        # 65535 becomes 255; a plain shift would lose the rounding.
        pixels = cv2.convertScaleAbs(pixels, alpha=255 / 65535)
    return pixels


def _decompress(message: Compressed) -> Picture:
    scans = count_jpeg_scans(message.data) if message.data[0] == 0xFF else 1
    if scans > _MOST_SCANS:
        raise Refusal(
            "too_large", f"the JPEG image has {scans} scans; wanted at most {_MOST_SCANS}"
        )
    # A camera's EXIF orientation must not turn the picture: labels lie on the pixels as sent.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(np.frombuffer(message.data, np.uint8), flags)
    except cv2.error as error:
        raise Refusal("decode", f"the compressed image is damaged: {error}") from error
    if picture is None:
        raise Refusal("decode", _damaged(message))
    return Picture(picture, "bgr8")


def _damaged(message: Compressed) -> str:
    return (
        f"the compressed image (format {short(message.format)}, {len(message.data)} bytes) cannot "
        "be decoded; wanted a whole JPEG or PNG image"
    )


def short(text: str) -> str:
    """Return a text for a message: what a stranger wrote may be of any length."""
    return repr(text if len(text) <= _SHOWN_TEXT else f"{text[:_SHOWN_TEXT]}...")
