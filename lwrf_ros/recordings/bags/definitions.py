# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Message definitions and type hashes, as they stand in a bag beside the messages."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from rosbags.convert.converter import migrate_bytes
from rosbags.typesys import Stores, get_typestore


class Definition(NamedTuple):
    """The definition of a topic's messages, as the bag has it.

    Attributes:
        message_type: In full, sensor_msgs/msg/Image for example.
        encoding: ros2msg or ros2idl; empty where the definition is not known.
        text: The definition, those of the types inside it included.
        digest: The type's hash (RIHS01), empty where it is not known.
        qos: QoS profiles of a recorded topic in YAML, as recorded.
    """

    message_type: str
    encoding: str
    text: str
    digest: str
    qos: str = ""


@cache
def definition_of(message_type: str) -> Definition:
    """Return the definition of one of ROS' common types; of any other one, an empty one.

    Args:
        message_type: In full, sensor_msgs/msg/Image for example.
    """
    types = get_typestore(Stores.LATEST)
    if message_type not in types.types:
        return Definition(message_type, "", "", "")
    text, _ = types.generate_msgdef(message_type, ros_version=2)
    return Definition(message_type, "ros2msg", text, types.hash_rihs01(message_type))


class Ros1Converter:
    """Turns messages of ROS 1 into those of ROS 2, where both have the type."""

    def __init__(self) -> None:
        self._old = get_typestore(Stores.ROS1_NOETIC)
        self._new = get_typestore(Stores.LATEST)
        self._cache: dict[str, Any] = {}

    def knows(self, message_type: str) -> bool:
        """Tell whether messages of a type can be converted."""
        return message_type in self._old.types and message_type in self._new.types

    def convert(self, data: bytes, message_type: str) -> bytes | None:
        """Return a message in CDR, None if the bytes are no message of that type."""
        try:
            converted = migrate_bytes(
                self._old,
                self._new,
                message_type,
                message_type,
                self._cache,
                data,
                src_is2=False,
                dst_is2=True,
            )
        except Exception:
            # Whatever struct, NumPy and the library make of bytes that are something else.
            return None
        return bytes(converted)
