# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Questions to archives: frames by a condition, differences between two, extraction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_bags import pixels

pytest.importorskip("duckdb", reason="duckdb is not installed: make test-archive has it")
pytest.importorskip("pyarrow", reason="pyarrow is not installed: make test-archive has it")
pytest.importorskip("fsspec", reason="fsspec is not installed: make test-archive has it")

from lwrf_ros.archive.differences import compare_archives
from lwrf_ros.archive.differences_page import as_text, write_page
from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.frame_extraction import extract_frames
from lwrf_ros.archive.frame_table import FrameTableWriter, frame_schema
from lwrf_ros.archive.identity import Identities
from lwrf_ros.archive.queries import FramePlace, chosen_frames
from lwrf_ros.archive.recording_files import find_recordings
from lwrf_ros.archive.store import Outcome, Store, table_path
from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.extraction.destination import Target

CLASSES = ("road", "person")
SETTINGS = {"weights_sha256": "0" * 64}


def made_up(
    folder: Path,
    recordings: dict[str, Sequence[float | None]],
    identities: dict[str, str] | None = None,
) -> Store:
    """Write an archive whose frames hold so much of a person, None for a refused frame."""
    store = Store(folder)
    with store.claimed():
        store.describe({"settings": SETTINGS, "classes": list(CLASSES), "weights": "made up"})
        for recording, shares in recordings.items():
            identity = (identities or {}).get(recording, recording)
            key = f"key_{abs(hash(recording))}"
            table = table_path("2026-11-28", "amr_1", key)
            (folder / table).parent.mkdir(parents=True, exist_ok=True)
            writer = FrameTableWriter(folder / table, frame_schema(CLASSES, ()))
            for frame, share in enumerate(shares):
                row = {
                    "recording": recording,
                    "identity": identity,
                    "topic": "/front/image_raw",
                    "frame": frame,
                    "stamp_ns": frame,
                    "log_ns": frame,
                    "time": 0,
                    "outcome": "processed" if share is not None else "data",
                    "alerts": [],
                }
                if share is not None:
                    row["coverage"] = {"road": 1 - share, "person": share, "unlabelled": 0.0}
                writer.add(row)
            writer.close()
            store.add(
                Outcome(key, recording, identity, table, "2026-11-28", "amr_1", 3, {}, {}, 1.0)
            )
    return store


def test_frames_by_a_condition(tmp_path: Path) -> None:
    made_up(tmp_path / "archive", {"a": [0.0, 0.5, None], "b": [0.6, 0.1]})
    found = chosen_frames(tmp_path / "archive", "coverage.person > 0.3")
    assert found == [FramePlace("a", "/front/image_raw", 1), FramePlace("b", "/front/image_raw", 0)]
    (best,) = chosen_frames(tmp_path / "archive", "true ORDER BY coverage.person DESC LIMIT 1")
    assert (best.recording, best.frame) == ("b", 0)
    assert len(chosen_frames(tmp_path / "archive", "day = '2026-11-28' AND robot = 'amr_1'")) == 5
    with pytest.raises(ArchiveError, match=r"cannot ask 'coverage\.pers > 1'.*pers"):
        chosen_frames(tmp_path / "archive", "coverage.pers > 1")
    with pytest.raises(ArchiveError, match="is no archive"):
        chosen_frames(tmp_path, "true")


def test_what_changed_between_two(tmp_path: Path) -> None:
    made_up(tmp_path / "old", {"a": [0.0, 0.5, None], "b": [0.2, 0.2], "gone": [0.0]})
    made_up(tmp_path / "new", {"a": [0.1, 0.1, 0.3], "b": [0.2, 0.3], "added": [0.0]})
    found = compare_archives(tmp_path / "old", tmp_path / "new")
    assert (found.frames, found.refusals) == (4, 1)
    assert (found.only_before, found.only_after) == (["gone"], ["added"])
    person = next(one for one in found.classes if one.name == "person")
    # 0, 0.5, 0.2, 0.2 before and 0.1, 0.1, 0.2, 0.3 after.
    assert (person.before, person.after) == pytest.approx((0.225, 0.175))
    assert person.moved == pytest.approx((0.1 + 0.4 + 0.0 + 0.1) / 4)
    first, second = found.recordings
    assert (first.recording, first.worst_frame, second.recording) == ("a", 1, "b")
    assert (first.moved, first.worst, second.moved) == pytest.approx((0.25, 0.4, 0.05))
    assert found.beyond(0.06) == []
    assert found.beyond(0.04) == ["road 77.50% to 82.50%", "person 22.50% to 17.50%"]
    assert "person: 22.50% to 17.50% of the image" in as_text(found)
    write_page(found, tmp_path / "new/differences.html")
    page = (tmp_path / "new/differences.html").read_text()
    assert page.index("<td>a</td>") < page.index("<td>b</td>")
    assert "gone" in page


def test_a_recording_is_found_again_by_its_content(tmp_path: Path) -> None:
    made_up(tmp_path / "old", {"/disk/a": [0.0]}, {"/disk/a": "same"})
    made_up(tmp_path / "new", {"/bucket/a": [0.5]}, {"/bucket/a": "same"})
    assert compare_archives(tmp_path / "old", tmp_path / "new").frames == 1
    made_up(tmp_path / "other", {"/disk/a": [0.0]}, {"/disk/a": "another"})
    with pytest.raises(ArchiveError, match="have no frame in common"):
        compare_archives(tmp_path / "old", tmp_path / "other")


def test_frames_are_extracted_with_first_masks(bags: Path, tmp_path: Path) -> None:
    (found,) = find_recordings([str(bags / "one")])
    identity = Identities(tmp_path).of(found)
    archive = tmp_path / "archive"
    made_up(archive, {found.url: [0.0, 0.9, 0.9]}, {found.url: identity})
    labels = EngineOptions(weights="voc", device="cpu", input_size=(32, 32))
    target = Target(tmp_path / "set")
    written, missing = extract_frames(
        archive, "coverage.person > 0.5 AND frame > 1", target, labels
    )
    assert (written, missing) == (1, [])
    name = f"{identity[:12]}_front_image_raw_000002.png"
    assert [path.name for path in (tmp_path / "set/images").iterdir()] == [name]
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "set/images" / name)), pixels(2))
    assert (tmp_path / "set/masks" / name).is_file()
    assert (tmp_path / "set/classes.yaml").is_file()
    with pytest.raises(ArchiveError, match=r"no frame in .* ask for less"):
        extract_frames(archive, "coverage.person > 1", target, labels)
    # Its rows are of another content now.
    (bags / "one/metadata.yaml").write_text((bags / "one/metadata.yaml").read_text() + "\n")
    _, (reason,) = extract_frames(archive, "frame = 0", target, labels)
    assert "has changed since its rows were made" in reason
