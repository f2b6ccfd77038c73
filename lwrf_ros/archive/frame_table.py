# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The table: one row a frame and camera, as a Parquet file for each recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# Of the columns below; a change of them is a new number.
SCHEMA_VERSION = 1
VERSION_KEY = b"lwrf_archive_schema"
# Rows in memory at most; enough for Parquet to compress well.
_GROUP_ROWS = 4096


def frame_schema(classes: Sequence[str], regions: Sequence[str]) -> pa.Schema:
    """Return the schema for classes and regions; docs/archive.md describes the columns."""
    shares = pa.struct([(name, pa.float32()) for name in (*classes, "unlabelled")])
    columns = [
        pa.field("recording", pa.string(), nullable=False),
        pa.field("identity", pa.string(), nullable=False),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("stamp_ns", pa.int64(), nullable=False),
        pa.field("log_ns", pa.int64(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("coverage", shares),
        pa.field("confidence", pa.float32()),
        pa.field("alerts", pa.list_(pa.string()), nullable=False),
        pa.field("engine_ms", pa.float32()),
    ]
    if regions:
        columns.append(pa.field("regions", pa.struct([(name, shares) for name in regions])))
    return pa.schema(columns, metadata={VERSION_KEY: str(SCHEMA_VERSION).encode()})


class FrameTableWriter:
    """Writes rows, a group of them in memory at a time.

    Args:
        path: The Parquet file.
        schema: As of `frame_schema`.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        """Add a row; columns that it lacks are null."""
        self._rows.append(row)
        if len(self._rows) >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the file's end, without which it cannot be read."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []
