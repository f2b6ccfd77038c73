# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The state on disk: the same back, and an error for whatever is not this training's state."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lwrf_ros.training.state import FORMAT, ResumeError, load_state, save_state

SETTINGS = {"backbone": "mobilenet_v2", "seed": "3", "recipe.epochs": "7"}


def content() -> dict[str, Any]:
    generator = torch.Generator().manual_seed(0)
    return {
        "step": 12,
        "network": OrderedDict(
            kernel=torch.rand(4, 3, 3, 3, generator=generator).to(
                memory_format=torch.channels_last
            ),
            counter=torch.tensor(5),
            half=torch.rand(7, generator=generator).bfloat16(),
        ),
        "rows": [{"epoch": 1, "loss": 1 / 3, "mean_iou": None}],
        "losses": [0.1, float("inf")],
        "text": "blue",
    }


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "state.pt"
    save_state(path, SETTINGS, content())
    return path


def test_what_is_saved_comes_back(path: Path) -> None:
    found = load_state(path, dict(SETTINGS))
    assert same(found, content())
    kernel = found["network"]["kernel"]
    assert kernel.is_contiguous(memory_format=torch.channels_last)


def test_saving_is_done_by_replacing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            save_state(path, SETTINGS, {"step": 13})
    assert load_state(path, SETTINGS)["step"] == 12


# ---- another training


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": "4"}, "seed was 3, is 4"),
        ({"extra": "new"}, "extra was not there, is new"),
        ({"seed": None}, "seed was 3, is not there"),
        (
            {"seed": "4", "recipe.epochs": "8"},
            "recipe.epochs was 7, is 8; seed was 3, is 4. Resume with the same settings, or",
        ),
    ],
)
def test_other_settings_are_named(path: Path, changes: dict[str, str | None], words: str) -> None:
    wanted = {key: value for key, value in (SETTINGS | changes).items() if value is not None}
    with pytest.raises(ResumeError) as caught:
        load_state(path, wanted)
    assert f"{path} belongs to a training with other settings: " in str(caught.value)
    assert words in str(caught.value)
    assert "backbone" not in str(caught.value)


def test_other_formats_are_named(path: Path) -> None:
    torch.save({"format": FORMAT + 1, "settings": SETTINGS, "content": {}}, path)
    with pytest.raises(ResumeError, match=f"format {FORMAT + 1}, wanted {FORMAT}"):
        load_state(path, SETTINGS)


# ---- no state at all


def refused(path: Path) -> bool:
    try:
        load_state(path, SETTINGS)
    except ResumeError as error:
        assert f"{path} cannot be read as the state of a training" in str(error)
        assert "start again in another folder" in str(error)
        return True
    return False


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        bytes(range(256)),
        b"PK\x03\x04" + bytes(100),
        pickle.dumps({"format": FORMAT, "settings": SETTINGS, "content": {}}),
        b"\x80\x02.",
    ],
)
def test_foreign_files(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert refused(path)


@pytest.mark.parametrize(
    "held",
    [
        torch.zeros(3),
        [1, 2],
        5,
        None,
        {"format": FORMAT},
        {"weight": torch.zeros(2)},
        {"format": FORMAT, "settings": 3, "content": {}},
    ],
)
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
def test_other_files_of_torch(path: Path, held: object) -> None:
    torch.save(held, path)
    assert refused(path)


def test_zip_archives(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no state")
    assert refused(path)


def test_a_missing_file_and_a_folder(path: Path) -> None:
    path.unlink()
    assert refused(path)
    path.mkdir()
    with pytest.raises(ResumeError, match=r"state\.pt is a folder; wanted a file"):
        load_state(path, SETTINGS)


def test_truncated_files(path: Path) -> None:
    sound = path.read_bytes()
    for length in [*range(0, len(sound), 97), len(sound) - 1]:
        path.write_bytes(sound[:length])
        assert refused(path), length


def test_damage_is_found_or_does_no_harm(path: Path) -> None:
    """Wherever a byte is wrong: no error but ours, and never other weights than were saved."""
    sound = path.read_bytes()
    random = np.random.default_rng(2)
    found = 0
    for position in random.choice(len(sound), 150, replace=False):
        damaged = bytearray(sound)
        damaged[position] ^= 1 << int(random.integers(8))
        path.write_bytes(damaged)
        if refused(path):
            found += 1
        else:
            assert same(load_state(path, SETTINGS), content()), position
    assert found > 50
    # In the middle of a tensor, where torch itself looks at nothing.
    at = sound.index(content()["network"]["half"].view(torch.uint8).numpy().tobytes())
    path.write_bytes(sound[: at + 3] + bytes([sound[at + 3] ^ 1]) + sound[at + 4 :])
    assert refused(path)


class Code:
    """What runs when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def test_code_in_a_file_is_not_run(path: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    torch.save({"format": FORMAT, "settings": SETTINGS, "content": Code(mark)}, path)
    assert refused(path)
    assert not mark.exists()
    # The file is what it looks like: whoever runs it makes the folder.
    torch.load(path, weights_only=False)
    assert mark.exists()
