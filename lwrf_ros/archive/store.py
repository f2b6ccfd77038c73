# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""An archive's folder: what is done, what failed, and that one run at a time writes into it."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.files import replace_file

FORMAT = 1
ABOUT_FILE = "archive.json"
_LOCK_FILE = ".lock"


@dataclass(frozen=True)
class Outcome:
    """A task that is done.

    Attributes:
        key: Of the task.
        recording: Where the recording was found.
        identity: What it is, by content.
        table: Its rows, relative to the archive's folder.
        day: Day of its first frame (UTC), ``2026-11-28``.
        robot: Whose recording it is, "unknown" where nothing says it.
        frames: Frames that were read.
        refused: Frames without labels, by reason.
        faults: What was wrong with the recording, by kind.
        wall_s: How long it took.
    """

    key: str
    recording: str
    identity: str
    table: str
    day: str
    robot: str
    frames: int
    refused: dict[str, int]
    faults: dict[str, int]
    wall_s: float


@dataclass(frozen=True)
class Failure:
    """A task that was set aside.

    Attributes:
        key: Of the task.
        recording: Where the recording was found.
        reason: Why, in words.
        attempts: How often it was tried.
    """

    key: str
    recording: str
    reason: str
    attempts: int


class Store:
    """The folder.

    Args:
        folder: The archive's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._done, self._failed = folder / "recordings", folder / "failures"
        self.partial = folder / ".partial"

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the folder against other runs, which is made if it is not there.

        Raises:
            ArchiveError: If another run lives, or the folder holds something else.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            ours = (self.folder / ABOUT_FILE, self.folder / _LOCK_FILE)
            stranger = next(self.folder.iterdir(), None)
            if stranger is not None and not any(path.is_file() for path in ours):
                raise ArchiveError(
                    f"{self.folder} holds {stranger.name} and is no archive; give a new folder"
                )
            file = (self.folder / _LOCK_FILE).open("a")
        except OSError as error:
            raise ArchiveError(
                f"cannot write into {self.folder}: {error}; give another folder (-o)"
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ArchiveError(
                    f"another run writes into {self.folder}; wait for its end, or give another "
                    "folder (-o)"
                ) from None
            for path in (self._done, self._failed, self.partial):
                path.mkdir(exist_ok=True)
            self._clear()
            try:
                yield
            finally:
                self._clear()

    def _clear(self) -> None:
        """Remove what workers left that were killed."""
        for path in self.partial.iterdir():
            path.unlink(missing_ok=True)

    def about(self) -> dict[str, Any]:
        """Return what the archive says of itself.

        Raises:
            ArchiveError: If it is none.
        """
        path = self.folder / ABOUT_FILE
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArchiveError(
                f"{self.folder} is no archive ({error}); give the folder of a lwrf archive -o"
            ) from error
        version = found.get("format") if isinstance(found, dict) else None
        if version != FORMAT:
            raise ArchiveError(
                f"{path} has the format {version}, wanted {FORMAT}; make the archive anew with "
                "this version"
            )
        return dict(found)

    def describe(self, about: Mapping[str, Any]) -> None:
        """Note what the archive is made with, or see that it goes on as it was begun.

        Raises:
            ArchiveError: If it was begun with something else.
        """
        content = {"format": FORMAT, **about}
        if (self.folder / ABOUT_FILE).is_file():
            there = self.about()
            before, after = _flat(there), _flat(content)
            other = next((name for name in after if before.get(name) != after[name]), None)
            if other is not None:
                raise ArchiveError(
                    f"{self.folder} was made with {other} {_short(before.get(other))}, not "
                    f"{_short(after[other])}; give another folder (-o) and compare the two with "
                    "--against"
                )
            return
        text = json.dumps(content, indent=2, ensure_ascii=False)
        replace_file(self.folder / ABOUT_FILE, f"{text}\n".encode())

    def done(self) -> dict[str, Outcome]:
        """Return what is done, by key; what cannot be read is done again."""
        found = {}
        for path in sorted(self._done.glob("*.json")):
            try:
                outcome = Outcome(**json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, TypeError):
                continue
            if (self.folder / outcome.table).is_file():
                found[outcome.key] = outcome
        return found

    def failures(self) -> list[Failure]:
        """Return what was set aside, by recording."""
        found = []
        for path in self._failed.glob("*.json"):
            try:
                found.append(Failure(**json.loads(path.read_text(encoding="utf-8"))))
            except (OSError, ValueError, TypeError):
                continue
        return sorted(found, key=lambda one: one.recording)

    def add(self, outcome: Outcome) -> None:
        """Note that a task is done."""
        _write(self._done / f"{outcome.key}.json", outcome)
        (self._failed / f"{outcome.key}.json").unlink(missing_ok=True)

    def set_aside(self, failure: Failure) -> None:
        """Note that a task failed."""
        _write(self._failed / f"{failure.key}.json", failure)

    def retire(self, recordings: Mapping[str, str]) -> None:
        """Drop what was made of an earlier content of recordings that are still there.

        Args:
            recordings: The key that a recording has now, by where it is.
        """
        wanted = set(recordings.values())
        for outcome in self.done().values():
            if outcome.recording in recordings and outcome.key not in wanted:
                (self.folder / outcome.table).unlink(missing_ok=True)
                (self._done / f"{outcome.key}.json").unlink(missing_ok=True)
        for failure in self.failures():
            if failure.recording in recordings and failure.key not in wanted:
                (self._failed / f"{failure.key}.json").unlink(missing_ok=True)


def table_path(day: str, robot: str, key: str) -> str:
    """Return where a task's rows are, relative to the archive's folder."""
    return f"frames/day={day}/robot={robot}/{key}.parquet"


def _write(path: Path, entry: Outcome | Failure) -> None:
    replace_file(path, json.dumps(asdict(entry), indent=1, ensure_ascii=False).encode())


def _flat(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings beside what else there is; the path of weights says nothing."""
    settings = about.get("settings")
    flat = dict(settings) if isinstance(settings, dict) else {}
    return {**flat, **{k: v for k, v in about.items() if k not in ("settings", "weights")}}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
