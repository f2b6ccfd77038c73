# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Differences between two archives of the same recordings: other weights, another version."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.queries import connect, rows
from lwrf_ros.archive.store import Store


@dataclass(frozen=True)
class ClassChange:
    """A class over all frames.

    Attributes:
        name: Its name.
        before: Mean share of the image, 0..1.
        after: The same in the newer archive.
        moved: Mean over the frames of how much the share changed, up or down.
    """

    name: str
    before: float
    after: float
    moved: float


@dataclass(frozen=True)
class RecordingChange:
    """A recording.

    Attributes:
        recording: Where it was found.
        frames: Frames that both archives have labels of.
        moved: Mean over these of the share of the image by which the classes' shares differ at
            least: half the sum of their differences, 0..1.
        worst_frame: Frame with the largest.
        worst_topic: Its topic.
        worst: How large it is.
        key: Of its task in the newer archive, by which its labels are found.
    """

    recording: str
    frames: int
    moved: float
    worst_frame: int
    worst_topic: str
    worst: float
    key: str


@dataclass(frozen=True)
class Differences:
    """Two archives beside each other.

    Attributes:
        before: What the older one says of itself.
        after: The same of the newer one.
        classes: Those that both know, the most changed first.
        recordings: Those that both have, the most changed first.
        only_before: Recordings that only the older one has.
        only_after: Those that only the newer one has.
        frames: Frames that were compared.
        refusals: Frames that only one of them has labels of.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    classes: list[ClassChange]
    recordings: list[RecordingChange]
    only_before: list[str]
    only_after: list[str]
    frames: int
    refusals: int

    def beyond(self, most: float) -> list[str]:
        """Return what passes a limit, in words.

        Args:
            most: Greatest change of a class's mean share over all frames, 0..1.
        """
        return [
            f"{one.name} {one.before:.2%} to {one.after:.2%}"
            for one in self.classes
            if abs(one.after - one.before) > most
        ]

    def as_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def compare_archives(older: Path, newer: Path) -> Differences:
    """Compare the rows of two archives, recording by recording by what their content is.

    Raises:
        ArchiveError: If one is no archive, or they have no class or no frame in common.
    """
    before, after = Store(older).about(), Store(newer).about()
    common = [name for name in after["classes"] if name in before["classes"]]
    if not common:
        raise ArchiveError(
            f"{older} and {newer} have no class in common: {', '.join(before['classes'])}; "
            f"{', '.join(after['classes'])}"
        )
    connection = connect(older=older, newer=newer)
    pairs = ", ".join(
        f"o.coverage[{_text(name)}]::DOUBLE AS before_{k}, "
        f"n.coverage[{_text(name)}]::DOUBLE AS after_{k}"
        for k, name in enumerate(common)
    )
    distance = " + ".join(f"abs(before_{k} - after_{k})" for k in range(len(common)))
    connection.execute(
        f"""CREATE TABLE pairs AS SELECT *, ({distance}) / 2 AS distance FROM (
            SELECT n.recording, n.identity, n.topic, n.frame, {pairs},
                o.coverage IS NOT NULL AS had, n.coverage IS NOT NULL AS has
            FROM newer n JOIN older o USING (identity, topic, frame))"""
    )
    ((frames, refusals),) = connection.execute(
        "SELECT count(*) FILTER (had AND has), count(*) FILTER (had <> has) FROM pairs"
    ).fetchall()
    if not frames:
        raise ArchiveError(
            f"{older} and {newer} have no frame in common; give two archives of the same recordings"
        )
    changes = []
    for k, name in enumerate(common):
        (row,) = connection.execute(
            f"SELECT avg(before_{k}), avg(after_{k}), avg(abs(before_{k} - after_{k})) "
            "FROM pairs WHERE had AND has"
        ).fetchall()
        changes.append(ClassChange(name, *row))
    keys = {outcome.identity: outcome.key for outcome in Store(newer).done().values()}
    recordings = [
        RecordingChange(
            row["recording"],
            row["frames"],
            row["moved"],
            row["worst_frame"],
            row["worst_topic"],
            row["worst"],
            keys.get(row["identity"], ""),
        )
        for row in rows(
            connection,
            """SELECT recording, identity, count(*) AS frames, avg(distance) AS moved,
                arg_max(frame, distance) AS worst_frame, arg_max(topic, distance) AS worst_topic,
                max(distance) AS worst
            FROM pairs WHERE had AND has GROUP BY recording, identity
            ORDER BY moved DESC, recording""",
        )
    ]
    return Differences(
        before,
        after,
        sorted(changes, key=lambda one: -one.moved),
        recordings,
        _only(connection, "older", "newer"),
        _only(connection, "newer", "older"),
        frames,
        refusals,
    )


def _only(connection: Any, one: str, other: str) -> list[str]:
    found = connection.execute(
        f"SELECT DISTINCT recording FROM {one} "
        f"WHERE identity NOT IN (SELECT DISTINCT identity FROM {other}) ORDER BY recording"
    ).fetchall()
    return [row[0] for row in found]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
