# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.files import replace_file


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
    # What was left behind is in nobody's way.
    assert len(list(tmp_path.iterdir())) == 2
    replace_file(path, b"newer")
    assert path.read_text() == "newer"
    assert list(tmp_path.iterdir()) == [path]


def test_a_longer_leftover_does_not_show(tmp_path: Path) -> None:
    (tmp_path / ".state.pt.part").write_bytes(b"x" * 1000)
    replace_file(tmp_path / "state.pt", b"short")
    assert (tmp_path / "state.pt").read_bytes() == b"short"
