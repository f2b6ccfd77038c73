# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Questions to archives, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.store import Store
from lwrf_ros.optional import import_optional


class FramePlace(NamedTuple):
    """Where a frame is.

    Attributes:
        recording: Of which recording.
        topic: On which topic.
        frame: Its place among the frames of its topic, from 0.
    """

    recording: str
    topic: str
    frame: int


def connect(**archives: Path) -> Any:
    """Return a DuckDB connection with a view of the rows of each archive, by name.

    Raises:
        ArchiveError: If one is no archive, or has no rows.
    """
    duckdb = import_optional("duckdb")
    connection = duckdb.connect()
    for name, folder in archives.items():
        Store(folder).about()
        if not any((folder / "frames").rglob("*.parquet")):
            raise ArchiveError(f"{folder} has no rows yet; let lwrf archive do its recordings")
        files = str(folder / "frames/**/*.parquet").replace("'", "''")
        connection.execute(
            f"CREATE VIEW {name} AS SELECT * FROM "
            f"read_parquet('{files}', hive_partitioning = true, union_by_name = true)"
        )
    return connection


def chosen_frames(folder: Path, where: str) -> list[FramePlace]:
    """Return the frames that a condition names, by recording and in their order.

    Args:
        folder: An archive's.
        where: What stands behind WHERE, of the columns of docs/archive.md; with ORDER BY and LIMIT
            if wanted.

    Raises:
        ArchiveError: If it is not SQL, or about what there is not.
    """
    duckdb = import_optional("duckdb")
    connection = connect(frames=folder)
    try:
        rows = connection.execute(
            f"SELECT recording, topic, frame FROM frames WHERE {where}"
        ).fetchall()
    except duckdb.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise ArchiveError(
            f"cannot ask {where!r}: {reason}; wanted a condition such as coverage.person > 0.05 "
            "(columns: docs/archive.md)"
        ) from error
    return sorted({FramePlace(*row) for row in rows})


def rows(connection: Any, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Return the rows of a query, by column."""
    result = connection.execute(query, list(parameters))
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
