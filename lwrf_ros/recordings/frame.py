# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A frame of a recording, whatever it was recorded as."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lwrf_ros.errors import LwrfError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self


class FrameError(LwrfError):
    """A recording cannot be opened or read."""


@dataclass(frozen=True)
class RawImage:
    """The fields of a sensor_msgs/Image, as recorded.

    Attributes:
        encoding: Name of the pixel format, for example ``bgr8``.
        width: Pixels in a row.
        height: Rows.
        step: Bytes from one row to the next.
        is_bigendian: Byte order of encodings with more than eight bits a channel.
        data: ``(step * height,) uint8`` where the recording is sound; never checked here, so that
            a damaged message is played as it was recorded.
    """

    encoding: str
    width: int
    height: int
    step: int
    is_bigendian: bool
    data: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class CompressedImage:
    """The fields of a sensor_msgs/CompressedImage, as recorded.

    Attributes:
        format: What the recorder wrote, for example ``jpeg`` or ``rgb8; jpeg compressed bgr8``.
        data: ``(n,) uint8``, the bytes of the JPEG or PNG file.
    """

    format: str
    data: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class DamagedImage:
    """Stand-in for an image that is in the recording and cannot be decoded.

    Attributes:
        reason: One word to count it under, as the node does: decode, too_large, ...
        detail: What is wrong, in words, with the file's name.
    """

    reason: str
    detail: str


@dataclass(frozen=True)
class Frame:
    """One recorded image.

    Attributes:
        time_ns: When the recorder received it, in nanoseconds; what the pace of a replay follows.
        stamp_ns: The stamp of its header in nanoseconds; equal to ``time_ns`` where the recording
            has no headers.
        frame_id: The coordinate frame of its header.
        image: The image itself.
    """

    time_ns: int
    stamp_ns: int
    frame_id: str
    image: RawImage | CompressedImage | DamagedImage


class FrameSource(ABC):
    """A recording that is iterated once, one frame in memory at a time.

    Attributes:
        description: The recording in a few words, for a progress bar or a log line.
        count: Number of frames, or None where the recording does not tell.
        rate_hz: Mean rate of the recording, or None where it cannot be known beforehand.
        compressed: True if the frames are `CompressedImage`.
        has_stamps: True if the stamps are those of a camera's messages, False if they were made up
            from the frame rate and start at zero.
    """

    description: str
    count: int | None
    rate_hz: float | None
    compressed: bool
    has_stamps: bool

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Read the frames in their order.

        Yields:
            One frame after the other.

        Raises:
            FrameError: The recording cannot be read any further.
        """

    def close(self) -> None:  # noqa: B027  # most sources hold nothing open between frames
        """Let go of the recording."""

    def __enter__(self) -> Self:
        """Return the open source."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Close the source."""
        self.close()
