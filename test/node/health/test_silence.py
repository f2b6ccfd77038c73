# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Why no image comes, as a real graph tells it."""

from __future__ import annotations

import os

import pytest
from harness import open_node
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

from lwrf_ros.node.health import silence
from lwrf_ros.node.health.silence import published_images, why_silent


def test_the_image_topics_that_there_are_are_named(domain_id: int) -> None:
    with open_node(domain_id) as (node, spin_until):
        # Told by the environment, as the node's process has it.
        assert "nobody publishes it, nor any other image topic; does" in why_silent(node, [])
        node.create_subscription(Image, "/wanted", lambda message: None, 1)
        node.create_publisher(Image, "/front/image_raw", 1)
        node.create_publisher(CompressedImage, "/front/image_raw/compressed", 1)
        node.create_publisher(String, "/front/name", 1)
        node.create_publisher(Image, "~/labels", 1)
        expected = ["/front/image_raw", "/front/image_raw/compressed"]
        spin_until(lambda: published_images(node) == expected, "the image topics")
        assert why_silent(node, []) == (
            "nobody publishes it; image topics that are published: /front/image_raw, "
            "/front/image_raw/compressed"
        )


def test_a_camera_of_another_user_is_suspected(
    domain_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_node(domain_id) as (node, _):
        monkeypatch.setattr(silence, "other_users", list)
        assert why_silent(node, ["/cam"]) == "/cam publishes it and nothing arrives"
        monkeypatch.setattr(silence, "other_users", lambda: [12, 345])
        text = why_silent(node, ["/cam"])
        assert (
            f"memory of the user 12, 345 is there, and this process runs as {os.getuid()}" in text
        )
        assert "LARGE_DATA for both (docs/containers.md)" in text
