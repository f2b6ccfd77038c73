# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Weights files of every format, and files that are none: read as data or refused, never run."""

from __future__ import annotations

import builtins
import gzip
import hashlib
import io
import json
import os
import pickle
import struct
import tarfile
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn

from lwrf_ros.weights.weights_file import CheckpointError, read_weights_file, sha256_of

TENSORS = {
    "a.weight": torch.arange(24.0).reshape(4, 6),
    "half": torch.tensor([0.5, -2.0, 3.0], dtype=torch.float16),
    "one": torch.tensor([7.0]),
}
AGAIN = "copy or download it again"


def pytorch_bytes(content: Any, zipped: bool = True) -> bytes:
    """Write what `torch.save` writes, in its zip format or in the one before 1.6."""
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


FORMATS = {
    "safetensors": save(TENSORS, metadata={"note": "good"}),
    "zip": pytorch_bytes(TENSORS),
    "legacy": pytorch_bytes(TENSORS, zipped=False),
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(content: bytes, name: str = "weights.pth") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def refusal(path: Path) -> str:
    """Return the message that reading a file gives; it names the file."""
    with pytest.raises(CheckpointError) as caught:
        read_weights_file(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth", "w.pth.tar", "w.ckpt", "w"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_told_by_its_content(
    write: Callable[..., Path], form: str, name: str
) -> None:
    content, card = read_weights_file(write(FORMATS[form], name))
    assert card == ({"note": "good"} if form == "safetensors" else {})
    assert set(content) == set(TENSORS)
    for key, value in TENSORS.items():
        assert content[key].dtype == value.dtype
        assert torch.equal(content[key], value)


@pytest.mark.parametrize("zipped", [True, False])
def test_what_training_scripts_leave_beside_the_weights(
    write: Callable[..., Path], zipped: bool
) -> None:
    content = {
        "state_dict": OrderedDict(TENSORS),
        "epoch": 7,
        "name": "run 3",
        "best": np.float64(0.25),
        "loss": np.float32(0.5),
        "step": np.int64(300),
        "short": np.int32(-3),
        "done": np.bool_(True),
        "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 0.1}]},
    }
    read, _ = read_weights_file(write(pytorch_bytes(content, zipped)))
    assert (read["epoch"], read["name"], read["step"]) == (7, "run 3", 300)
    assert (read["best"], read["loss"], read["short"]) == (0.25, 0.5, -3)
    assert bool(read["done"]) is True
    assert torch.equal(read["state_dict"]["one"], TENSORS["one"])


def test_tensors_from_a_gpu_would_be_read_to_the_cpu(write: Callable[..., Path]) -> None:
    # The place of a storage is a word in the pickle; this is what a file from a GPU says.
    content = pytorch_bytes(TENSORS, zipped=False).replace(
        b"\x03\x00\x00\x00cpu", b"\x04\0\0\0cuda"
    )
    read, _ = read_weights_file(write(content))
    assert all(value.device.type == "cpu" for value in read.values())


def test_hash_of_a_file(write: Callable[..., Path]) -> None:
    content = bytes(range(256)) * 10000
    assert sha256_of(write(content)) == hashlib.sha256(content).hexdigest()


# ---- files that would run code


class Calls:
    """Pickles as the call of a function, which is how a pickle runs code."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def attacks(marker: Path) -> dict[str, tuple[Any, str]]:
    """Return objects that make a marker file when unpickled, and the name to be blamed."""
    script = f"open({str(marker)!r}, 'w').close()"
    return {
        "os.system": (Calls(os.system, f"touch '{marker}'"), "posix.system"),
        "eval": (
            Calls(builtins.eval, f"__import__('pathlib').Path({str(marker)!r}).touch()"),
            "eval",
        ),
        "exec": (Calls(builtins.exec, script), "exec"),
        "makedirs": (Calls(os.makedirs, str(marker)), "os.makedirs"),
    }


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("attack", attacks(Path()))
def test_a_file_that_would_run_code_is_refused_and_does_not_run(
    write: Callable[..., Path], tmp_path: Path, attack: str, zipped: bool, hidden: bool
) -> None:
    marker = tmp_path / "marker"
    bomb, culprit = attacks(marker)[attack]
    content = {**TENSORS, "extra": {"deep": [bomb]}, "more": torch.ones(2)} if hidden else bomb
    path = write(pytorch_bytes(content, zipped))
    message = refusal(path)
    assert "would run code" in message
    assert culprit in message
    assert "save the bare state_dict" in message
    assert not marker.exists()


def test_the_attacks_do_run_where_nobody_stops_them(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    for name, (bomb, _) in attacks(tmp_path / "marker").items():
        path = write(pytorch_bytes({**TENSORS, "extra": bomb}))
        torch.load(path, weights_only=False)
        marker = tmp_path / "marker"
        assert marker.exists(), name
        marker.rmdir() if marker.is_dir() else marker.unlink()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_plain_pickle_does_not_run_either(
    write: Callable[..., Path], tmp_path: Path, protocol: int
) -> None:
    marker = tmp_path / "marker"
    refusal(write(pickle.dumps(Calls(os.system, f"touch '{marker}'"), protocol=protocol)))
    assert not marker.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_pickled_network_is_refused(write: Callable[..., Path], zipped: bool) -> None:
    message = refusal(write(pytorch_bytes(nn.Linear(2, 2), zipped)))
    assert "torch.nn.modules.linear.Linear" in message
    assert "state_dict" in message


def test_nothing_is_allowed_for_longer_than_the_reading(write: Callable[..., Path]) -> None:
    before = set(torch.serialization.get_safe_globals())
    read_weights_file(write(pytorch_bytes({"best": np.float64(1.0)})))
    assert set(torch.serialization.get_safe_globals()) == before


# ---- files that are damaged or no weights


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file(write: Callable[..., Path], form: str, part: float) -> None:
    whole = FORMATS[form]
    message = refusal(write(whole[: int(len(whole) * part)]))
    assert "truncated" in message
    assert AGAIN in message


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("length", [1, 2, 7, 8, 9, 10, 64, -1])
def test_a_file_cut_at_its_edges(write: Callable[..., Path], form: str, length: int) -> None:
    assert any(word in refusal(write(FORMATS[form][:length])) for word in (AGAIN, "wanted a"))


def test_a_legacy_file_cut_within_a_name_is_truncated_rather_than_hostile(
    write: Callable[..., Path],
) -> None:
    whole = FORMATS["legacy"]
    inside = whole.index(b"torch._utils") + len(b"torch._ut")
    assert "truncated" in refusal(write(whole[:inside]))


@settings(
    max_examples=120,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(form=st.sampled_from(sorted(FORMATS)), data=st.data())
def test_damage_is_either_harmless_or_a_checkpoint_error(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject
) -> None:
    content = bytearray(FORMATS[form])
    flips = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 7))
    for position, bit in data.draw(st.lists(flips, max_size=4)):
        content[position] ^= 1 << bit
    length = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    path = tmp_path_factory.getbasetemp() / "damaged.pth"
    path.write_bytes(content[:length])
    try:
        read_weights_file(path)
    except CheckpointError as error:
        assert str(path) in str(error)


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    head=st.sampled_from([b"", b"\x80", b"\x80\x02", b"PK\x03\x04", b"\0" * 8 + b"{", b"<"]),
    rest=st.binary(max_size=300),
)
def test_random_bytes_are_a_checkpoint_error(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "random.pth"
    path.write_bytes(head + rest)
    with pytest.raises(CheckpointError, match=r"random\.pth"):
        read_weights_file(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["is empty", AGAIN]),
        (b"<!DOCTYPE html>\n<html><head></head></html>", ["web page", "not the file"]),
        (b"\n  <HTML>", ["web page"]),
        (b"<?xml version='1.0'?><Error/>", ["web page (HTML or XML)"]),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", ["LFS", "git lfs pull"]),
        (gzip.compress(b"weights"), ["gzip", "unpack it"]),
        (b'{"message": "Not Found"}', ["no weights file", "wanted a safetensors file"]),
        (b"GIF89a123456", ["no weights file", "GIF89a", "state_dict"]),
        (b"\0" * 600, ["zeros only", "not written to its end", AGAIN]),
    ],
    ids=["empty", "html", "shouted html", "xml", "lfs", "gzip", "json", "gif", "zeros"],
)
def test_files_that_are_no_weights(
    write: Callable[..., Path], content: bytes, words: list[str]
) -> None:
    message = refusal(write(content))
    assert all(word in message for word in words)


def test_a_tar_archive(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth.tar"
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"), io.BytesIO())
    assert "unpack" in refusal(path)


def test_a_zip_archive_with_something_else(tmp_path: Path) -> None:
    path = tmp_path / "weights.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.pth", FORMATS["legacy"])
    message = refusal(path)
    assert "zip archive without PyTorch weights" in message
    assert "unpack" in message


def test_numpy_archive(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, a=np.zeros(3))
    assert "zip archive without PyTorch weights" in refusal(path)


def test_torchscript_is_code(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(nn.Linear(2, 2)).save(str(path))
    message = refusal(path)
    assert "TorchScript" in message
    assert "save the state_dict" in message


@pytest.mark.parametrize(
    ("content", "kind"), [(torch.zeros(3), "Tensor"), ([TENSORS], "list"), (None, "NoneType")]
)
def test_a_pytorch_file_without_names(write: Callable[..., Path], content: Any, kind: str) -> None:
    assert f"holds a {kind}, not named tensors" in refusal(write(pytorch_bytes(content)))


def test_a_folder(tmp_path: Path) -> None:
    message = refusal(tmp_path)
    assert "is a folder" in message
    assert ".safetensors" in message or "safetensors file" in message


def test_a_missing_file(tmp_path: Path) -> None:
    message = refusal(tmp_path / "none.pth")
    assert "there is no weights file" in message
    assert "check the path" in message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "pipe is a pipe; wanted a safetensors file" in refusal(path)


def test_what_the_system_says_is_passed_on(write: Callable[..., Path]) -> None:
    assert "Not a directory" in refusal(write(FORMATS["zip"]) / "weights.pth")


# ---- safetensors headers


def safetensors_bytes(header: bytes | dict[str, Any], data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize("length", [1 << 20, 1 << 40, (1 << 64) - 1])
def test_a_header_that_claims_a_huge_length(write: Callable[..., Path], length: int) -> None:
    message = refusal(write(struct.pack("<Q", length) + b'{"a": {}}'))
    assert "damaged or truncated safetensors" in message
    assert AGAIN in message


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}},
        {"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F6_E2M3", "shape": [4], "data_offsets": [0, 3]}},
        {"a": 3},
        b'{"a": ' + b"[" * 100_000,
        b'{"\xff\xfe": 1}',
        b"{" + b" " * 100,
    ],
    ids=["huge", "short", "backwards", "dtype", "6 bits", "number", "deep", "not UTF-8", "open"],
)
def test_a_header_that_does_not_fit_the_file(
    write: Callable[..., Path], header: bytes | dict[str, Any]
) -> None:
    assert "damaged or truncated safetensors" in refusal(
        write(safetensors_bytes(header, b"\0" * 4))
    )
