# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a replay takes beside a sound bag with one camera, and what it copies of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.typesys import Stores, get_typestore
from small_bags import (
    DELAY_NS,
    HEIGHT,
    WIDTH,
    camera_info,
    frames,
    jpeg_image,
    pixels,
    raw_image,
    stamp_ns,
    write_bag,
)
from test_replay_run import labels_of, read_bag, stamp_of

from lwrf_ros.errors import LwrfError
from lwrf_ros.replay.run_record import read_frames


def test_several_cameras_at_once(tmp_path: Path, quick_replay: Any) -> None:
    topics = ["/front/image_raw/compressed", "/rear/image_raw"]
    bag = write_bag(
        tmp_path / "bag",
        {topics[0]: frames(jpeg_image, 3), topics[1]: frames(raw_image, 3)},
    )
    record = quick_replay(bag, topics=topics)
    assert [camera.name for camera in record.cameras] == ["front", "rear"]
    assert [record.account[topic].processed for topic in topics] == [3, 3]
    alone = quick_replay(bag, tmp_path / "alone", topics=[topics[1]], camera_names=["left"])
    found, other = read_bag(tmp_path / "out"), read_bag(tmp_path / "alone")
    assert alone.cameras[0].labels == "/segmenter/left/labels"
    for number in range(3):
        one = found["/segmenter/rear/labels"][number][1]
        np.testing.assert_array_equal(
            labels_of(one), labels_of(other["/segmenter/left/labels"][number][1])
        )
    assert len(found["/segmenter/front/labels"]) == 3
    assert found["/segmenter/front/coverage"][0][1].status[0].name == "front"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"topics": ["/a/image", "/b/image"], "camera_names": ["one"]}, "1 camera names for 2"),
        ({"topics": ["/a/image", "/b/image"], "camera_names": ["x", "x"]}, "not all different"),
        ({"topics": ["/a/image"], "camera_names": ["1st"]}, "beginning with a letter"),
        ({"topics": ["/c/image"]}, r"no image topic '/c/image'(.|\n)*/a/image"),
        ({}, "2 image topics; name one"),
        ({"topics": ["/a/image"], "keep": ["/d"]}, "no topic /d that can be copied"),
    ],
)
def test_what_does_not_fit(
    tmp_path: Path, quick_replay: Any, options: dict[str, Any], message: str
) -> None:
    topics = {name: frames(raw_image, 1) for name in ("/a/image", "/b/image")}
    bag = write_bag(tmp_path / "bag", topics)
    with pytest.raises(LwrfError, match=message):
        quick_replay(bag, **options)
    assert not (tmp_path / "out").exists()


def test_camera_info_of_the_same_stamp_and_kept_topics(tmp_path: Path, quick_replay: Any) -> None:
    # It is recorded after the image, and that of frame 1 is missing.
    infos = [(time_ns + 1_000_000, info) for time_ns, info in frames(camera_info, 4)]
    del infos[1]
    bag = write_bag(
        tmp_path / "bag",
        {"/cam/image_raw": frames(raw_image, 3), "/cam/camera_info": infos},
    )
    record = quick_replay(bag, keep=None)
    assert record.complete
    source, found = read_bag(bag), read_bag(tmp_path / "out")
    given = found["/segmenter/camera_info"]
    assert [stamp_of(message) for _, message in given] == [stamp_ns(0), stamp_ns(2)]
    assert [message.k[0] for _, message in given] == [0.0, 2.0]
    assert [time_ns for time_ns, _ in given] == [stamp_ns(n) + DELAY_NS for n in (0, 2)]
    for topic, count in (("/cam/image_raw", 3), ("/cam/camera_info", 3)):
        assert len(source[topic]) == len(found[topic]) == count
        for (time_ns, message), (other_ns, other) in zip(source[topic], found[topic], strict=True):
            assert (time_ns, repr(message)) == (other_ns, repr(other))


