# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Weights files read as data only: safetensors, and PyTorch's pickles with code refused."""

from __future__ import annotations

import hashlib
import pickle
import pickletools
import re
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from lwrf_ros.errors import LwrfError
from lwrf_ros.input_file import refuse_special

_WANTED = "wanted a safetensors file or a PyTorch state_dict (.pth, .pth.tar, .ckpt)"
_AGAIN = "copy or download it again"
# PyTorch's format before zip: this number, then the pickles of a version, the machine, the content.
_LEGACY_MAGIC = pickle.dumps(torch.serialization.MAGIC_NUMBER, protocol=2)
_LEGACY_PICKLES = 3
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
# Numbers that training scripts leave beside the weights; building them runs no code of the file.
_HARMLESS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar"),
    (np.float64(0).__reduce__()[0], "numpy._core.multiarray.scalar"),
    np.dtype,
    *{type(np.dtype(kind)) for kind in ("f8", "f4", "i8", "i4", "?")},
]


class CheckpointError(LwrfError):
    """Weights that cannot be used; the message says why and what to do."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_weights_file(path: Path) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Read a weights file without running anything in it.

    Args:
        path: The file. Its kind is told by its first bytes, not by its name.

    Returns:
        The mapping in the file, and the text entries beside it (safetensors metadata).

    Raises:
        CheckpointError: If there is no such file, it is no weights file, it is truncated or
            empty, or reading it would run code.
    """
    head = _read_head(path)
    if head[8:9] == b"{":
        return _read_safetensors(path)
    if head.startswith((b"PK\x03\x04", b"\x80")):
        return _read_pickle(path), {}
    raise CheckpointError(f"{path} {_what_it_is(path, head)}; {_WANTED}")


def _read_head(path: Path) -> bytes:
    try:
        # Before it is opened: a pipe would wait for somebody to write.
        refuse_special(path, "the weights file", CheckpointError, _WANTED)
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError:
        raise CheckpointError(f"there is no weights file {path}; check the path") from None
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}; {_WANTED}") from error
    except ValueError as error:  # a path with a null character
        raise CheckpointError(f"cannot read {path}: {error}; check the path") from None
    if not head:
        raise CheckpointError(f"{path} is empty; {_AGAIN}")
    return head


def _what_it_is(path: Path, head: bytes) -> str:
    """Name what a file that is no weights file seems to be."""
    text = head.lstrip().lower()
    if text.startswith(b"<"):
        return "is a web page (HTML or XML), not weights: the download gave a page, not the file"
    if head.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the weights: run `git lfs pull`"
    if head.startswith(b"\x1f\x8b"):
        return "is gzip-compressed: unpack it first"
    if not head.strip(b"\0"):
        return "begins with zeros only: it was not written to its end; copy or download it again"
    if tarfile.is_tarfile(path):
        return "is a tar archive (or PyTorch's format before 0.1.10): unpack or convert it first"
    return f"is no weights file (it begins with {head[:8]!r})"


def _read_safetensors(path: Path) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (SafetensorError, ValueError, RuntimeError, OSError) as error:
        raise CheckpointError(
            f"{path} is a damaged or truncated safetensors file ({error}); {_AGAIN}"
        ) from error


def _check_zip(path: Path) -> None:
    """Refuse a zip archive that is whole but does not hold a PyTorch checkpoint."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        names = {Path(name).name for name in archive.namelist()}
    if "constants.pkl" in names:
        raise CheckpointError(
            f"{path} is a TorchScript archive, which is code; save the state_dict of its network"
        )
    if "data.pkl" not in names:
        raise CheckpointError(
            f"{path} is a zip archive without PyTorch weights; unpack it and give the file in it"
        )


def _ends_early(path: Path) -> bool:
    """Tell whether a file of PyTorch's format before zip ends within its pickles.

    The opcodes are only listed. A name that is cut short would else be taken for a foreign one.
    """
    with path.open("rb") as file:
        if file.read(len(_LEGACY_MAGIC)) != _LEGACY_MAGIC:
            return False
        try:
            for _ in range(_LEGACY_PICKLES):
                for _ in pickletools.genops(file):
                    pass
        except ValueError:
            return True
    return False


def _read_pickle(path: Path) -> Mapping[str, Any]:
    try:
        _check_zip(path)
        with torch.serialization.safe_globals(_HARMLESS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # weights_only: torch's own unpickler, which builds tensors and plain containers and
            # raises at the first global outside its list, before calling anything.
            # An open file: given a name, torch would tell the format by it.
            with path.open("rb") as file:
                content = torch.load(file, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except pickle.UnpicklingError as error:
        unsafe = _GLOBAL.search(str(error))
        refused = unsafe or "GLOBAL" in str(error) or "Unsupported" in str(error)
        if refused and not _ends_early(path):
            culprit = unsafe[1] if unsafe else "an object that is not a tensor"
            raise CheckpointError(
                f"{path} was refused: loading it would run code ({culprit}). Nothing was run. "
                "If you trust its author, load it once elsewhere and save the bare state_dict, "
                "best as safetensors"
            ) from None
        raise CheckpointError(f"{path} is damaged or truncated; {_AGAIN}") from error
    except Exception as error:
        # torch raises RuntimeError, EOFError, KeyError, ValueError and more on damaged files.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path} is damaged or truncated ({reason}); {_AGAIN}") from error
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"{path} holds a {type(content).__name__}, not named tensors; {_WANTED}"
        )
    return content
