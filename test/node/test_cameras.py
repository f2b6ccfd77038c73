# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Cameras over DDS: several at once, compressed ones, bad frames, lazy outputs, real recordings."""

from __future__ import annotations

import time
from array import array
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from harness import Peer, StartNode, account_adds_up, image, recorded_images, stamp_ns
from sensor_msgs.msg import CompressedImage, Image

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.weights.bundled import DEFAULT_CLASSES


def flat(value: int, height: int = 40, width: int = 56, **rest: Any) -> Image:
    return image(np.full((height, width, 3), value, np.uint8), **rest)


def jpeg(pixels: np.ndarray, **rest: Any) -> CompressedImage:
    raw = image(np.zeros((1, 1, 3), np.uint8), **rest)
    encoded = cv2.imencode(".jpg", pixels)[1]
    return CompressedImage(header=raw.header, format="jpeg", data=array("B", encoded.tobytes()))


def test_several_cameras_of_unequal_sizes(start_node: StartNode, peer: Peer) -> None:
    start_node(
        image_topics="[/front/image_raw, /left/image_raw, /rear/image_raw/compressed]",
        camera_names="[front, left, rear]",
        image_qos="auto",
    )
    peer.wait_for_state("active")
    sizes = {"front": (40, 56), "left": (33, 47), "rear": (64, 36)}
    labels = {name: peer.collect(f"/segmenter/{name}/labels", Image) for name in sizes}
    coverage = peer.collect("/segmenter/left/coverage", DiagnosticArray)
    cameras = {
        "front": peer.publisher("/front/image_raw"),
        "left": peer.publisher("/left/image_raw", reliable=False),
        "rear": peer.publisher("/rear/image_raw/compressed", CompressedImage),
    }
    # The best-effort camera's frames may be lost until both sides know each other; the others
    # are listened to reliably once they are known.
    for name, reliability in (("front", "reliable"), ("rear", "reliable"), ("left", "best_effort")):
        peer.spin_until(
            lambda: (
                (a := peer.account(name))["reliability"] == reliability  # noqa: B023
                and a["publishers"] == "1"
            ),
            f"{name} to be {reliability}",
        )
    rounds = 5
    for index in range(rounds):
        for name, camera in cameras.items():
            height, width = sizes[name]
            stamp = {"stamp_ns": 7 + index, "frame_id": name}
            if name == "rear":
                camera.publish(jpeg(np.full((height, width, 3), 9, np.uint8), **stamp))
            else:
                camera.publish(flat(index, height, width, **stamp))
        peer.spin_until(
            lambda: all(len(got) > index for got in labels.values()),  # noqa: B023
            f"round {index}",
        )
    for name, messages in labels.items():
        assert [stamp_ns(m) for m in messages] == [7, 8, 9, 10, 11]
        assert {(m.height, m.width) for m in messages} == {sizes[name]}
        assert {m.header.frame_id for m in messages} == {name}
    assert {m.status[0].name for m in coverage} == {"left"}
    for name in sizes:
        account = peer.account(name)
        assert (account["received"], account["processed"]) == ("5", "5")
        assert account_adds_up(account)


def test_bad_frames_are_counted_by_reason_and_the_next_good_one_works(
    start_node: StartNode, peer: Peer
) -> None:
    node = start_node()
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/image")
    bad = {name: flat(1) for name in ("encoding", "step", "data", "empty")}
    bad["encoding"].encoding = "h264"
    bad["step"].step -= 1
    bad["data"].data = bad["data"].data[:-1]
    bad["empty"].width = 0
    for index, message in enumerate(bad.values()):
        camera.publish(message)
        peer.spin_until(
            lambda: int(peer.account("/image")["refused"]) == index + 1,  # noqa: B023
            "the refusal",
        )
    camera.publish(bad["step"])
    peer.spin_until(lambda: peer.account("/image")["refused"] == "5", "the fifth refusal")
    camera.publish(flat(1, stamp_ns=42))
    peer.spin_until(lambda: labels, "labels of the good frame")
    assert [stamp_ns(message) for message in labels] == [42]
    account = peer.account("/image")
    expected = {"encoding": "1", "step": "2", "data": "1", "empty": "1"}
    assert {reason: account[f"refused.{reason}"] for reason in expected} == expected
    assert account_adds_up(account)
    assert node.output.count("(step): step is 167 bytes; a row of 56 rgb8 pixels has 168") == 1


