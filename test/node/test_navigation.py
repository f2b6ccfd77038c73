# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a navigation stack is given, over DDS: groups, label_info, camera_info of the labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from harness import Peer, StartNode, image, stamp_ns
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from lwrf_ros.package_data import config_path

GROUPS = ("traversable", "obstacle", "person", "unknown")
LATCHED = QoSProfile(
    depth=5,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
COUNT = 8


def camera_info(index: int) -> CameraInfo:
    """The calibration of an image of 80x48."""
    message = CameraInfo(height=48, width=80)
    message.header.stamp.sec, message.header.frame_id = index + 1, "optical"
    message.k = [40.0 + index, 0.0, 30.0, 0.0, 60.0, 24.0, 0.0, 0.0, 1.0]
    return message


def latched(peer: Peer) -> list[Any]:
    """Subscribe to label_info as Nav2's layer does; return the list of what comes."""
    from vision_msgs.msg import LabelInfo

    messages: list[Any] = []
    peer.node.create_subscription(LabelInfo, "/segmenter/label_info", messages.append, LATCHED)
    return messages


@pytest.mark.usefixtures("vision_msgs")
def test_all_that_a_costmap_layer_asks_for(start_node: StartNode, peer: Peer) -> None:
    process = start_node(
        image_topics="[/front/image_raw]",
        classes="camvid",
        class_groups="camvid_navigation",
        label_size="network",
        min_confidence="0.11",
    )
    peer.wait_for_state("active")
    names = latched(peer)
    peer.spin_until(lambda: names, "label_info of before")
    assert "vision_msgs" not in process.output
    classes = [(entry.class_id, entry.class_name) for entry in names[0].class_map]
    assert classes == list(enumerate(GROUPS))
    assert names[0].threshold == pytest.approx(0.11)

    topics = {"labels": Image, "confidence": Image, "overlay": Image, "coverage": DiagnosticArray}
    got = {name: peer.collect(f"/segmenter/{name}", kind) for name, kind in topics.items()}
    got["camera_info"] = peer.collect("/segmenter/camera_info", CameraInfo)
    images = peer.publisher("/front/image_raw")
    infos = peer.publisher("/front/camera_info", CameraInfo)
    for index in range(COUNT):
        pixels = np.random.default_rng(index).integers(0, 256, (48, 80, 3), dtype=np.uint8)
        before = index % 2
        if before:
            infos.publish(camera_info(index))
        images.publish(image(pixels, stamp_ns=10**9 * (index + 1)))
        peer.spin_until(lambda: len(got["labels"]) > index, "labels")  # noqa: B023
        if not before and index:  # the labels of the first have none and have not waited for it
            infos.publish(camera_info(index))
        peer.spin_until(lambda: len(got["camera_info"]) == index, "camera_info")  # noqa: B023
    peer.spin_until(lambda: all(len(got[name]) == COUNT for name in topics), "all results")

    stamps = [10**9 * (index + 1) for index in range(COUNT)]
    for name in topics:
        assert [stamp_ns(message) for message in got[name]] == stamps
    assert [stamp_ns(message) for message in got["camera_info"]] == stamps[1:]
    for index in range(COUNT):
        for name in ("labels", "confidence", "overlay"):
            assert (got[name][index].width, got[name][index].height) == (64, 64)
        labels = np.frombuffer(got["labels"][index].data, np.uint8)
        assert set(labels.tolist()) <= {*range(len(GROUPS)), 255}
        values = {v.key: float(v.value) for v in got["coverage"][index].status[0].values}
        assert tuple(values) == (*GROUPS, "unlabelled")
        counts = np.bincount(labels, minlength=256) / labels.size
        np.testing.assert_allclose(list(values.values()), counts[[0, 1, 2, 3, 255]], atol=1e-8)
    for message in got["camera_info"]:
        index = message.header.stamp.sec - 1
        assert (message.header.frame_id, message.width, message.height) == ("optical", 64, 64)
        np.testing.assert_allclose(
            message.k, [(40 + index) * 0.8, 0, 24, 0, 80, 32, 0, 0, 1], rtol=1e-12
        )
    assert peer.account("/front/image_raw")["published.camera_info"] == str(COUNT - 1)

    assert peer.set_parameters(min_confidence=0.5)[0]
    peer.spin_until(lambda: len(names) == 2, "label_info with the new threshold")
    assert names[1].threshold == 0.5
    assert names[1].class_map == names[0].class_map
    # A layer that is started while the segmenter is inactive.
    assert peer.change_state("deactivate")
    late = latched(peer)
    peer.spin_until(lambda: late, "label_info for a late subscriber")
    assert late[0].threshold == 0.5


def test_regions_and_their_alerts(start_node: StartNode, peer: Peer) -> None:
    # Grouped, so that there is a class which surely covers more than a hundredth of something.
    alerts = [f"{name}@path>0.01 clear<0.005 hold=3" for name in GROUPS]
    start_node(
        classes="camvid",
        class_groups="camvid_navigation",
        regions=str(config_path("regions.yaml")),
        coverage_alerts=str(alerts),
    )
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    coverage = peer.collect("/segmenter/coverage", DiagnosticArray)
    images = peer.publisher("/image")
    pixels = np.random.default_rng(0).integers(0, 256, (48, 80, 3), dtype=np.uint8)
    for index in range(3):
        images.publish(image(pixels, stamp_ns=index))
        peer.spin_until(lambda: len(labels) == len(coverage) == index + 1, "results")  # noqa: B023
    status = coverage[2].status
    assert [one.name for one in status] == [
        "/image",
        "/image: path",
        "/image: left",
        "/image: right",
    ]
    right = np.frombuffer(labels[2].data, np.uint8).reshape(48, 80)[24:, 54:]  # 0.67 of 80 is 53.6
    counts = np.bincount(right.ravel(), minlength=256) / right.size
    values = [float(entry.value) for entry in status[3].values]
    np.testing.assert_allclose(values, counts[[0, 1, 2, 3, 255]], atol=1e-8)
    levels = [[one.level for one in message.status] for message in coverage]
    calm, loud = DiagnosticStatus.OK, DiagnosticStatus.WARN
    assert levels == [[calm] * 4, [calm] * 4, [calm, loud, calm, calm]]
    largest = max(status[1].values, key=lambda entry: float(entry.value))
    assert f"{largest.key} in path {float(largest.value):.1%} > 1.0%" in status[1].message
    assert peer.account("/image")["alerts"] == status[1].message

    succeeded, reason = peer.set_parameters(coverage_alerts=["person@road>0.5"])
    assert not succeeded
    assert reason == ("coverage_alerts names the region 'road'; wanted one of path, left, right")
