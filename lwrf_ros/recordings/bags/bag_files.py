# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The files of a rosbag2: what metadata.yaml says of them, and what there is without it."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import yaml
import zstandard

from lwrf_ros.bounded_yaml import load_bounded
from lwrf_ros.files import listed
from lwrf_ros.input_file import refuse_special
from lwrf_ros.recordings.faults import (
    MISSING_FILE,
    MISSING_METADATA,
    RENAMED_FILE,
    TRUNCATED_FILE,
    Faults,
)
from lwrf_ros.recordings.frame import FrameError

METADATA = "metadata.yaml"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
STORAGE_SUFFIXES = (".db3", ".mcap")
FILE_SUFFIXES = (*STORAGE_SUFFIXES, ".db3.zstd", ".mcap.zstd")
_COPY_BYTES = 2**20


class BagFiles(NamedTuple):
    """The files that a bag consists of.

    Attributes:
        paths: Its files in their order, as they lie there.
        compressed_messages: Whether the messages are declared to be compressed one by one.
    """

    paths: list[Path]
    compressed_messages: bool


def is_bag_file(path: Path) -> bool:
    """Tell by its name whether a file is one of a rosbag2."""
    return path.name.endswith(FILE_SUFFIXES)


def files_in(folder: Path) -> list[Path]:
    """List the files of a folder that are a rosbag2's, in the order of their numbers."""
    return [path for path in listed(folder) if is_bag_file(path)]


def files_of(path: Path, faults: Faults) -> BagFiles:
    """List the files of a bag.

    Args:
        path: The bag's folder, or one of its files.
        faults: Where to note what is wrong.

    Raises:
        FrameError: If there are none.
    """
    if not path.is_dir():
        return BagFiles([path], False)
    there = files_in(path)
    try:
        refuse_special(path / METADATA, "the bag's", FrameError)
        content = (path / METADATA).read_text(encoding="utf-8")
        about: Any = load_bounded(content)["rosbag2_bagfile_information"]
        paths = [path / PurePath(name).name for name in about["relative_file_paths"]]
        mode = str(about.get("compression_mode", "")).lower()
    except FileNotFoundError:
        faults.add(
            MISSING_METADATA,
            f"the folder {path} has no {METADATA} but holds {', '.join(one.name for one in there)}",
            "give one of these files, or make the metadata with: ros2 bag reindex",
        )
        return BagFiles(there, False)
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError) as error:
        faults.add(
            MISSING_METADATA,
            f"cannot read the bag {path}: its {METADATA} is no rosbag2's ({_one_line(error)})",
            "make it anew with: ros2 bag reindex",
        )
        return BagFiles(there, False)
    named = [_existing(one) for one in paths]
    unnamed = [one for one in there if one not in named]
    if 0 < named.count(None) == len(unnamed):
        others = iter(unnamed)
        named = [one or next(others) for one in named]
        faults.add(
            RENAMED_FILE,
            f"{METADATA} of the bag {path} names files that are not there; read instead: "
            f"{', '.join(one.name for one in unnamed)}",
        )
    for one, existing in zip(paths, named, strict=True):
        if existing is None:
            faults.add(
                MISSING_FILE,
                f"cannot read the bag {path}: {METADATA} names {one.name}, which is not there",
                "copy it there, or make the metadata anew with: ros2 bag reindex",
            )
    found = [one for one in named if one is not None]
    if not found:
        raise FrameError(
            f"cannot read the bag {path}: none of the files that {METADATA} names is there "
            f"({', '.join(one.name for one in paths) or 'it names none'}); copy the whole folder"
        )
    return BagFiles(found, mode == "message")


def _existing(path: Path) -> Path | None:
    """Return a file as it is called; some versions leave the ending of a compressed one out."""
    candidates = (path, path.with_name(f"{path.name}.zstd"), path.with_suffix(""))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def decompress_file(path: Path, folder: Path, faults: Faults) -> Path:
    """Return a file that is not compressed: the file itself, or a copy in another folder.

    Args:
        path: A file of a bag, compressed as a whole or not; its first bytes tell.
        folder: Where a copy may be made.
        faults: Where to note a file that is cut; as much as there is of it is copied.
    """
    refuse_special(path, "the bag's file", FrameError)
    with path.open("rb") as file:
        if file.read(len(ZSTD_MAGIC)) != ZSTD_MAGIC:
            return path
        file.seek(0)
        copy = folder / path.name.removesuffix(".zstd")
        with copy.open("wb") as target:
            decompressor = zstandard.ZstdDecompressor()
            try:
                with decompressor.stream_reader(file, read_across_frames=True) as reader:
                    shutil.copyfileobj(reader, target, _COPY_BYTES)
            except zstandard.ZstdError as error:
                faults.add(TRUNCATED_FILE, f"{path} cannot be decompressed to its end: {error}")
    return copy


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())