def test_a_truncated_jpeg_is_refused(start_node: StartNode, peer: Peer) -> None:
    start_node(image_topics="[/cam/compressed]")
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/cam/compressed", CompressedImage)
    whole = jpeg(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    cut = CompressedImage(header=whole.header, format="jpeg", data=whole.data[:20])
    camera.publish(cut)
    peer.spin_until(
        lambda: peer.account("/cam/compressed").get("refused.decode") == "1", "the refusal"
    )
    camera.publish(whole)
    peer.spin_until(lambda: labels, "labels of the whole frame")
    assert (labels[0].height, labels[0].width) == (48, 64)


def test_a_topic_remapped_to_a_compressed_one(start_node: StartNode, peer: Peer) -> None:
    start_node("-r", "image:=/cam/compressed")
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/cam/compressed", CompressedImage)
    camera.publish(jpeg(np.zeros((48, 64, 3), np.uint8)))
    peer.spin_until(lambda: labels, "labels of the compressed frame")


def test_nothing_is_computed_that_nobody_subscribes_to(start_node: StartNode, peer: Peer) -> None:
    start_node()
    peer.wait_for_state("active")
    camera = peer.publisher("/image")
    camera.publish(flat(1))
    peer.spin_until(lambda: peer.account("/image")["unwatched"] == "1", "the unwatched frame")
    overlays = peer.collect("/segmenter/overlay/compressed", CompressedImage)
    camera.publish(flat(1))
    peer.spin_until(lambda: overlays, "the overlay")
    account = peer.account("/image")
    published = {key for key in account if key.startswith("published.")}
    assert published == {"published.overlay/compressed"}
    drawn = cv2.imdecode(np.frombuffer(overlays[0].data, np.uint8), cv2.IMREAD_COLOR)
    assert drawn.shape == (40, 56, 3)


def test_an_alert_is_a_subscriber_of_coverage(start_node: StartNode, peer: Peer) -> None:
    names = ClassTable.load(DEFAULT_CLASSES).names
    alerts = "[" + ", ".join(f"'{name}>0'" for name in names) + "]"
    start_node(coverage_alerts=alerts)
    peer.wait_for_state("active")
    camera = peer.publisher("/image")
    camera.publish(flat(1))
    peer.spin_until(lambda: peer.account("/image")["processed"] == "1", "the frame")
    coverage = peer.collect("/segmenter/coverage", DiagnosticArray)
    camera.publish(flat(1))
    peer.spin_until(lambda: coverage, "coverage")
    status = coverage[0].status[0]
    assert status.level == DiagnosticStatus.WARN
    largest = max(status.values, key=lambda entry: float(entry.value))
    assert f"{largest.key} {float(largest.value):.1%} > 0.0%" in status.message
    assert status.message == peer.account("/image")["alerts"]
    # Taken off while running: the next frame is nobody's again but the subscriber's.
    assert peer.set_parameters(coverage_alerts=[]) == (True, "")
    camera.publish(flat(1))
    peer.spin_until(lambda: len(coverage) == 2, "coverage without alerts")
    assert coverage[1].status[0].level == DiagnosticStatus.OK
    assert peer.account("/image")["alerts"] == ""


def test_confidence_and_min_confidence(start_node: StartNode, peer: Peer) -> None:
    start_node()
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    confidence = peer.collect("/segmenter/confidence", Image)
    coverage = peer.collect("/segmenter/coverage", DiagnosticArray)
    camera = peer.publisher("/image")
    noise = np.random.default_rng(1).integers(0, 256, (40, 56, 3), np.uint8)
    camera.publish(image(noise))
    peer.spin_until(lambda: labels and confidence and coverage, "the first frame")
    probabilities = np.frombuffer(confidence[0].data, np.uint8)
    assert (confidence[0].encoding, confidence[0].step) == ("mono8", 56)
    # The most probable of 11 classes has at least a probability of 1/11, 23 of 255.
    assert probabilities.min() >= 23
    threshold = float(np.median(probabilities)) / 255
    assert peer.set_parameters(min_confidence=threshold) == (True, "")
    camera.publish(image(noise))
    peer.spin_until(lambda: len(labels) == 2 == len(coverage), "the second frame")
    before, after = (np.frombuffer(message.data, np.uint8) for message in labels)
    kept = after != 255
    assert 0.2 < kept.mean() < 0.8
    np.testing.assert_array_equal(after[kept], before[kept])
    assert probabilities[kept].min() >= probabilities[~kept].max()
    unlabelled = coverage[1].status[0].values[-1]
    assert unlabelled.key == "unlabelled"
    assert float(unlabelled.value) == pytest.approx(1 - kept.mean(), abs=1e-6)


def test_the_newest_frame_wins(start_node: StartNode, peer: Peer) -> None:
    # Large enough that several frames arrive while one is under way.
    start_node(input_width="640", input_height="480")
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/image")
    count = 40
    for index in range(count):
        camera.publish(flat(index, stamp_ns=index + 1))
        peer.spin_for(0.005)
    # The last frame replaces whatever waits, in the slot and in the middleware. On a busy machine
    # the latter replaces others too, which the node then never receives.
    peer.spin_until(lambda: bool(labels) and stamp_ns(labels[-1]) == count, "the last frame")
    peer.spin_until(
        lambda: (
            int((a := peer.account("/image"))["processed"]) == len(labels) and a["waiting"] == "0"
        ),
        "the account of the last frame",
    )
    account = peer.account("/image")
    assert int(account["superseded"]) > 0
    received = int(account["received"])
    assert int(account["processed"]) + int(account["superseded"]) == received <= count
    assert account_adds_up(account)
    stamps = [stamp_ns(message) for message in labels]
    assert stamps == sorted(stamps)


def test_max_rate_throttles(start_node: StartNode, peer: Peer) -> None:
    start_node(max_rate="5")
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/image")
    begun_s = time.monotonic()
    for _ in range(20):
        camera.publish(flat(1))
        peer.spin_for(0.05)
    peer.spin_until(
        lambda: len(labels) == int(peer.account("/image")["processed"]) > 2, "the labels"
    )
    # A second on a quick machine, at 5 Hz, one frame at the begin and one that came late.
    most = 2 + 5 * (time.monotonic() - begun_s)
    account = peer.account("/image")
    assert 3 <= int(account["processed"]) <= most
    # A busy machine may lose some in the middleware.
    assert int(account["throttled"]) >= int(account["received"]) - most
    assert account_adds_up(account)


def test_qos_overrides_by_parameter_win(start_node: StartNode, peer: Peer) -> None:
    start_node(
        "-p",
        "qos_overrides./image.subscription.depth:=3",
        "-p",
        "qos_overrides./image.subscription.reliability:=reliable",
        image_qos="best_effort",
    )
    peer.wait_for_state("active")
    assert peer.account("/image")["reliability"] == "reliable"


@pytest.mark.parametrize(
    ("bag", "topic", "size"),
    [
        ("camvid_drive_mcap", "/camera/image_raw/compressed", (360, 480)),
        ("soccer_goal_ros2_db3", "/camera/image_raw", (480, 640)),
    ],
)
def test_a_real_recording(
    start_node: StartNode,
    peer: Peer,
    shared: Path,
    bag: str,
    topic: str,
    size: tuple[int, int],
) -> None:
    start_node(image_topics=f"[{topic}]")
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    coverage = peer.collect("/segmenter/coverage", DiagnosticArray)
    images = recorded_images(shared / "bags" / bag)
    recorded = [message for name, message in images if name == topic][:20]
    assert recorded
    camera = peer.publisher(topic, type(recorded[0]))
    for index, message in enumerate(recorded):
        camera.publish(message)
        peer.spin_until(lambda: len(coverage) > index, f"frame {index}")  # noqa: B023
    peer.spin_until(lambda: len(labels) == len(recorded), "all labels")
    for sent, got, covered in zip(recorded, labels, coverage, strict=True):
        assert got.header == sent.header == covered.header
        assert (got.height, got.width, got.step, got.encoding) == (*size, size[1], "mono8")
        histogram = np.bincount(np.frombuffer(got.data, np.uint8), minlength=256)
        fractions = [float(entry.value) for entry in covered.status[0].values]
        assert len(fractions) == len(ClassTable.load(DEFAULT_CLASSES)) + 1
        np.testing.assert_allclose(
            fractions[:-1], histogram[: len(fractions) - 1] / histogram.sum(), atol=1e-8
        )
        assert fractions[-1] == 0


def test_every_encoding_of_a_real_recording(
    start_node: StartNode, peer: Peer, shared: Path
) -> None:
    recorded = recorded_images(shared / "bags" / "odd_encodings_ros2_db3")
    raw = [(topic, message) for topic, message in recorded if isinstance(message, Image)]
    refused = {
        "/enc/32fc1": "encoding",
        "/enc/unknown_encoding": "encoding",
        "/enc/empty_data": "empty",
        "/enc/rgb8_short_data": "data",
    }
    start_node(image_topics="[/enc]")
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    camera = peer.publisher("/enc")
    bad = 0
    for topic, message in raw:
        camera.publish(message)
        if topic in refused:
            # The node's queue keeps one message: the next waits until this one was looked at.
            bad += 1
            peer.spin_until(lambda: peer.account("/enc")["refused"] == str(bad), topic)  # noqa: B023
        else:
            got = len(labels)
            peer.spin_until(lambda: len(labels) == got + 1, f"{topic}")  # noqa: B023
    account = peer.account("/enc")
    assert account["received"] == "24"
    assert [account[f"refused.{reason}"] for reason in ("encoding", "empty", "data")] == [*"211"]
    assert len(raw) == 24
    assert len(labels) == 24 - len(refused)
    assert {(message.height, message.width) for message in labels} == {(240, 320)}
    assert account_adds_up(account)
