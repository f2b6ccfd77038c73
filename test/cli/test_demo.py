# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The demo for real: three processes over DDS, and what it does when one of them fails."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import cv2
import pytest

FILES = ["overlay.mp4", "contact_sheet.png", "coverage.csv", "coverage.png", "summary.json"]
# A small network input, so that the test is about the processes.
SMALL = ("--input-width", "96", "--input-height", "64", "--weights", "random")
LIMIT_S = 240


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the process ids of the direct children."""
    listing = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(child) for child in listing.split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_for_log(demo: subprocess.Popen[str], log: Path, text: str) -> None:
    """Wait until a log of the demo has a text."""
    deadline_s = time.monotonic() + LIMIT_S
    while not (log.exists() and text in log.read_text()):
        assert demo.poll() is None, demo.communicate()
        assert time.monotonic() < deadline_s, f"no {text!r} in {log}"
        time.sleep(0.05)


def test_demo_on_a_video(lwrf: Any, video: Path, tmp_path: Path) -> None:
    output = tmp_path / "demo_output"
    options = (*SMALL, "--max-frames", "20", "--class-groups", "ade31_navigation")
    demo = lwrf("demo", "--input", video, "--output", output, *options)
    table, progress = demo.communicate(timeout=LIMIT_S)
    assert demo.returncode == 0, table + progress
    for name in FILES:
        assert (output / name).stat().st_size > 0, name
        assert str(output / name) in table
    report = json.loads((output / "report.json").read_text())
    summary = json.loads((output / "summary.json").read_text())
    # Reliable from end to end: every frame arrives and is accounted for.
    assert report["published"] == report["received"] == 20
    assert report["processed"] + sum(report["dropped"].values()) == 20
    assert report["labels"] == report["processed"] > 0
    assert summary["messages"] == dict.fromkeys(["labels", "overlay", "coverage"], report["labels"])
    assert (summary["labels"]["width"], summary["labels"]["height"]) == (64, 48)
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p99"] < 60_000
    with (output / "coverage.csv").open(newline="") as file:
        names, *rows = csv.reader(file)
    assert names[1:] == ["traversable", "obstacle", "person", "unknown", "unlabelled"]
    assert len(rows) == report["labels"]
    for row in rows:
        assert sum(map(float, row[1:])) == pytest.approx(1.0, abs=1e-6)
    capture = cv2.VideoCapture(str(output / "overlay.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == report["labels"]
    assert_table(table, report)
    assert "RANDOM WEIGHTS: the labels mean nothing" in progress
    assert summary["note"] == "RANDOM WEIGHTS: the labels mean nothing"
    assert "20/20" in progress, "no progress bar"


def assert_table(table: str, report: dict[str, Any]) -> None:
    assert re.search(r"frames published +20\n", table)
    assert re.search(r"received by the node +20\n", table)
    assert re.search(rf"labels out +{report['labels']}\n", table)
    assert re.search(rf"dropped +{sum(report['dropped'].values())}\b", table)
    assert re.search(r"camera stamp to labels +p50 \d+ ms, p99 \d+ ms\n", table)
    assert "RANDOM WEIGHTS" in table


def test_a_compressed_bag_with_the_bundled_weights_at_their_own_size(
    lwrf: Any, compressed_bag: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    play = ("--input", compressed_bag, "--bag-topic", "/right/compressed")
    demo = lwrf("demo", *play, "--output", output)
    table, progress = demo.communicate(timeout=LIMIT_S)
    assert demo.returncode == 0, table + progress
    report = json.loads((output / "report.json").read_text())
    assert report["published"] == report["received"] == 3
    assert report["labels"] >= 1
    assert not report["latency_ms"]["implausible"]
    assert "RANDOM WEIGHTS" not in table + progress
    assert json.loads((output / "summary.json").read_text())["note"] is None
    log = (output / "node.log").read_text()
    assert "mobilenet_v2-light_weight-ade31.safetensors (sha256 " in log
    assert "input 512x384" in log


def test_demo_without_weights_lists_what_there_is(lwrf: Any, video: Path, tmp_path: Path) -> None:
    options = ("--output", tmp_path / "out", "--backbone", "resnet50")
    _, error = lwrf("demo", "--input", video, *options).communicate(timeout=LIMIT_S)
    # Before anything is started.
    assert "the node could not be configured" not in error
    assert not (tmp_path / "out").exists()
    assert "no weights come with lwrf_ros for backbone resnet50" in error
    assert "mobilenet_v2-light_weight-camvid" in error
    assert "RANDOM WEIGHTS" not in error


def test_missing_input_is_told_before_anything_starts(lwrf: Any, tmp_path: Path) -> None:
    demo = lwrf("demo", "--input", tmp_path / "nothing.avi", "--output", tmp_path / "out")
    _, error = demo.communicate(timeout=60)
    assert demo.returncode == 2
    assert "there is no" in error
    assert not (tmp_path / "out").exists()


def test_node_that_cannot_be_configured(lwrf: Any, video: Path, tmp_path: Path) -> None:
    weights = tmp_path / "none.safetensors"
    demo = lwrf("demo", "--input", video, "--output", tmp_path / "out", "--weights", weights)
    _, error = demo.communicate(timeout=LIMIT_S)
    assert demo.returncode == 2
    assert "the node could not be configured" in error
    assert str(weights) in error


def test_node_that_dies_ends_the_demo(lwrf: Any, video: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    demo = lwrf("demo", "--input", video, "--output", output, *SMALL, "--rate", "0.05")
    wait_for_log(demo, output / "record.log", "connected to")
    children = children_of(demo)
    (node,) = [pid for pid in children if "lwrf_ros.node" in command_of(pid)]
    os.kill(node, signal.SIGKILL)
    _, error = demo.communicate(timeout=60)
    assert demo.returncode == 2
    assert "the node ended with code -9; the end of" in error
    assert "input 96x64" in error, "the log is not shown"
    assert not any(map(is_alive, children))


def test_interruption_leaves_no_process(lwrf: Any, video: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    demo = lwrf("demo", "--input", video, "--output", output, *SMALL, "--rate", "0.05")
    wait_for_log(demo, output / "record.log", "connected to")
    children = children_of(demo)
    assert len(children) >= 2
    # SIGINT is handled alike, see test_interruption.py.
    demo.send_signal(signal.SIGTERM)
    _, error = demo.communicate(timeout=60)
    assert demo.returncode == 143, error
    assert not any(map(is_alive, children))
    assert "sending SIG" not in error, "a child did not end by SIGINT"


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
