# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is played arrives as recorded, at its pace; what is received becomes sound files."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sample_picture import picture

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.drawing.legend import share_texts
from lwrf_ros.recordings import open_frames

NOTE = "RANDOM WEIGHTS: the labels mean nothing"
WAIT = ("--wait-for-subscribers", "60")


def finish(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    """Wait for a process and return what it said."""
    output, error = process.communicate(timeout=90)
    assert process.returncode == code, f"{process.args}: {output}\n{error}"
    return output, error


def received(listener: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """Return the messages that a listener printed at its end."""
    return list(json.loads(finish(listener)[0]))


@pytest.mark.parametrize("qos", ["reliable", "best_effort"])
def test_raw_bag_arrives_byte_for_byte_at_its_pace(
    lwrf: Any, image_listener: Any, raw_bag: Path, qos: str
) -> None:
    listener = image_listener("/camera/image_raw", 5, qos)
    output, error = finish(lwrf("play", raw_bag, *WAIT, "--qos", qos, "--rate", "0.5"))
    messages = received(listener)
    assert output.startswith("published 5 frames on /camera/image_raw in ")
    assert "5/5" in error, "no progress bar"
    assert len(messages) == 5
    times_ns = [message.pop("time_ns") for message in messages]
    # 20 Hz at half the speed. A busy machine makes single frames late, and never one early.
    assert float(output.split(" in ")[1].split(" s")[0]) >= 0.4
    assert min((times_ns[k] - times_ns[0]) / k for k in range(1, 5)) < 160e6
    for number, message in enumerate(messages):
        expected = ((np.arange(32) + number) % 256).astype(np.uint8)
        assert message == {
            "encoding": "mono16",
            "width": 6,
            "height": 2,
            "step": 16,
            "is_bigendian": 1,
            "frame_id": "front",
            "stamp_ns": 100_000_000_000 + number * 50_000_000,
            "data": expected.tobytes().hex(),
        }


def test_compressed_bag_arrives_byte_for_byte(
    lwrf: Any, image_listener: Any, compressed_bag: Path
) -> None:
    topic = "/camera/image_raw/compressed"
    listener = image_listener(topic, 3, "reliable")
    play = ("play", compressed_bag, "--bag-topic", "/left/compressed", "--topic", topic)
    finish(lwrf(*play, *WAIT))
    messages = received(listener)
    assert [message["format"] for message in messages] == ["jpeg of left"] * 3
    assert [message["stamp_ns"] for message in messages] == [
        5_000_000_000,
        5_100_000_000,
        5_200_000_000,
    ]
    for number, message in enumerate(messages):
        assert message["data"] == cv2.imencode(".jpg", picture(number))[1].tobytes().hex()


def test_video_is_played_with_stamps_of_now(lwrf: Any, image_listener: Any, video: Path) -> None:
    listener = image_listener("/camera/image_raw", 4, "reliable")
    output, _ = finish(lwrf("play", video, *WAIT, "--max-frames", "4"))
    messages = received(listener)
    assert output.startswith("published 4 frames ")
    with open_frames(video) as source:
        for message, frame in zip(messages, source, strict=False):
            assert message["data"] == bytes(frame.image.data).hex()
            assert (message["encoding"], message["step"]) == ("bgr8", 192)
            # From the stamp to the listener, by the same clock.
            assert 0 <= message["time_ns"] - message["stamp_ns"] < 60_000_000_000


def test_folder_on_a_compressed_topic_becomes_jpeg(
    lwrf: Any, image_listener: Any, image_folder: Path
) -> None:
    topic = "/camera/image_raw/compressed"
    listener = image_listener(topic, 3, "reliable")
    finish(lwrf("play", image_folder, "--topic", topic, *WAIT, "--stamp", "recorded"))
    messages = received(listener)
    assert [message["stamp_ns"] for message in messages] == [0, 100_000_000, 200_000_000]
    for number, message in enumerate(messages):
        assert message["format"] == "jpeg"
        data = np.frombuffer(bytes.fromhex(message["data"]), np.uint8)
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
        np.testing.assert_allclose(decoded.astype(int), picture(number).astype(int), atol=12)


def test_real_drive_arrives_whole(lwrf: Any, image_listener: Any, shared_bags: Path) -> None:
    topic = "/camera/image_raw/compressed"
    bag = shared_bags / "camvid_drive_mcap"
    listener = image_listener(topic, 30, "reliable")
    play = ("play", bag, "--bag-topic", topic, "--topic", topic, "--rate", "4")
    finish(lwrf(*play, *WAIT, "--max-frames", "30"))
    messages = received(listener)
    assert len(messages) == 30
    with open_frames(bag, topic) as source:
        for message, frame in zip(messages, source, strict=False):
            assert message["stamp_ns"] == frame.stamp_ns
            assert message["data"] == bytes(frame.image.data).hex()


@pytest.mark.parametrize(
    ("bag", "topic", "way_out"),
    [
        ("raw_bag", "/a/compressed", "give --topic /a\n"),
        ("compressed_bag", "/a", "give --topic /a/compressed\n"),
    ],
)
def test_bag_and_topic_of_different_kinds(
    lwrf: Any, request: pytest.FixtureRequest, bag: str, topic: str, way_out: str
) -> None:
    path = request.getfixturevalue(bag)
    more = ("--bag-topic", "/left/compressed") if bag == "compressed_bag" else ()
    _, error = finish(lwrf("play", path, "--topic", topic, *more), code=2)
    assert error.startswith("lwrf play: error: ")
    assert error.endswith(way_out)


def test_no_subscriber_in_time(lwrf: Any, video: Path) -> None:
    _, error = finish(lwrf("play", video, "--wait-for-subscribers", "0.5"), code=2)
    assert "no subscriber of /camera/image_raw came within 0.5 s; start the node" in error


@pytest.fixture
def recording(lwrf: Any, fake_segmenter: Any, tmp_path: Path) -> Path:
    """A finished recording of 30 frames of 161x121, with a note."""
    output = tmp_path / "deep" / "output"
    recorder = lwrf(
        "record", "-o", output, "--idle-timeout", "2", "--note", NOTE, "--classes", "camvid"
    )
    finish(fake_segmenter(30, 40, 161, 121))
    finish(recorder)
    return output


def test_recording(recording: Path) -> None:
    names = ["contact_sheet.png", "coverage.csv", "coverage.png", "overlay.mp4", "summary.json"]
    assert sorted(path.name for path in recording.iterdir()) == names
    summary = json.loads((recording / "summary.json").read_text())
    check_summary(summary)
    check_table(recording / "coverage.csv", summary)
    check_video(recording / "overlay.mp4")
    sheet = cv2.imread(str(recording / "contact_sheet.png"))
    plot = cv2.imread(str(recording / "coverage.png"))
    assert has_banner(sheet)
    assert has_banner(plot)
    # Every class that there is something of is in the legends in its own colour.
    table = ClassTable.load("camvid")
    shown = share_texts(summary["mean_coverage"])
    assert shown
    for name, colour in zip(table.names, table.colours, strict=True):
        for picture_of_it in (sheet, plot):
            is_there = (picture_of_it == colour[::-1]).all(axis=-1).any()
            assert is_there or name not in shown, name


def check_summary(summary: dict[str, Any]) -> None:
    assert summary["messages"] == {"labels": 30, "overlay": 30, "coverage": 30}
    assert summary["ended_by"] == "idle for 2 s"
    assert summary["note"] == NOTE
    assert summary["overlay_rate_hz"] == 10.0
    assert summary["refused"] == {}
    assert summary["labels"]["frame_id"] == "fake_optical_frame"
    assert summary["last_stamp_ns"] - summary["first_stamp_ns"] == 2_900_000_000
    latency = summary["latency_ms"]
    # The first stamp is 10 s old, and each frame sent 25 ms later is 75 ms younger.
    assert latency["count"] == 30
    assert not latency["implausible"]
    assert 10_000 <= latency["max"] < 10_500
    assert 10_000 - 14.5 * 75 <= latency["p50"] < 10_500
    assert latency["p50"] < latency["p99"] <= latency["max"]
    assert sum(summary["mean_coverage"].values()) == pytest.approx(1.0, abs=1e-5)
    assert summary["mean_coverage"]["unlabelled"] == pytest.approx(12 / 121, abs=1e-6)


def check_table(path: Path, summary: dict[str, Any]) -> None:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["stamp", *ClassTable.load("camvid").names, "unlabelled"]
    assert len(rows) == 30
    first_ns = summary["first_stamp_ns"]
    for number, (stamp, *values) in enumerate(rows):
        seconds, nanoseconds = stamp.split(".")
        assert int(seconds + nanoseconds) == first_ns + number * 100_000_000
        assert sum(map(float, values)) == pytest.approx(1.0, abs=1e-6)


def check_video(path: Path) -> None:
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10.0)
    frames = 0
    while True:
        read, frame = capture.read()
        if not read:
            break
        frames += 1
        # The codec has no odd sizes.
        assert frame.shape == (120, 160, 3)
        assert has_banner(frame), f"frame {frames}"
    assert frames == 30


def has_banner(picture_bgr: np.ndarray) -> bool:
    """Return True if a row in the upper part is mostly the banner's red."""
    upper = picture_bgr[: max(12, picture_bgr.shape[0] // 8)].astype(int)
    red = (upper[..., 2] > 140) & (upper[..., 1] < 60) & (upper[..., 0] < 90)
    return bool((red.mean(axis=1) > 0.6).any())


def test_recording_without_a_note_has_no_banner(
    lwrf: Any, fake_segmenter: Any, tmp_path: Path
) -> None:
    recorder = lwrf("record", "-o", tmp_path, "--frames", "5")
    finish(fake_segmenter(8, 40, 160, 120))
    finish(recorder)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["ended_by"] == "5 frames"
    assert summary["messages"] == {"labels": 5, "overlay": 5, "coverage": 5}
    assert summary["note"] is None
    for name in ("contact_sheet.png", "coverage.png"):
        assert not has_banner(cv2.imread(str(tmp_path / name))), name


def test_a_signal_finishes_the_files(lwrf: Any, fake_segmenter: Any, tmp_path: Path) -> None:
    recorder = lwrf("record", "--node", "robot/segmenter", "--camera", "rear", "-o", tmp_path)
    finish(fake_segmenter(6, 40, 160, 120, "/robot/segmenter/rear"))
    table = tmp_path / "coverage.csv"
    # The table is written while the messages come, not at the end.
    deadline_s = time.monotonic() + 20
    while len(table.read_text().splitlines()) < 7 and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert len(table.read_text().splitlines()) == 7
    recorder.send_signal(signal.SIGTERM)
    finish(recorder)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["ended_by"] == "SIGTERM"
    assert summary["messages"] == {"labels": 6, "overlay": 6, "coverage": 6}
    assert (tmp_path / "overlay.mp4").is_file()


def test_recording_of_nothing_replaces_what_was_there(lwrf: Any, tmp_path: Path) -> None:
    (tmp_path / "overlay.mp4").write_text("of yesterday")
    recorder = lwrf("record", "-o", tmp_path)
    # It subscribes after it has opened its files.
    deadline_s = time.monotonic() + 20
    while not (tmp_path / "coverage.csv").exists() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    recorder.send_signal(signal.SIGINT)
    finish(recorder)
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["ended_by"] == "SIGINT"
    assert set(summary["files"].values()) == {None}
    assert summary["latency_ms"]["count"] == 0


def test_unknown_classes_and_unusable_folder(lwrf: Any, tmp_path: Path) -> None:
    _, error = finish(lwrf("record", "-o", tmp_path, "--classes", "mars"), code=2)
    assert "no class table 'mars'" in error
    (tmp_path / "file").write_text("")
    _, error = finish(lwrf("record", "-o", tmp_path / "file"), code=2)
    assert f"cannot write into {tmp_path / 'file'}" in error
