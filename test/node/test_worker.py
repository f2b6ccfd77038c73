# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The worker with the real engine: order, groups, lazy outputs, failures, and its end."""

from __future__ import annotations

import threading
from array import array
from typing import Any

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from harness import image, stamp_ns
from sensor_msgs.msg import CompressedImage
from staging import (
    CAMVID,
    PATIENCE_S,
    Batching,
    Overlapping,
    Play,
    Watched,
    picture,
    pixels,
)
from stand_ins import settings

from lwrf_ros.classes.regions import Region

EVERYTHING = (
    "labels",
    "labels/compressed",
    "confidence",
    "overlay",
    "overlay/compressed",
    "coverage",
    "coverage/vector",
)


class Unsound:
    """The engine's stages, whose network gives NaN for the upper left of every other frame."""

    def __init__(self, stages: Any) -> None:
        self._stages = stages
        self._frames = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stages, name)

    def forward(self, batch: Any) -> Any:
        logits = self._stages.forward(batch).clone()
        self._frames += 1
        if self._frames % 2 == 0:
            logits[:, 3, 0, 0] = float("nan")
        return logits


def test_frames_with_scores_that_are_no_numbers_are_counted_and_said(play: Play) -> None:
    stage = play()
    stage.segmenter._stages = Unsound(stage.segmenter._stages)
    stage.start()
    for number in range(5):
        stage.cameras["front"].receive(image(picture(number)))
        stage.wait()
    assert stage.account() == {"received": 5, "processed": 5, "not_finite": 2}
    assert [pixels(labels)[0, 0] == 255 for labels in stage.sent()] == [False, True] * 2 + [False]
    status = stage.cameras["front"].diagnose("segmenter")
    assert (status.level, status.message[:40]) == (
        DiagnosticStatus.WARN,
        "the network's scores for 2 frames are no",
    )
    assert stage.node.warnings == [f"front: {status.message}"]


