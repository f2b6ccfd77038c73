# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Items of a replay: frames and the other messages of the recording, in its order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from std_msgs.msg import Header

    from lwrf_ros.images.decoding import Picture
    from lwrf_ros.recordings import Frame
    from lwrf_ros.segmentation import Segmentation


@dataclass(frozen=True)
class RecordedFrame:
    """A frame as it was recorded.

    Attributes:
        camera: Place of its camera among those that are replayed.
        index: Its place among the frames of its camera.
        frame: The frame.
    """

    camera: int
    index: int
    frame: Frame


@dataclass(frozen=True)
class OtherMessage:
    """A message of a topic that is no replayed camera.

    Attributes:
        topic: Its topic.
        time_ns: When it was recorded, nanoseconds.
        data: The message in CDR.
    """

    topic: str
    time_ns: int
    data: bytes


@dataclass
class FrameWork:
    """A frame on its way.

    Attributes:
        camera: Place of its camera among those that are replayed.
        index: Its place among the frames of its camera.
        stamp_ns: Stamp of its header, nanoseconds.
        log_ns: When it was recorded, nanoseconds.
        header: Header of its message.
        picture: What the engine takes; None for a refused frame.
        refusal: Why it was refused; empty for others.
        result: What the engine said.
    """

    camera: int
    index: int
    stamp_ns: int
    log_ns: int
    header: Header
    picture: Picture | None = None
    refusal: str = ""
    result: Segmentation | None = None


Item = FrameWork | OtherMessage
