# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is taken for a recording, and where it is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fsspec", reason="fsspec is not installed: make test-archive has it")

from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.recording_files import find_recordings


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A tree with a bag in a folder, bags that are files, a video and other things."""
    root = tmp_path / "fleet"
    for name in (
        "amr_1/day_1/metadata.yaml",
        "amr_1/day_1/day_1_0.mcap",
        "amr_1/day_1/day_1_1.mcap.zstd",
        "amr_1/day_1/notes.txt",
        "amr_2/loose_1.mcap",
        "amr_2/loose_2.db3",
        "amr_2/old.bag",
        "amr_2/walk.mp4",
        "amr_2/._walk.mp4",
        "amr_2/picture.png",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x" * len(name))
    return root


def names(root: Path, *sources: str) -> list[str]:
    return [str(Path(one.url).relative_to(root)) for one in find_recordings(sources)]


LOOSE = ["amr_2/loose_1.mcap", "amr_2/loose_2.db3", "amr_2/old.bag", "amr_2/walk.mp4"]


def test_a_folder(fleet: Path) -> None:
    assert names(fleet, str(fleet)) == ["amr_1/day_1", *LOOSE]
    (bag, *_) = find_recordings([str(fleet)])
    assert [Path(file.path).name for file in bag.files] == [
        "day_1_0.mcap",
        "day_1_1.mcap.zstd",
        "metadata.yaml",
    ]
    assert [file.size for file in bag.files] == [24, 29, 25]
    assert bag.local


def test_recordings_patterns_and_lists(fleet: Path, tmp_path: Path) -> None:
    assert names(fleet, str(fleet / "amr_1/day_1")) == ["amr_1/day_1"]
    assert names(fleet, str(fleet / "amr_2/old.bag")) == ["amr_2/old.bag"]
    assert names(fleet, f"{fleet}/*/day_*") == ["amr_1/day_1"]
    assert names(fleet, f"{fleet}/amr_2/loose_*") == LOOSE[:2]
    listed = tmp_path / "list.txt"
    listed.write_text(f"# the good ones\n{fleet}/amr_2/old.bag\n\n{fleet}/amr_1\n")
    assert names(fleet, str(listed)) == ["amr_1/day_1", "amr_2/old.bag"]
    # What is meant twice is there once.
    assert names(fleet, str(fleet), str(fleet / "amr_2"), str(listed)) == ["amr_1/day_1", *LOOSE]


@pytest.mark.parametrize("source", ["nowhere", "amr_2/picture.png", "amr_3/*"])
def test_nothing(fleet: Path, source: str) -> None:
    with pytest.raises(ArchiveError, match=r"metadata\.yaml|see that it is there"):
        find_recordings([f"{fleet}/{source}"])


def test_a_list_that_is_not_there_and_a_file_system_that_is_not(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"cannot read the list .*recording, a folder or a URL"):
        find_recordings([str(tmp_path / "no.txt")])
    with pytest.raises(ArchiveError, match="cannot open nofs://fleet"):
        find_recordings(["nofs://fleet"])