def test_a_frame_becomes_messages_with_its_header(play: Play) -> None:
    stage = play(outputs=EVERYTHING)
    stage.start()
    frame = picture(1)
    message = image(frame, stamp_ns=1_500_000_000, frame_id="optical")
    stage.cameras["front"].receive(message)
    stage.wait()
    (expected,) = stage.segmenter.segment([frame], outputs=("labels", "confidence", "coverage"))
    (labels,) = stage.sent("labels")
    assert (pixels(labels)[:, :, 0] == expected.labels).all()
    assert (labels.encoding, labels.step) == ("mono8", 40)
    (png,) = stage.sent("labels/compressed")
    decoded = cv2.imdecode(np.frombuffer(png.data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (decoded == expected.labels).all()
    assert (decoded.ndim, png.format, png.header) == (2, "png", message.header)
    (confidence,) = stage.sent("confidence")
    assert (pixels(confidence)[:, :, 0] == expected.confidence).all()
    (coverage,) = stage.sent("coverage")
    assert coverage.status[0].name == "front"
    counts = np.bincount(expected.labels.flat, minlength=256) / expected.labels.size
    fractions = {entry.key: float(entry.value) for entry in coverage.status[0].values}
    np.testing.assert_allclose([fractions[n] for n in CAMVID.names], counts[:11], atol=1e-8)
    (vector,) = stage.sent("coverage/vector")
    np.testing.assert_allclose(vector.data, [*counts[:11], counts[255]], atol=1e-6)
    (overlay,) = stage.sent("overlay")
    blended = 0.5 * frame + 0.5 * CAMVID.colours[expected.labels]
    assert np.abs(pixels(overlay) - blended).max() <= 1
    (compressed,) = stage.sent("overlay/compressed")
    for sent in (labels, confidence, coverage, overlay, compressed):
        assert sent.header == message.header
    # The drawing comes last: a robot does not wait for it.
    assert stage.node.record[-2:] == ["~/front/overlay", "~/front/overlay/compressed"]
    assert stage.account() == {"received": 1, "processed": 1}
    assert not stage.reports


@pytest.mark.parametrize(
    ("wanted", "computed"),
    [
        (["labels"], {"labels", "coverage"}),
        (["labels/compressed"], {"labels", "coverage"}),
        (["confidence"], {"confidence", "coverage"}),
        (["coverage"], {"coverage"}),
        (["coverage/vector"], {"coverage"}),
        (["overlay"], {"labels", "coverage"}),
        (["overlay/compressed"], {"labels", "coverage"}),
        (["labels", "confidence"], {"labels", "confidence", "coverage"}),
    ],
)
def test_only_what_is_subscribed_to_is_computed_and_published(
    play: Play, wanted: list[str], computed: set[str]
) -> None:
    stage = play(outputs=wanted)
    stage.start()
    stage.cameras["front"].receive(image(picture(1)))
    stage.wait()
    assert [group[3] for group in stage.segmenter.groups] == [computed]
    assert sorted(stage.node.record) == sorted(f"~/front/{output}" for output in wanted)


def test_what_nobody_subscribes_to_is_not_computed(play: Play) -> None:
    stage = play(outputs=())
    stage.start()
    stage.cameras["front"].receive(image(picture(1)))
    stage.wait()
    assert stage.account() == {"received": 1, "unwatched": 1}
    assert stage.segmenter.groups == []
    stage.node.publishers["~/front/labels"].subscribers = 1
    stage.cameras["front"].receive(image(picture(1)))
    stage.wait()
    assert stage.account() == {"received": 2, "unwatched": 1, "processed": 1}


def test_a_drawing_that_fails_costs_no_frame(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such colour")

    monkeypatch.setattr("lwrf_ros.node.output.frame_messages.draw_overlay", broken)
    stage = play(outputs=EVERYTHING)
    stage.start()
    stage.cameras["front"].receive(image(picture(1)))
    stage.wait()
    assert len(stage.sent("labels")) == len(stage.sent("coverage")) == 1
    assert stage.sent("overlay") == []
    assert stage.account() == {"received": 1, "processed": 1}
    assert stage.reports == ["front: an overlay is left out: ValueError: no such colour"]


def test_an_alert_is_a_subscriber_of_coverage(play: Play) -> None:
    stage = play(outputs=(), coverage_alerts=("sky>0.5",))
    stage.start()
    stage.cameras["front"].receive(image(picture(1)))
    stage.wait()
    assert stage.account() == {"received": 1, "processed": 1}
    assert stage.node.record == ["~/front/coverage"]


LEFT = Region("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))


@pytest.mark.parametrize(
    ("outputs", "alerts", "computed"),
    [
        (("coverage",), (), {"coverage", "labels"}),
        ((), ("sky@left>0.5",), {"coverage", "labels"}),
        (("coverage/vector",), (), {"coverage"}),
        (("confidence",), (), {"coverage", "confidence"}),
    ],
)
def test_regions_ask_for_labels_where_coverage_is_wanted(
    play: Play, outputs: tuple[str, ...], alerts: tuple[str, ...], computed: set[str]
) -> None:
    stage = play(outputs=outputs, regions=[LEFT], coverage_alerts=alerts)
    stage.start()
    stage.cameras["front"].receive(image(picture(1)))
    stage.wait()
    assert [group[3] for group in stage.segmenter.groups] == [computed]
    assert stage.reports == []


def test_alerts_of_regions_are_each_cameras_own(play: Play) -> None:
    names = [name for name in CAMVID.names for _ in range(2)]
    alerts = tuple(f"{name}@left>0 hold={n}" for name, n in zip(names, (1, 2) * 11, strict=True))
    stage = play(Watched, "a", "b", outputs=("labels",), regions=[LEFT], coverage_alerts=alerts)
    stage.start()
    for name in ("a", "a", "b"):
        stage.cameras[name].receive(image(picture(1)))
        stage.wait()
    labels = pixels(stage.sent("labels", "a")[0])[:, :20, 0]
    there = sorted({CAMVID.names[index] for index in np.unique(labels)})
    first, second = stage.sent("coverage", "a")
    (only,) = stage.sent("coverage", "b")
    assert [status.name for status in first.status] == ["a", "a: left"]
    for message, times in ((first, 1), (second, 2), (only, 1)):
        raised = [
            words.partition(" in left ")[0] for words in message.status[1].message.split("; ")
        ]
        assert sorted(raised) == sorted(there * times)
        assert message.status[0].level == DiagnosticStatus.OK
        assert message.status[1].level == DiagnosticStatus.WARN
    for name, message in (("a", second), ("b", only)):
        assert "; ".join(stage.cameras[name].alerts) == message.status[1].message


def test_the_longest_waiting_camera_is_served_first(play: Play) -> None:
    stage = play(Watched, "a", "b", "c")
    for name in ("c", "a", "b", "c"):
        stage.cameras[name].receive(image(picture(1)))
    stage.start()
    stage.wait()
    assert stage.node.record == ["~/c/labels", "~/a/labels", "~/b/labels"]


def test_a_flood_on_one_camera_does_not_starve_another(play: Play) -> None:
    stage = play(Watched, "flood", "calm")
    stage.segmenter.gate.clear()
    stage.start()
    stage.cameras["flood"].receive(image(picture(1)))
    assert stage.segmenter.begun.wait(PATIENCE_S)
    stage.cameras["calm"].receive(image(picture(1)))
    for _ in range(100):
        stage.cameras["flood"].receive(image(picture(1)))
    stage.segmenter.gate.set()
    stage.wait()
    assert stage.node.record == ["~/flood/labels", "~/calm/labels", "~/flood/labels"]
    assert stage.account("flood") == {"received": 101, "processed": 2, "superseded": 99}
    assert stage.account("calm") == {"received": 1, "processed": 1}


def test_frames_of_equal_shape_run_together(play: Play) -> None:
    stage = play(Batching, *"abcdef")
    small, large = (24, 40), (30, 40)
    shapes = dict(zip("abcdef", (small, large, small, small, small, small), strict=True))
    frames = {name: picture(ord(name), *shape) for name, shape in shapes.items()}
    for index, (name, frame) in enumerate(frames.items()):
        stage.cameras[name].receive(image(frame, stamp_ns=index + 1))
    stage.start()
    stage.wait()
    assert [(count, shape[:2]) for count, shape, *_ in stage.segmenter.groups] == [
        (3, small),
        (1, large),
        (2, small),
    ]
    for index, (name, frame) in enumerate(frames.items()):
        (labels,) = stage.sent(camera=name)
        assert stamp_ns(labels) == index + 1
        (alone,) = stage.segmenter.segment([frame])
        # In a group sums are added in another order; labels on a border may differ.
        assert (pixels(labels)[:, :, 0] == alone.labels).mean() > 0.98


def test_a_full_group_takes_no_more_than_the_best_batch(play: Play) -> None:
    stage = play(Batching, *"abcdefghi")
    for camera in stage.cameras.values():
        camera.receive(image(picture(1)))
    stage.start()
    stage.wait()
    assert [group[0] for group in stage.segmenter.groups] == [4, 4, 1]


def test_another_encoding_is_another_group(play: Play) -> None:
    stage = play(Batching, "rgb", "bgr", "grey", "yuv")
    frame = picture(1)
    stage.cameras["rgb"].receive(image(frame))
    stage.cameras["bgr"].receive(image(frame[:, :, ::-1], "bgr8"))
    stage.cameras["grey"].receive(image(frame[:, :, 0], "mono8"))
    stage.cameras["yuv"].receive(image(np.full((24, 40, 2), 128, np.uint8), "yuyv"))
    stage.start()
    stage.wait()
    assert [(count, shape, encoding) for count, shape, encoding, _ in stage.segmenter.groups] == [
        (2, (24, 40, 3), "rgb8"),
        (1, (24, 40, 3), "bgr8"),
        (1, (24, 40), "mono8"),
    ]
    same = pixels(stage.sent(camera="rgb")[0]) == pixels(stage.sent(camera="bgr")[0])
    assert same.mean() > 0.98


def test_where_work_overlaps_every_frame_still_comes_out(play: Play) -> None:
    stage = play(Overlapping, "a", "b")
    stage.start()
    for number in range(1, 6):
        for camera in stage.cameras.values():
            camera.receive(image(picture(number), stamp_ns=number))
        # No further frame comes: what is under way must not wait for one.
        stage.wait()
    for name in "ab":
        assert [stamp_ns(m) for m in stage.sent(camera=name)] == [1, 2, 3, 4, 5]
        assert stage.account(name) == {"received": 5, "processed": 5}


def test_a_frame_that_the_engine_cannot_take_is_refused(play: Play) -> None:
    """Without an input size the network needs 32 pixels, which only the engine knows."""
    stage = play(input_size="image")
    stage.start()
    for frame in (picture(1, 40, 40), *[picture(1, 8, 40)] * 9, picture(1, 40, 48)):
        stage.cameras["front"].receive(image(frame))
        stage.wait()
    assert stage.account() == {"received": 11, "processed": 2, "refused": 9, "refused.size": 9}
    assert len(stage.sent()) == 2
    assert stage.node.warnings[0].startswith("front: refused a frame (size): an image is 40x8;")
    assert stage.reports == []


def test_a_failure_while_publishing_does_not_stop_the_next(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = play()
    publisher = stage.node.publishers["~/front/labels"]
    publish = publisher.publish

    def fail_once(message: Any) -> None:
        monkeypatch.setattr(publisher, "publish", publish)
        raise RuntimeError("cannot publish")

    monkeypatch.setattr(publisher, "publish", fail_once)
    stage.start()
    for _ in range(2):
        stage.cameras["front"].receive(image(picture(1)))
        stage.wait()
    assert stage.account() == {"received": 2, "processed": 1, "failed": 1}
    assert stage.reports == ["front: a frame failed: RuntimeError: cannot publish"]


def test_a_group_that_is_refused_is_counted_for_each_camera(play: Play) -> None:
    stage = play(Batching, "a", "b", "c", input_size="image")
    stage.cameras["a"].receive(image(picture(1, 8, 40)))
    stage.cameras["b"].receive(image(picture(1, 40, 40)))
    stage.cameras["c"].receive(image(picture(2, 8, 40)))
    stage.start()
    stage.wait()
    refused = {"received": 1, "refused": 1, "refused.size": 1}
    assert stage.account("a") == stage.account("c") == refused
    assert stage.account("b") == {"received": 1, "processed": 1}


def test_a_damaged_picture_is_refused(play: Play) -> None:
    stage = play(Watched, "front/compressed")
    camera = stage.cameras["front/compressed"]
    stage.start()
    camera.receive(CompressedImage(format="jpeg", data=array("B", b"\xff\xd8\xff rubbish")))
    stage.wait()
    assert stage.account("front/compressed") == {"received": 1, "refused": 1, "refused.decode": 1}
    assert len(stage.node.warnings) == 1
    assert not stage.reports


def test_a_changed_parameter_holds_for_the_next_frame(play: Play) -> None:
    stage = play(outputs=("labels", "coverage", "overlay"))
    stage.start()
    camera = stage.cameras["front"]
    camera.receive(image(picture(1)))
    stage.wait()
    stage.settings.current = settings(
        min_confidence=1.0, overlay_alpha=0.0, coverage_alerts=("sky>0.9",)
    ).current
    camera.receive(image(picture(1)))
    stage.wait()
    before, after = stage.sent()
    assert (pixels(before) != 255).all()
    assert (pixels(after) == 255).all()
    assert stage.sent("coverage")[1].status[0].values[-1].value == "1"
    assert (pixels(stage.sent("overlay")[1]) == picture(1)).all()


def test_stop_ends_the_thread(play: Play) -> None:
    stage = play()
    stage.start()
    assert stage.worker is not None
    thread = stage.worker._thread
    assert thread.is_alive()
    assert stage.worker.stop(PATIENCE_S)
    assert not thread.is_alive()
    assert stage.worker.stop()
    stage.cameras["front"].receive(image(picture(1)))
    assert stage.cameras["front"].waiting_since_s is not None


@pytest.mark.parametrize("kind", [Watched, Overlapping])
def test_stop_lets_the_group_under_way_end(play: Play, kind: type[Watched]) -> None:
    stage = play(kind)
    stage.segmenter.gate.clear()
    stage.start()
    assert stage.worker is not None
    stage.cameras["front"].receive(image(picture(1)))
    assert stage.segmenter.begun.wait(PATIENCE_S)
    stage.cameras["front"].receive(image(picture(2)))
    ended: list[bool] = []
    stopper = threading.Thread(target=lambda: ended.append(stage.worker.stop()))
    stopper.start()
    stage.wait_for(lambda: stage.worker._stopping)
    stage.segmenter.gate.set()
    stopper.join(PATIENCE_S)
    assert ended == [True]
    assert len(stage.sent()) == 1
    # The second frame is left in its slot for the camera to account for.
    assert stage.account() == {"received": 2, "processed": 1, "waiting": 1}
    stage.cameras["front"].settle_all()
    assert stage.account() == {"received": 2, "processed": 1, "inactive": 1}


def test_stop_says_that_the_thread_has_not_ended_in_time(play: Play) -> None:
    stage = play()
    stage.segmenter.gate.clear()
    stage.start()
    assert stage.worker is not None
    stage.cameras["front"].receive(image(picture(1)))
    assert stage.segmenter.begun.wait(PATIENCE_S)
    assert not stage.worker.stop(0.05)
    stage.segmenter.gate.set()
    stage.worker._thread.join(PATIENCE_S)
    assert not stage.worker._thread.is_alive()
    # Its topics may be gone by then.
    assert stage.sent() == []
