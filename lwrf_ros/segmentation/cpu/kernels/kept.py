# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The files that compiled kernels are kept in: they save time, and decide nothing."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache

from lwrf_ros.files import replace_file

_LOGGER = logging.getLogger(__name__)


def kept(function: Callable[..., Any], compile_it: Callable[[bool], Any]) -> Any:
    """Compile a function, or take what was kept of it, and keep the result where that can be done.

    Files that are damaged (a power cut, a full disk) are written anew; where no folder can be
    written, the function is compiled in memory. Either is said once, with the folder.

    Args:
        function: What is compiled.
        compile_it: Compiles it; told whether numba is to look for it in its files and to write it
            there.
    """
    try:
        files = _Files(function)
    except (RuntimeError, OSError) as error:  # neither the package's folder nor the user's
        _say(f"compiled kernels cannot be kept ({_line(error)}), so every start compiles them")
        return compile_it(False)
    try:
        files.drop_what_is_damaged()
        found = compile_it(True)
        files.note()
    except Exception as error:
        # numba hands on whatever the system, pickle or LLVM say of its files. What is wrong with
        # the function itself comes again below.
        _say(
            f"compiled kernels cannot be kept in {files.folder} ({_line(error)}), so every start "
            "compiles them; empty the folder, or name another in NUMBA_CACHE_DIR"
        )
        return compile_it(False)
    return found


class _Files:
    """numba's files of one function, and one beside them with their checksum.

    numba itself would run whatever machine code it reads.

    Args:
        function: The function.

    Raises:
        RuntimeError: If there is no folder that can be written.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        source = Path(function.__code__.co_filename).parent
        if not os.environ.get("NUMBA_CACHE_DIR") and not os.access(source, os.W_OK):
            try:
                Path.home()
            except RuntimeError:
                # numba would make a folder named ~ here.
                raise RuntimeError(
                    f"{source} cannot be written, and this user has no home folder"
                ) from None
        cache = FunctionCache(function)
        self.folder = Path(cache.cache_path)
        self._forget: Callable[[], None] = cache.flush
        self._name: str = cache._impl.filename_base
        self._sum = self.folder / f"{self._name}.sha256"

    def drop_what_is_damaged(self) -> None:
        """Forget files that are not as they were written."""
        if not self._all():
            return
        try:
            noted = self._sum.read_text(encoding="ascii")
        except FileNotFoundError:
            noted = ""  # killed before it was written: nobody knows
        except (OSError, ValueError):
            noted = "unreadable"
        if noted != self._digest():
            if noted:
                _say(f"compiled kernels in {self.folder} are damaged and are compiled again")
            self._forget()

    def note(self) -> None:
        """Write down what the files are like now, if that has changed."""
        digest = self._digest()
        if not self._sum.exists() or self._sum.read_bytes() != digest.encode():
            replace_file(self._sum, digest.encode())

    def _all(self) -> list[Path]:
        return [
            *sorted(self.folder.glob(f"{self._name}.*.nbc")),
            *self.folder.glob(f"{self._name}.nbi"),
        ]

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in self._all():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


@cache
def _say(words: str) -> None:
    """Log a line, once for all kernels."""
    _LOGGER.warning("%s", words)


def _line(error: Exception) -> str:
    return f"{error}".strip().partition("\n")[0] or type(error).__name__
