# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The frames that a query names, as images with first masks: from the fleet to better weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from lwrf_ros.archive.analysis import on_this_machine
from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.identity import Identities
from lwrf_ros.archive.queries import FramePlace, chosen_frames
from lwrf_ros.archive.recording_files import find_recordings
from lwrf_ros.archive.store import Store
from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.errors import LwrfError
from lwrf_ros.extraction.chosen_pictures import to_bgr
from lwrf_ros.extraction.destination import Target
from lwrf_ros.extraction.first_masks import Labeller
from lwrf_ros.images.decoding import Picture, Refusal, check, decode
from lwrf_ros.recordings.opening import is_bag
from lwrf_ros.replay.items import RecordedFrame
from lwrf_ros.replay.replay_input import open_recording
from lwrf_ros.terminal.progress import progress_bar


def extract_frames(
    folder: Path, where: str, target: Target, labels: EngineOptions
) -> tuple[int, list[str]]:
    """Write the frames of an archive that a condition names, in full quality, with first masks.

    Args:
        folder: The archive's.
        where: As of `chosen_frames`.
        target: The data set; what is there stays.
        labels: Which network makes the masks.

    Returns:
        Number of images, and what could not be had, in words.

    Raises:
        ArchiveError: If the condition names no frame.
        LwrfError: If the network or the data set cannot be used.
    """
    places = chosen_frames(folder, where)
    if not places:
        raise ArchiveError(f"no frame in {folder} has {where}; ask for less")
    labeller = Labeller(labels, target)
    identities = {one.recording: one.identity for one in Store(folder).done().values()}
    written, missing = 0, []
    with progress_bar("extracting", len(places), in_logs=True) as bar:
        for recording, group in groupby(places, key=lambda one: one.recording):
            wanted = list(group)
            try:
                for place, picture in _pictures(recording, wanted, folder, identities):
                    name = _name(place, identities[recording])
                    if target.image_of(name) is None:
                        target.write_image(name, to_bgr(picture))
                    if not target.has_mask(name):
                        mask = labeller.label(picture.array, picture.encoding)
                        target.write_mask(name, mask, labeller.class_table)
                    written += 1
            except (LwrfError, OSError) as error:
                missing.append(f"{recording}: {error}")
            bar.update(len(wanted))
    return written, missing


def _pictures(
    recording: str, wanted: Sequence[FramePlace], folder: Path, identities: dict[str, str]
) -> Iterator[tuple[FramePlace, Picture]]:
    (found,) = find_recordings([recording])
    if Identities(folder).of(found) != identities.get(recording):
        raise ArchiveError("it has changed since its rows were made; bring the archive up to date")
    frames = {(one.topic, one.frame): one for one in wanted}
    with on_this_machine(found) as path:
        topics = sorted({one.topic for one in wanted})
        with open_recording(path, topics if is_bag(path) else ()) as opened:
            for item in opened:
                if not isinstance(item, RecordedFrame):
                    continue
                place = frames.pop((opened.topics[item.camera], item.index), None)
                if place is not None:
                    try:
                        check(item.frame.image)
                        yield place, decode(item.frame.image)
                    except Refusal as refusal:
                        raise ArchiveError(f"frame {place.frame}: {refusal}") from refusal
                if not frames:
                    return


def _name(place: FramePlace, identity: str) -> str:
    """Name an image so that those of all recordings differ, whatever they are called."""
    topic = place.topic.strip("/").replace("/", "_")
    return f"{identity[:12]}_{topic}_{place.frame:06d}"
