# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The one door to recordings: finds out what a path is and opens it."""

from __future__ import annotations

from pathlib import Path

from lwrf_ros.tools.frames.bag import BAG_SUFFIXES, BagFrames
from lwrf_ros.tools.frames.folder import FolderFrames
from lwrf_ros.tools.frames.frame import FrameError, FrameSource
from lwrf_ros.tools.frames.video import VideoFrames


def open_frames(path: str | Path, topic: str | None = None) -> FrameSource:
    """Open a recording of camera images.

    Args:
        path: A ROS bag (a folder with ``metadata.yaml``, or a ``.db3``, ``.mcap`` or ``.bag``
            file), a video file, or a folder of images.
        topic: Image topic of a bag; needed only where a bag has several.

    Returns:
        The frames, read while they are iterated; close it after use, or use it in a ``with``.

    Raises:
        FrameError: There is nothing at `path`, it holds no images, it cannot be read, or a topic
            was named for what is no bag.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FrameError(f"there is no {path}; give a ROS bag, a video file or a folder of images")
    if path.is_dir():
        return _open_folder(path, topic)
    if path.suffix in BAG_SUFFIXES:
        return BagFrames(path, topic)
    _refuse_topic(path, topic)
    return VideoFrames(path)


def is_bag(path: Path) -> bool:
    """Tell whether a path is a ROS bag, in whatever state: a folder or a file of one."""
    if path.is_dir():
        return (path / "metadata.yaml").is_file() or bool(_bag_files(path))
    return path.suffix in BAG_SUFFIXES


def _bag_files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.suffix in BAG_SUFFIXES)


def _open_folder(path: Path, topic: str | None) -> FrameSource:
    if (path / "metadata.yaml").is_file():
        return BagFrames(path, topic)
    if bags := _bag_files(path):
        raise FrameError(
            f"the folder {path} has no metadata.yaml but holds {', '.join(bags)}; give one of "
            "these files, or make the metadata with: ros2 bag reindex"
        )
    _refuse_topic(path, topic)
    return FolderFrames(path)


def _refuse_topic(path: Path, topic: str | None) -> None:
    if topic is not None:
        raise FrameError(
            f"{path} is no bag, so it has no topic {topic!r}; leave --bag-topic out, or give a bag"
        )
