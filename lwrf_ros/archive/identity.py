# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Identity of a recording, whatever it is called and wherever it lies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lwrf_ros.archive.recording_files import FoundRecording
from lwrf_ros.files import replace_file

_CHUNK_BYTES = 2**22
HASHES_FILE = "hashes.json"


class Identities:
    """The identity of recordings: of their content on a disk, of what the listing says in a bucket.

    What was hashed is kept by path, size and time, so that an archive is read for it once.

    Args:
        folder: Where that is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / HASHES_FILE
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # it only saves time
            known = {}
        self._known: dict[str, list[Any]] = known if isinstance(known, dict) else {}

    def of(self, recording: FoundRecording) -> str:
        """Return a recording's identity, 64 hexadecimal digits.

        Raises:
            OSError: If it cannot be read.
        """
        digest = hashlib.sha256()
        for file in recording.files:
            name = file.path.rpartition("/")[2]
            if recording.local:
                mark = self._hash(file.path)
            else:
                mark = f"{file.path} {file.size} {file.mark}"
            digest.update(f"{name}\0{mark}\0".encode())
        return digest.hexdigest()

    def save(self) -> None:
        """Keep what was hashed."""
        replace_file(self._path, json.dumps(self._known).encode())

    def _hash(self, path: str) -> str:
        about = Path(path).stat()
        state = [about.st_size, about.st_mtime_ns]
        known = self._known.get(path)
        if known is not None and known[:2] == state:
            return str(known[2])
        digest = hashlib.sha256()
        with Path(path).open("rb") as file:
            while block := file.read(_CHUNK_BYTES):
                digest.update(block)
        self._known[path] = [*state, digest.hexdigest()]
        return digest.hexdigest()


def key_of(identity: str, settings: Mapping[str, Any]) -> str:
    """Return the key of a task: of a recording and of all that its rows depend on."""
    text = json.dumps([identity, settings], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
