# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Faults of a recording, each of which becomes an error or a count."""

from __future__ import annotations

import threading
from collections import Counter

from lwrf_ros.recordings.frame import FrameError

# A file ends before its end: a recorder that was killed, a disk that was full.
TRUNCATED_FILE = "truncated_file"
# A part in the middle of a file cannot be read; what is behind it can.
DAMAGED_PART = "damaged_part"
# No metadata.yaml, or one that cannot be read.
MISSING_METADATA = "missing_metadata"
# metadata.yaml names a file that is not there.
MISSING_FILE = "missing_file"
# metadata.yaml names files that are not there, and as many others are there that it does not name.
RENAMED_FILE = "renamed_file"
# Bytes behind the end of a message.
TRAILING_BYTES = "trailing_bytes"
# A topic whose type is written without /msg/.
TYPE_NAME = "type_name"
# A message that is compressed though nothing says so.
UNDECLARED_COMPRESSION = "undeclared_compression"
# A frame whose stamp or time of reception is before that of the one before it.
TIME_BACKWARDS = "time_backwards"
# Files of a bag that were recorded at the same time; their messages are sorted by time.
OVERLAPPING_FILES = "overlapping_files"
# A message whose bytes are not one of its type.
UNREADABLE_MESSAGE = "unreadable_message"
# A frame with an image that cannot be decoded: a damaged JPEG, too few bytes.
CORRUPT_FRAME = "corrupt_frame"

# ROS itself does not mind these.
_HARMLESS = (TYPE_NAME, TRAILING_BYTES, TIME_BACKWARDS, OVERLAPPING_FILES, RENAMED_FILE)


class Faults:
    """Counts what was wrong with a recording and lets its reading go on.

    Attributes:
        counts: By kind.
        details: Of each kind the first one, in words.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.details: dict[str, str] = {}
        # Frames are decoded in several threads.
        self._lock = threading.Lock()

    def add(self, kind: str, detail: str, way_out: str = "") -> None:
        """Note a fault.

        Args:
            kind: One of this module's.
            detail: What is wrong, with the file's or topic's name.
            way_out: What to do about it.
        """
        with self._lock:
            self.counts[kind] += 1
            self.details.setdefault(kind, detail)


class NoFaults(Faults):
    """Takes every fault for the end, but for those that ROS does not mind either."""

    def add(self, kind: str, detail: str, way_out: str = "") -> None:
        """Raise an error, or let it pass.

        Raises:
            FrameError: With what is wrong and what to do.
        """
        if kind not in _HARMLESS:
            advice = way_out or "check the bag (ros2 bag info) or take fewer frames (--max-frames)"
            raise FrameError(f"{detail}; {advice}")
