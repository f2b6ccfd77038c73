# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Finding recordings: in folders, by patterns, in lists, in buckets."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.optional import import_optional
from lwrf_ros.recordings.bags.bag_files import FILE_SUFFIXES, METADATA

VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
SUFFIXES = (*FILE_SUFFIXES, ".bag", *VIDEO_SUFFIXES)
LIST_SUFFIX = ".txt"
# What a listing calls the things that change with a file's content.
_MARKS = ("ETag", "etag", "md5Hash", "content_md5")
_TIMES = ("mtime", "LastModified", "last_modified", "updated")


@dataclass(frozen=True)
class RecordingFile:
    """One file of a recording.

    Attributes:
        path: Where it is, as its file system writes it.
        size: Bytes.
        mark: What changes with it: of a bucket its ETag and time, of a disk its time.
    """

    path: str
    size: int
    mark: str


@dataclass(frozen=True)
class FoundRecording:
    """A recording that was found.

    Attributes:
        url: Where it is: a path, or a URL of a bucket. A bag in a folder is the folder.
        files: What it consists of, by name.
        local: Whether it lies on this machine's disks.
    """

    url: str
    files: tuple[RecordingFile, ...]
    local: bool


def find_recordings(sources: Sequence[str]) -> list[FoundRecording]:
    """Find the recordings that sources mean, each once, by name.

    Args:
        sources: Folders, recordings, patterns (``day_*/**``), text files that list such, one a
            line, and the same of a bucket, as URLs that fsspec knows (``s3://fleet/2026``).

    Raises:
        ArchiveError: If a source is not there or its file system cannot be asked.
    """
    found: dict[str, FoundRecording] = {}
    for source in _read_lists(sources):
        listed = _in_source(source)
        if not listed:
            raise ArchiveError(
                f"there is no recording in {source}; wanted ROS bags (a folder with {METADATA}, or "
                f"{', '.join(SUFFIXES[:2])} and .bag files) or videos"
            )
        found.update((one.url, one) for one in listed)
    return [found[url] for url in sorted(found)]


def file_system(url: str) -> tuple[Any, str]:
    """Return the file system of a path or URL, and the path in it.

    Raises:
        ArchiveError: If there is nothing installed for it.
    """
    fsspec = import_optional("fsspec")
    try:
        system, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise ArchiveError(
            f"cannot open {url}: {error}; install what fsspec needs for it (s3fs, gcsfs, adlfs)"
        ) from error
    return system, path


def _read_lists(sources: Iterable[str]) -> list[str]:
    """Put the lines of lists in the place of their files."""
    expanded = []
    for source in sources:
        if not source.endswith(LIST_SUFFIX):
            expanded.append(source)
            continue
        system, path = file_system(source)
        try:
            text = system.read_bytes(path).decode()
        except (OSError, ValueError) as error:
            raise ArchiveError(
                f"cannot read the list {source}: {error}; wanted a recording, a folder or a URL a "
                "line"
            ) from error
        lines = (line.strip() for line in text.splitlines())
        expanded += [line for line in lines if line and not line.startswith("#")]
    return expanded


def _in_source(source: str) -> list[FoundRecording]:
    system, root = file_system(source)
    try:
        if any(sign in root for sign in "*?["):
            listing: dict[str, Any] = {}
            for path in system.glob(root):
                listing.update(system.find(path, detail=True))
        else:
            listing = system.find(root, detail=True)
    except OSError as error:
        raise ArchiveError(
            f"cannot list {source}: {error}; see that it is there and may be read"
        ) from error
    local = "file" in system.protocol
    grouped: dict[str, list[str]] = {}
    folders = {posixpath.dirname(path) for path in listing if posixpath.basename(path) == METADATA}
    for path in listing:
        name, folder = posixpath.basename(path), posixpath.dirname(path)
        if folder in folders and (name == METADATA or name.endswith(FILE_SUFFIXES)):
            grouped.setdefault(folder, []).append(path)
        elif name.endswith(SUFFIXES) and not name.startswith("."):
            grouped.setdefault(path, []).append(path)
    return [
        FoundRecording(
            path if local else system.unstrip_protocol(path),
            tuple(_file(one, listing[one]) for one in sorted(paths)),
            local,
        )
        for path, paths in grouped.items()
    ]


def _file(path: str, about: dict[str, Any]) -> RecordingFile:
    marks = [str(about[name]).strip('"') for name in _MARKS if about.get(name)]
    times = [str(about[name]) for name in _TIMES if about.get(name)]
    return RecordingFile(path, int(about["size"] or 0), " ".join([*marks[:1], *times[:1]]))
