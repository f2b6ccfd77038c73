# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Files: their order, which of them are there, and that they are written whole or not at all."""

from __future__ import annotations

import fcntl
import random
import resource
from pathlib import Path

import pytest

from lwrf_ros.files import listed, natural_order, replace_file


def test_files_are_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.csv"
    path.write_text("old")

    def killed(self: Path, target: Path) -> Path:
        # All is written by now, but not under the name.
        assert self.read_bytes() == b"new"
        assert self.parent == path.parent, "cannot be renamed across file systems"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            replace_file(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    replace_file(path, b"newer")
    assert path.read_text() == "newer"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    replace_file(path, b"old")
    with (tmp_path / ".weights.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b"half of the other's")
        other.flush()
        with pytest.raises(OSError, match="another process is writing it"):
            replace_file(path, b"ours")
        assert (tmp_path / ".weights.part").read_bytes() == b"half of the other's"
    assert path.read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    replace_file(path, b"old")
    # A limit of the kernel's, in place of a disk that is full.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            replace_file(path, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_longer_leftover_does_not_show(tmp_path: Path) -> None:
    (tmp_path / ".state.pt.part").write_bytes(b"x" * 1000)
    replace_file(tmp_path / "state.pt", b"short")
    assert (tmp_path / "state.pt").read_bytes() == b"short"


@pytest.mark.parametrize(
    "names",
    [
        ["frame_1.png", "frame_2.png", "frame_10.png", "frame_100.png"],
        ["007.png", "7.png", "8.png", "0010.png"],
        # A copy comes after what it is a copy of, whatever stands before the dot in ASCII.
        ["IMG.jpg", "IMG 2.jpg", "IMG-1.jpg", "IMG.1.jpg"],
        ["1_9_b.png", "1_10_a.png", "2_1_a.png", "a1.png"],
        ["x1.png", "x1\N{SUPERSCRIPT TWO}.png", "x2.png"],  # a digit that is no number
        [
            "a.png",
            "ae.png",
            "a\N{COMBINING DIAERESIS}1.png",
            "\N{LATIN SMALL LETTER A WITH DIAERESIS}2.png",
        ],
    ],
)
def test_names_are_in_natural_order(tmp_path: Path, names: list[str]) -> None:
    shuffled = random.Random(1).sample(names, len(names))
    for name in shuffled:
        (tmp_path / name).touch()
    assert [path.name for path in listed(tmp_path)] == names
    assert sorted(shuffled, key=lambda name: natural_order(Path(name))) == names


def test_folders_come_before_names() -> None:
    paths = [Path("run_2/9.png"), Path("run_10/1.png"), Path("run_10/deep/0.png"), Path("z.png")]
    assert sorted(reversed(paths), key=natural_order) == paths
    assert sorted(["bonn_10/a", "bonn_2/b"], key=natural_order) == ["bonn_2/b", "bonn_10/a"]


def test_hidden_files_are_not_listed(tmp_path: Path) -> None:
    for name in ("._IMG_0000.JPG", ".DS_Store", ".cache", "IMG_0000.JPG"):
        (tmp_path / name).touch()
    assert [path.name for path in listed(tmp_path)] == ["IMG_0000.JPG"]
