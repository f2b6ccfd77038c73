# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The one door to recordings: finds out what a path is and opens it."""

from __future__ import annotations

from pathlib import Path

from lwrf_ros.input_file import refuse_special
from lwrf_ros.recordings.bags.bag_files import METADATA, files_in, is_bag_file
from lwrf_ros.recordings.bags.bag_messages import ROS1_SUFFIX
from lwrf_ros.recordings.bags.image_topics import BagFrames
from lwrf_ros.recordings.faults import Faults
from lwrf_ros.recordings.folder import FolderFrames
from lwrf_ros.recordings.frame import FrameError, FrameSource
from lwrf_ros.recordings.video import VideoFrames


def open_frames(
    path: str | Path, topic: str | None = None, faults: Faults | None = None
) -> FrameSource:
    """Open a recording of camera images.

    Args:
        path: A ROS bag (a folder with ``metadata.yaml``, or a ``.db3``, ``.mcap`` or ``.bag``
            file, the first two also as ``.zstd``), a video file, or a folder of images.
        topic: Image topic of a bag; needed only where a bag has several.
        faults: Where to note what is wrong with it while its reading goes on; None makes every
            fault the end.

    Returns:
        The frames, read while they are iterated; close it after use, or use it in a ``with``.

    Raises:
        FrameError: There is nothing at `path`, it holds no images, it cannot be read, or a topic
            was named for what is no bag.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FrameError(f"there is no {path}; give a ROS bag, a video file or a folder of images")
    if not path.is_dir():
        refuse_special(path, "the recording", FrameError)
    if is_bag(path):
        return BagFrames(path, topic, faults)
    refuse_topic(path, topic)
    return FolderFrames(path) if path.is_dir() else VideoFrames(path, faults)


def is_bag(path: Path) -> bool:
    """Tell whether a path is a ROS bag, in whatever state: a folder or a file of one."""
    if path.is_dir():
        return (path / METADATA).exists() or bool(files_in(path))
    return path.suffix == ROS1_SUFFIX or is_bag_file(path)


def refuse_topic(path: Path, topic: str | None) -> None:
    """Refuse a topic for what is no bag.

    Raises:
        FrameError: If one was named.
    """
    if topic is not None:
        raise FrameError(
            f"{path} is no bag, so it has no topic {topic!r}; leave --bag-topic out, or give a bag"
        )
