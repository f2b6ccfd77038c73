# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""An SQLite file of a bag, also one whose end is missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from lwrf_ros.recordings.bags.storage import BagTopic, Progress, RawMessage
from lwrf_ros.recordings.faults import DAMAGED_PART, TRUNCATED_FILE, Faults

# How far ahead of a row that cannot be read others are looked for.
LOOK_AHEAD_ROWS = 2**16
_BY_TIME = (
    "SELECT topic_id, timestamp, data FROM messages WHERE topic_id IN ({}) ORDER BY timestamp, id"
)
_BY_ROW = "SELECT id, topic_id, timestamp, data FROM messages WHERE id > ? ORDER BY id"


class SqliteFile:
    """An SQLite file; see `BagFile`.

    Args:
        path: The file.
        faults: Where to note what is wrong with it.

    Raises:
        sqlite3.Error: If it is no bag at all.
    """

    def __init__(self, path: Path, faults: Faults) -> None:
        self._path = path
        self._faults = faults
        self.ros1 = False
        # Nothing is written beside the file, which may lie on a read-only medium; unless its last
        # messages are still in the log of a recorder that was killed.
        has_log = path.with_name(f"{path.name}-wal").exists()
        address = f"{path.resolve().as_uri()}?mode=ro" + ("" if has_log else "&immutable=1")
        # Read in one thread, opened and closed in another.
        self._database = sqlite3.connect(address, uri=True, check_same_thread=False)
        try:
            # Lets SQLite open a file that is shorter than its header says.
            self._database.execute("PRAGMA writable_schema=ON")
            self._names: dict[int, str] = {}
            types: dict[str, str] = {}
            for number, name, message_type in self._database.execute(
                "SELECT id, name, type FROM topics ORDER BY id"
            ):
                if isinstance(name, str) and isinstance(message_type, str):
                    self._names[number] = name
                    types[name] = message_type
            self._database.execute("SELECT count(*) FROM (SELECT 1 FROM messages LIMIT 0)")
        except Exception:
            self._database.close()
            raise
        counts = self._counts()
        definitions = self._definitions()
        profiles = self._profiles()
        self.topics = {
            name: BagTopic(
                message_type,
                counts.get(name, 0),
                *definitions.get(message_type, ("", "", "")),
                profiles.get(name, ""),
            )
            for name, message_type in types.items()
        }
        self.start_ns, self.end_ns = self._extent()

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Read the messages of some topics in the order of their reception."""
        numbers = [number for number, name in self._names.items() if name in topics]
        if not numbers:
            return
        query = _BY_TIME.format(",".join(map(str, numbers)))
        progress = Progress()
        try:
            for number, time_ns, data in self._database.execute(query):
                progress.note(self._names[number], time_ns)
                yield RawMessage(self._names[number], time_ns, data)
            return
        except sqlite3.Error as error:
            kind = TRUNCATED_FILE if _is_cut(self._path) else DAMAGED_PART
            self._faults.add(kind, f"{self._path} cannot be read to its end: {error}")
        for number, time_ns, data in self._rows_that_are_left():
            topic = self._names.get(number, "")
            if number in numbers and not progress.was_given(topic, time_ns):
                yield RawMessage(topic, time_ns, data)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _rows_that_are_left(self) -> Iterator[tuple[int, int, bytes]]:
        """Read the table in its own order, without any index, past what cannot be read."""
        reached, step = -1, 1
        while step <= LOOK_AHEAD_ROWS:
            try:
                for row, *message in self._database.execute(_BY_ROW, (reached,)):
                    if row <= reached:
                        # The table leads back into itself.
                        raise sqlite3.DatabaseError("row ids do not grow")
                    reached, step = row, 1
                    yield tuple(message)
                return
            except sqlite3.Error:
                reached, step = reached + step, 2 * step

    def _counts(self) -> dict[str, int]:
        # Of a damaged file as many as there are before the damage.
        counts: dict[str, int] = {}
        with suppress(sqlite3.Error):
            for (topic,) in self._database.execute("SELECT topic_id FROM messages ORDER BY id"):
                name = self._names.get(topic, "")
                counts[name] = counts.get(name, 0) + 1
        return counts

    def _definitions(self) -> dict[str, tuple[str, str, str]]:
        """Return definition, encoding and hash by message type; files before Iron have none."""
        query = (
            "SELECT topic_type, encoded_message_definition, encoding, type_description_hash "
            "FROM message_definitions"
        )
        with suppress(sqlite3.Error):
            return {row[0]: row[1:] for row in self._database.execute(query)}
        return {}

    def _profiles(self) -> dict[str, str]:
        """Return the QoS profiles by topic; the first files had none."""
        with suppress(sqlite3.Error):
            return dict(self._database.execute("SELECT name, offered_qos_profiles FROM topics"))
        return {}

    def _extent(self) -> tuple[int | None, int | None]:
        with suppress(sqlite3.Error):
            first, last = self._database.execute(
                "SELECT min(timestamp), max(timestamp) FROM messages"
            ).fetchone()
            return first, last
        return None, None


def _is_cut(path: Path) -> bool:
    """Tell whether a file is shorter than its header says."""
    with path.open("rb") as file:
        head = file.read(32)
    if len(head) < 32:
        return True
    page_bytes = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    # 1 stands for 65536.
    return path.stat().st_size < pages * (page_bytes if page_bytes > 1 else 2**16)
