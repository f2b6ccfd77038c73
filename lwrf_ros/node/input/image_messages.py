# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A camera's messages to pictures: what there is beyond the image itself is a header."""

from __future__ import annotations

from sensor_msgs.msg import CompressedImage, Image

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.images import decoding
from lwrf_ros.images.picture import Picture, Refusal, short
from lwrf_ros.node.input import bridge

# What is never as long in earnest would otherwise go into every output and the log.
_LONGEST_TEXT = 1024
_DEFAULTS = Parameters()


def check(message: Image | CompressedImage, parameters: Parameters = _DEFAULTS) -> None:
    """Check a message by its header alone, without touching a pixel.

    Args:
        message: The message.
        parameters: How large it may be: max_pixels and max_bytes.

    Raises:
        Refusal: If it cannot be an image of an encoding known here, or is too large.
    """
    frame_id = message.header.frame_id
    if len(frame_id) > _LONGEST_TEXT:
        raise Refusal(
            "header",
            f"the frame_id {short(frame_id)} has {len(frame_id)} characters; wanted at most "
            f"{_LONGEST_TEXT}",
        )
    decoding.check(message, parameters)


def decode(message: Image | CompressedImage, parameters: Parameters = _DEFAULTS) -> Picture:
    """Return the picture of a message that `check` let pass; by cv_bridge where that serves.

    Args:
        message: The message.
        parameters: What its values mean: max_value_16bit.

    Raises:
        Refusal: If the content cannot be decoded.
    """
    return decoding.decode(message, parameters, bridge.convert)
