# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Bundled weights of the tests' own."""

from __future__ import annotations

from pathlib import Path

import pytest
from cards import Bundle, carded

from lwrf_ros import package_data


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """A folder for bundled weights that is empty, and what writes some into it.

    The class tables stay. What is written has a card with the entries that are given.
    """
    (tmp_path / "data").mkdir()
    (tmp_path / "data/classes").symlink_to(package_data.class_tables()["camvid"].parent)
    (tmp_path / "data/weights").mkdir()
    monkeypatch.setattr(package_data, "_ROOT", tmp_path / "data")

    def write(stem: str, **card: str) -> Path:
        return carded(tmp_path / "data/weights" / f"{stem}.safetensors", **card)

    return write
