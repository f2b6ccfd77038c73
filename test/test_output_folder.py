# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A folder that is written into belongs to one run, and keeps what others have put there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lwrf_ros.cli import main as cli
from lwrf_ros.output_folder import SHARED, OutputFolderError, claimed, remove_files
from lwrf_ros.terminal.exit_codes import EXIT_USER_ERROR


def test_a_second_run_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "out"
    with claimed(folder):
        (folder / "mine").write_text("")
        with pytest.raises(OutputFolderError, match="another run is writing into"), claimed(folder):
            pass
        assert (folder / "mine").exists()
    with claimed(folder):
        pass
    # Nothing was left to mark it.
    assert [path.name for path in folder.iterdir()] == ["mine"]


def test_a_killed_run_keeps_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from lwrf_ros.output_folder import claimed\n"
        "with claimed(Path(sys.argv[1])):\n"
        "    print('mine', flush=True); sys.stdin.read(); os.abort()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = {**os.environ, "PYTHONFAULTHANDLER": ""}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(OutputFolderError), claimed(tmp_path):
            pass
        other.kill()
    with claimed(tmp_path):
        pass


def test_folders_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    # Another way to the same folder is the same folder.
    with (
        claimed(tmp_path / "link"),
        pytest.raises(OutputFolderError),
        claimed(tmp_path / "real"),
    ):
        pass
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").is_dir(), "it was there before, and stays"
    monkeypatch.chdir(tmp_path / "real")
    with claimed(Path()):
        Path("written").write_text("")
    assert (tmp_path / "real" / "written").exists()


def test_what_a_failed_run_made_and_left_empty_goes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="wrong"), claimed(tmp_path / "a" / "b"):
        raise ValueError("wrong")
    assert list(tmp_path.iterdir()) == []


def test_processes_of_the_same_run_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with claimed(tmp_path):
        monkeypatch.setenv(SHARED, str(tmp_path))
        with claimed(tmp_path):
            pass


@pytest.mark.parametrize("wrong", ["file", "file/below", "dangling"])
def test_what_is_no_folder_is_refused(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere/at/all")
    with (
        pytest.raises(OutputFolderError, match=r"cannot write into .*; give a folder"),
        claimed(tmp_path / wrong),
    ):
        pass


def test_only_named_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / "comparison").mkdir()
    for name in ("scores.json", "notes.txt", "comparison/changed_01_5.png", "comparison/my.png"):
        (tmp_path / name).write_text("")
    remove_files(tmp_path, ("scores.json", "comparison/changed_[0-9][0-9]_*.png", "comparison/"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "comparison",
        "my.png",
        "notes.txt",
    ]
    (tmp_path / "comparison/my.png").unlink()
    remove_files(tmp_path, ("comparison/",))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


# What each verb wants beside its folder, so that nothing but the folder can stop it.
VERBS = {
    "benchmark": (),
    "compare": ("golden", "now"),
    "demo": (),
    "evaluate": ("--data", "data"),
    "extract": ("recording",),
    "label": ("recording", "--model", "m.onnx", "--classes", "voc"),
    "receptive-field": ("image.png",),
    "record": (),
    "replay": ("recording",),
    "tables": (),
    "train": ("data",),
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_that_writes_refuses_a_taken_folder(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with claimed(tmp_path):
        assert cli.main([verb, *VERBS[verb], "--output", str(tmp_path)]) == EXIT_USER_ERROR
    assert capsys.readouterr().err == (
        f"lwrf {verb}: error: another run is writing into {tmp_path}; wait until it has ended, or "
        "give another folder\n"
    )