def test_ros1_bag_is_kept_as_ros2(tmp_path: Path, quick_replay: Any) -> None:
    types = get_typestore(Stores.ROS1_NOETIC)
    header, time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    image, info = types.types["sensor_msgs/msg/Image"], types.types["sensor_msgs/msg/CameraInfo"]
    region = types.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    path = tmp_path / "old.bag"
    with Ros1Writer(path) as writer:
        images = writer.add_connection("/cam/image", image.__msgtype__, typestore=types)
        infos = writer.add_connection("/cam/camera_info", info.__msgtype__, typestore=types)
        for number in range(2):
            about = header(number, time(*divmod(stamp_ns(number), 1_000_000_000)), "old")
            data = pixels(number).reshape(-1)
            message = image(about, HEIGHT, WIDTH, "bgr8", 0, 3 * WIDTH, data)
            raw = types.serialize_ros1(message, image.__msgtype__)
            writer.write(images, stamp_ns(number), raw)
            k = np.full(9, 5.0 + number)
            calibration = info(
                about, 48, 64, "x", np.zeros(5), k, np.eye(3).ravel(), np.ones(12), 0, 0, region
            )
            raw = types.serialize_ros1(calibration, info.__msgtype__)
            writer.write(infos, stamp_ns(number), raw)
    quick_replay(path, keep=None)
    found = read_bag(tmp_path / "out")
    assert [stamp_of(message) for _, message in found["/segmenter/labels"]] == [
        stamp_ns(0),
        stamp_ns(1),
    ]
    for number in range(2):
        np.testing.assert_array_equal(
            found["/cam/image"][number][1].data, pixels(number).reshape(-1)
        )
        assert found["/segmenter/camera_info"][number][1].k[0] == 5.0 + number
        assert found["/cam/camera_info"][number][1].header.frame_id == "old"


def test_video_and_folder(
    tmp_path: Path, quick_replay: Any, video: Path, image_folder: Path
) -> None:
    record = quick_replay(video, tmp_path / "of_video", keep=None, max_frames=4)
    assert record.account["/camera/image_raw"].processed == 4
    found = read_bag(tmp_path / "of_video")
    assert [time_ns for time_ns, _ in found["/segmenter/labels"]] == [
        number * 50_000_000 for number in range(4)
    ]
    kept = found["/camera/image_raw/compressed"]
    assert len(kept) == 4
    assert cv2.imdecode(kept[0][1].data, cv2.IMREAD_COLOR).shape == (48, 64, 3)
    (image_folder / "001.png").write_bytes(b"no image")
    record = quick_replay(image_folder, tmp_path / "of_folder")
    account = record.account["/camera/image_raw"]
    assert (account.read, account.processed, account.refused) == (3, 2, {"decode": 1})
    assert record.faults == {"corrupt_frame": 1}


def test_frames_that_cannot_be_used_are_counted_by_the_nodes_reasons(
    tmp_path: Path, quick_replay: Any
) -> None:
    messages = frames(raw_image, 5)
    messages[1][1].data = messages[1][1].data[:100]
    messages[2][1].encoding = "32FC1"
    messages[3][1].data = messages[3][1].data[:0]
    record = quick_replay(write_bag(tmp_path / "bag", {"/image": messages}))
    account = record.account["/image"]
    assert (account.read, account.processed) == (5, 2)
    assert account.refused == {"data": 1, "encoding": 1, "empty": 1}
    assert record.faults == {"corrupt_frame": 2}
    rows = list(read_frames(tmp_path / "out"))
    assert [row.outcome for row in rows] == ["processed", "data", "encoding", "empty", "processed"]
    assert [row.index for row in rows] == list(range(5))
    found = read_bag(tmp_path / "out")
    assert [stamp_of(message) for _, message in found["/segmenter/labels"]] == [
        stamp_ns(0),
        stamp_ns(4),
    ]


def test_real_odd_encodings(shared: Path, tmp_path: Path, quick_replay: Any) -> None:
    bag = shared / "bags" / "odd_encodings_ros2_db3"
    topics = [
        f"/enc/{name}"
        for name in ("rgb8", "rgb8_short_data", "empty_data", "compressed_jpeg_truncated")
    ]
    record = quick_replay(bag, topics=topics)
    assert [camera.name for camera in record.cameras] == [
        "rgb8", "rgb8_short_data", "empty_data", "compressed_jpeg_truncated",
    ]  # fmt: skip
    refused = {topic: dict(one.refused) for topic, one in record.account.items() if one.refused}
    assert refused == {topics[1]: {"data": 1}, topics[2]: {"empty": 1}, topics[3]: {"decode": 1}}
