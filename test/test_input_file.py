# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whatever reads a file that somebody named refuses a pipe, a folder and a device, and at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.classes.regions import load_regions
from lwrf_ros.datasets.pair import read_bytes, read_image
from lwrf_ros.errors import LwrfError
from lwrf_ros.input_file import read_bounded
from lwrf_ros.labelling.opening import open_model
from lwrf_ros.recordings import open_frames
from lwrf_ros.replay.run_record import RunRecord, read_frames
from lwrf_ros.training.state import load_state
from lwrf_ros.weights.card import read_card
from lwrf_ros.weights.summary import summarise
from lwrf_ros.weights.weights_file import read_weights_file


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """End a reader that waits for somebody to write into the pipe."""
    signal.alarm(20)
    yield
    signal.alarm(0)


READERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "class table": ("t.yaml", ClassTable.load),
    "groups": ("g.yaml", lambda path: ClassGroups.load(path, ClassTable.load("voc"))),
    "regions": ("r.yaml", load_regions),
    "weights": ("w.pth", read_weights_file),
    "video": ("v.mp4", open_frames),
    "bag": ("b.mcap", open_frames),
    "bag's metadata": ("metadata.yaml", lambda path: open_frames(path.parent)),
    "image of a folder": ("i.png", lambda path: list(open_frames(path.parent))),
    "mask": ("m.png", read_bytes),
    "image": ("i.jpg", read_image),
    "teacher": ("t.onnx", lambda path: open_model(path, 1)),
    "record": ("replay.json", lambda path: RunRecord.read(path.parent)),
    "frames": ("frames.csv", lambda path: list(read_frames(path.parent))),
    "state": ("state.pt", lambda path: load_state(path, {})),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_is_refused(tmp_path: Path, reader: str) -> None:
    name, read = READERS[reader]
    os.mkfifo(tmp_path / name)
    with pytest.raises(LwrfError, match=rf"{name}(: cannot be read: it)? is a pipe; "):
        read(tmp_path / name)


def test_a_listing_of_weights_names_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.safetensors")
    assert read_card(tmp_path / "w.safetensors") == {}
    assert "w.safetensors is a pipe; wanted a file" in summarise(tmp_path / "w.safetensors").problem


def test_folders_and_devices(tmp_path: Path) -> None:
    with pytest.raises(LwrfError, match="is a folder; wanted a file"):
        read_bounded(tmp_path, 10, "the table", LwrfError)
    with pytest.raises(LwrfError, match="the table /dev/zero is a device; wanted a file"):
        read_bounded(Path("/dev/zero"), 10, "the table", LwrfError)


def test_what_is_larger_than_it_can_be_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(b"x" * 10)
    assert read_bounded(path, 10, "the table", LwrfError) == b"x" * 10
    with pytest.raises(LwrfError, match="has more than 9 bytes; wanted at most that"):
        read_bounded(path, 9, "the table", LwrfError)
