# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whatever becomes of the files of compiled kernels, only time is lost."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest

from lwrf_ros.segmentation.cpu.kernels.kept import _say, kept

SOURCE = "def twice(x):\n    return 2.0 * x\n"


class Compiler:
    """Compiles a small function of a module of its own, and counts how often from scratch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.compiled = 0
        folder.mkdir()
        (folder / "source.py").write_text(SOURCE)

    def __call__(self) -> Any:
        """Compile as a new process would, and try the result."""
        _say.cache_clear()
        spec = importlib.util.spec_from_file_location("source", self.folder / "source.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found = kept(module.twice, lambda cache: numba.njit("f8(f8)", cache=cache)(module.twice))
        assert found(21.0) == 42.0
        self.compiled += not sum(found.stats.cache_hits.values())
        return found

    def files(self, ending: str) -> list[Path]:
        return list((self.folder / "__pycache__").glob(f"source.twice*.{ending}"))


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    return Compiler(tmp_path / "kernels")


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def a_block_of_zeros(path: Path) -> None:
    """Damage machine code where pickle does not notice."""
    data = bytearray(path.read_bytes())
    at = data.index(b"ELF") + 64
    data[at : at + 256] = bytes(256)
    path.write_bytes(data)


def test_it_is_compiled_once(compiler: Compiler, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        compiler()
    assert compiler.compiled == 1
    assert caplog.records == []


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        ("nbi", zeroed),
        ("nbi", emptied),
        ("nbc", zeroed),
        ("nbc", cut),
        ("nbc", a_block_of_zeros),
        ("sha256", zeroed),
    ],
)
def test_damaged_files_are_written_anew(
    compiler: Compiler,
    caplog: pytest.LogCaptureFixture,
    ending: str,
    damage: Callable[[Path], None],
) -> None:
    compiler()
    (path,) = compiler.files(ending)
    damage(path)
    compiler()
    assert compiler.compiled == 2
    folder = compiler.folder / "__pycache__"
    words = f"compiled kernels in {folder} are damaged and are compiled again"
    assert [record.getMessage() for record in caplog.records] == [words]
    compiler()
    assert compiler.compiled == 2


def test_files_without_a_checksum_are_not_trusted(
    compiler: Compiler, caplog: pytest.LogCaptureFixture
) -> None:
    compiler()
    (path,) = compiler.files("sha256")
    path.unlink()
    compiler()
    assert compiler.compiled == 2
    assert caplog.records == []


def test_a_folder_that_takes_no_files(
    compiler: Compiler, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._save_data", full)
    compiler()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"kept in {compiler.folder}/__pycache__ ([Errno 28] No space" in record.getMessage()
    assert "name another in NUMBA_CACHE_DIR" in record.getMessage()


def test_no_folder_at_all(
    compiler: Compiler,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    # A user that the system does not know, over a tree that is read-only.
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.chdir(tmp_path)
    compiler()
    (record,) = caplog.records
    assert f"{compiler.folder} cannot be written, and this user has no home" in record.getMessage()
    assert [path.name for path in tmp_path.iterdir()] == ["kernels"]
    assert not (compiler.folder / "__pycache__" / "source.twice").exists()


def test_what_is_wrong_with_the_function_itself_is_told(tmp_path: Path) -> None:
    def wrong(_: bool) -> None:
        raise TypeError("no such kernel")

    with pytest.raises(TypeError, match="no such kernel"):
        kept(test_it_is_compiled_once, wrong)
