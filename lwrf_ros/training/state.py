# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The state of a training on disk: written whole, read without running code, checked to fit."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import torch

from lwrf_ros.errors import LwrfError
from lwrf_ros.files import replace_file
from lwrf_ros.input_file import refuse_special

FORMAT = 1
# The setting that states of earlier versions do not have.
CONTENTS = "contents of the images and masks"


class ResumeError(LwrfError):
    """A saved state that this training cannot continue from."""


def save_state(path: Path, settings: dict[str, str], content: dict[str, Any]) -> None:
    """Write a state; whoever is killed on the way leaves the one before.

    Args:
        path: The file.
        settings: What the result depends on, as text; `load_state` compares it.
        content: Tensors, numbers, text, lists and dictionaries.
    """
    data = io.BytesIO()
    torch.save({"format": FORMAT, "settings": settings, "content": content}, data)
    replace_file(path, data.getvalue())


def load_state(path: Path, settings: dict[str, str]) -> dict[str, Any]:
    """Read the content of a state.

    Args:
        path: The file.
        settings: The settings of the training that wants to continue.

    Raises:
        ResumeError: If the file is damaged or belongs to a training with other settings.
    """
    refuse_special(path, "the state", ResumeError)
    try:
        # torch takes a tensor whatever became of its bytes; the archive knows their checksums.
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"{damaged} is damaged")
        state = torch.load(path, map_location="cpu", weights_only=True)
        saved, content, version = dict(state["settings"]), state["content"], state["format"]
    except Exception as error:
        # zipfile and torch raise much more than their own errors on damaged files.
        raise ResumeError(
            f"{path} cannot be read as the state of a training ({type(error).__name__}); start "
            "again in another folder"
        ) from error
    if version != FORMAT:
        raise ResumeError(
            f"{path} was written by another version (format {version}, wanted {FORMAT}); finish it "
            "with that version or start again in another folder"
        )
    if CONTENTS in settings:  # which older states do not have
        saved.setdefault(CONTENTS, settings[CONTENTS])
    changed = [
        f"{key} was {saved.get(key, 'not there')}, is {settings.get(key, 'not there')}"
        for key in sorted(saved.keys() | settings.keys())
        if saved.get(key) != settings.get(key)
    ]
    if changed:
        raise ResumeError(
            f"{path} belongs to a training with other settings: {'; '.join(changed)}. Resume with "
            "the same settings, or start again in another folder"
        )
    return content
