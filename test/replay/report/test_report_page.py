# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The page as a file: everything is in it, its figures are right, it stays small."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from small_run import COLOURS, camera, picture, write_run

from lwrf_ros.cli import main as cli
from lwrf_ros.replay.report import content, write
from lwrf_ros.replay.report.write import write_report

FRAMES = [[0.5, 0.25, 0.25], "truncated", [0.25, 0.5, 0.25], [0.25, 0.5, 0.0], "empty", "empty"]


class Page(HTMLParser):
    """Takes a page apart.

    Attributes:
        data: What its script shows.
        loaded: Addresses that its elements name.
        title: Its title.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.title = self._json = ""
        self._inside: tuple[str, str | None] = ("", None)
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        self.data: dict[str, Any] = json.loads(self._json)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self._inside = (tag, named.get("id"))
        self.loaded += [value for key in ("src", "href") if (value := named.get(key))]

    def handle_data(self, data: str) -> None:
        if self._inside == ("script", "data"):
            self._json += data
        elif self._inside[0] == "title":
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ("", None)


def page_of(folder: Path, path: Path | None = None) -> Page:
    path = path or folder / "report.html"
    write_report(folder, path)
    return Page(path)


def test_the_figures_of_a_run(tmp_path: Path) -> None:
    faults = Counter({"stamp_backwards": 2})
    page = page_of(write_run(tmp_path / "out", FRAMES, faults=faults))
    assert page.title == "corridor.bag - lwrf report"
    assert page.loaded == ["data:,"]
    data = page.data
    assert (data["complete"], data["wall_s"], data["faults"]) == (True, 1.5, {"stamp_backwards": 2})
    assert [one["name"] for one in data["classes"]] == ["road", "car", "tree", "unlabelled"]
    assert [one["colour"] for one in data["classes"]][:3] == COLOURS
    assert data["settings"]["weights_sha256"] == "97d18"
    assert data["versions"] == {"lwrf_ros": "0.1.0", "torch": "2.13.0"}
    (one,) = data["cameras"]
    assert (one["read"], one["processed"]) == (6, 3)
    assert one["refused_by_reason"] == {"empty": 2, "truncated": 1}
    assert one["refused"] == {
        "time": [0.1, 0.4, 0.5],
        "number": [1, 4, 5],
        "reason": ["truncated", "empty", "empty"],
        "total": 3,
    }
    assert one["series"] == {
        "time": [0.0, 0.2, 0.3],
        "values": [[50, 25, 25], [25, 50, 50], [25, 25, 0], [0, 0, 25]],
        "each": 1,
    }
    assert one["mean"] == [33.333, 41.667, 16.667, 8.333]
    assert one["frames"]["number"] == [0, 2, 3]
    assert one["frames"]["stamp"][1] == "1700000000323456789"
    assert one["frames"]["engine_ms"] == [10, 12, 13]
    assert one["frames"]["coverage"][2] == [25, 50, 0, 25]
    assert [frame for frame, _ in one["worst"]["frames"]] == [1]
    assert len(one["pictures"]) == 3
    assert base64.b64decode(one["pictures"][0])[8:12] == b"WEBP"


def test_latency_of_a_run_with_a_few_very_slow_frames(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", [[0.5, 0.25, 0.25]] * 200)
    table = folder / "frames.csv"
    # 10 ms and more by one each; the last one took a minute.
    table.write_text(table.read_text().replace(",209.000\n", ",60000.000\n"))
    latency = page_of(folder).data["cameras"][0]["latency"]
    assert sum(latency["counts"]) == 200
    assert latency["edges"][0] == 10
    assert latency["edges"][-1] < 400
    assert latency["counts"][-1] == 1
    assert (latency["p50"], latency["max"]) == (109.5, 60000)
    # Between the 198th and the 199th value of 200: 207 and 208.
    assert latency["p99"] == pytest.approx(207.01)


def test_text_of_any_kind_stays_text(tmp_path: Path) -> None:
    names = ["</script><b>", "{{ content }}", "é😀'\"&"]
    path = tmp_path / "out"
    folder = write_run(path, [], class_names=names, input="a<b>&.bag")
    page = page_of(folder)
    assert [one["name"] for one in page.data["classes"]] == [*names, "unlabelled"]
    assert page.title == "a<b>&.bag - lwrf report"


def test_a_run_without_labels_has_a_page(tmp_path: Path) -> None:
    for frames in ([], ["empty"]):
        (one,) = page_of(write_run(tmp_path / f"out{len(frames)}", frames)).data["cameras"]
        assert (one["read"], one["processed"]) == (len(frames), 0)
        assert one["latency"] is None
        assert one["pictures"] == one["series"]["time"] == one["worst"]["frames"] == []


def test_a_long_run_shows_every_so_many_th_frame_and_the_worst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "MOST_PICTURES", 20)
    monkeypatch.setattr(content, "_MOST_VALUES", 40)
    frames = [[0.5, 0.25, 0.25]] * 41
    frames[20:] = [[0.25, 0.5, 0.25]] * 21
    (one,) = page_of(write_run(tmp_path / "out", frames)).data["cameras"]
    # Every third, and the one at which something changed.
    shown = [*range(0, 20, 3), 20, *range(21, 41, 3)]
    assert one["frames"]["number"] == shown
    assert one["worst"]["frames"][0][0] == shown.index(20)
    # Means of five frames: of the last point there is one.
    assert one["series"]["each"] == 5
    assert one["series"]["values"][0] == [50, 50, 50, 50, 25, 25, 25, 25, 25]
    assert one["series"]["time"][:2] == [0.2, 0.7]
    assert one["series"]["time"][-1] == 4.0


def test_two_cameras_share_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "MOST_PICTURES", 20)
    frames = [[0.5, 0.25, 0.25]] * 20
    folder = write_run(tmp_path / "out", frames, [camera("left"), camera("right")])
    left, right = page_of(folder).data["cameras"]
    assert (left["label"], right["label"]) == ("left", "right")
    assert left["frames"]["number"] == right["frames"]["number"] == list(range(0, 20, 2))


def test_a_page_keeps_to_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Five megabytes are the plotting library.
    monkeypatch.setattr(write, "PAGE_BYTES", 5_200_000)
    pictures = [picture(number, 320, noise=True) for number in range(40)]
    folder = write_run(tmp_path / "out", [[0.5, 0.25, 0.25]] * 40, pictures=pictures)
    path = tmp_path / "new" / "page.html"
    page = page_of(folder, path)
    assert len(page.data["cameras"][0]["pictures"]) == 40
    assert 5_000_000 < path.stat().st_size <= 5_200_000
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_run(tmp_path / "out", FRAMES)
    assert cli.main(["report", str(folder)]) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(rf"{folder}/report\.html: 3 of 3 frames, \d\.\d MB\n", said)
    assert cli.main(["report", str(tmp_path)]) == 2
    assert "has no replay.json; give the output folder" in capsys.readouterr().err
    assert cli.main(["report", str(folder), "-o", str(folder)]) == 2
    assert "cannot write" in capsys.readouterr().err
