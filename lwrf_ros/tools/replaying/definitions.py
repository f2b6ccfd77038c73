# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Message definitions and type hashes, as they stand in a bag beside the messages."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from rosbags.typesys import Stores, get_typestore


class Definition(NamedTuple):
    """What a bag says of a message type.

    Attributes:
        encoding: ros2msg or ros2idl; empty where the definition is not known.
        text: The definition, those of the types inside it included.
        digest: The type's hash (RIHS01), empty where it is not known.
    """

    encoding: str
    text: str
    digest: str


UNKNOWN = Definition("", "", "")


@cache
def definition_of(message_type: str) -> Definition:
    """Return the definition of one of ROS' common types, `UNKNOWN` for any other.

    Args:
        message_type: In full, sensor_msgs/msg/Image for example.
    """
    types = get_typestore(Stores.LATEST)
    if message_type not in types.types:
        return UNKNOWN
    text, _ = types.generate_msgdef(message_type, ros_version=2)
    return Definition("ros2msg", text, types.hash_rihs01(message_type))
