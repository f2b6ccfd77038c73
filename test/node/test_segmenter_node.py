# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The node as a process over DDS: frames in, labels and coverage out, nothing lost."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from harness import Peer, StartNode, account_adds_up, image, stamp_ns
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.errors import LwrfError
from lwrf_ros.node.output import label_info
from lwrf_ros.node.segmenter_node import SegmenterNode
from lwrf_ros.weights.bundled import DEFAULT_CLASSES

COUNT = 30


def picture(seed: int, height: int = 48, width: int = 80) -> np.ndarray:
    """Random pixels; what is in them does not matter."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_none_of_many_frames_is_lost(start_node: StartNode, peer: Peer) -> None:
    process = start_node()
    peer.wait_for_state("active")
    labels = peer.collect("/segmenter/labels", Image)
    coverage = peer.collect("/segmenter/coverage", DiagnosticArray)
    vectors = peer.collect("/segmenter/coverage/vector", Float32MultiArray)
    camera = peer.publisher("/image")
    for index in range(COUNT):
        camera.publish(image(picture(index), stamp_ns=10**9 * (index + 1), frame_id=f"f{index}"))
        # A camera that is no faster than the device, whatever that is.
        peer.spin_until(lambda: len(labels) > index, "the labels")  # noqa: B023
    peer.spin_until(lambda: len(labels) == len(coverage) == len(vectors) == COUNT, "all results")

    names = ClassTable.load(DEFAULT_CLASSES).names
    for index in range(COUNT):
        message = labels[index]
        assert (stamp_ns(message), message.header.frame_id) == (10**9 * (index + 1), f"f{index}")
        assert (message.height, message.width, message.step) == (48, 80, 80)
        assert message.encoding == "mono8"
        counts = np.bincount(np.frombuffer(message.data, np.uint8), minlength=256) / (48 * 80)

        status = coverage[index].status[0]
        assert coverage[index].header == message.header
        assert (status.name, status.hardware_id) == ("/image", f"f{index}")
        fractions = {entry.key: float(entry.value) for entry in status.values}
        assert tuple(fractions) == (*names, "unlabelled")
        assert abs(sum(fractions.values()) - 1) < 1e-6
        np.testing.assert_allclose(list(fractions.values())[:-1], counts[: len(names)], atol=1e-8)
        np.testing.assert_allclose(vectors[index].data, list(fractions.values()), atol=1e-6)
        assert vectors[index].layout.dim[0].size == len(names) + 1

    account = peer.account("/image")
    assert (account["received"], account["processed"]) == (str(COUNT), str(COUNT))
    assert account["published.labels"] == str(COUNT)
    assert account_adds_up(account)
    # Once a configuration, and no more than that.
    missing = process.output.count("vision_msgs is not installed: there is no topic label_info")
    assert missing == (label_info.LabelInfo is None)


def test_neither_failure_of_a_transition_and_of_its_undoing_gets_lost() -> None:
    said: list[str] = []
    node = SimpleNamespace(
        _problem="",
        _state="unconfigured",
        _every_second=lambda: None,
        _end_if_final=lambda error: None,
        get_logger=lambda: SimpleNamespace(error=said.append),
    )

    def fail(text: str) -> None:
        raise LwrfError(text)

    result = SegmenterNode._transition(
        node, "configure", "inactive", lambda: fail("no weights"), undo=lambda: fail("it hangs")
    )
    assert result == TransitionCallbackReturn.FAILURE
    assert node._problem == "configure failed: no weights; undoing it failed, too: it hangs"
    assert node._state == "unconfigured"
    assert said[0] == "configure failed: no weights"
    assert "it hangs" in said[1]
