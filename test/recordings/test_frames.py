# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Every kind of recording gives its frames as recorded, and says what is wrong with a bad one."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore
from sample_picture import picture

from lwrf_ros.recordings import CompressedImage, FrameError, RawImage, open_frames


def test_raw_bag_gives_every_field_as_recorded(raw_bag: Path) -> None:
    with open_frames(raw_bag) as source:
        frames = list(source)
    assert (source.count, source.compressed, source.has_stamps) == (5, False, True)
    assert source.rate_hz == pytest.approx(20.0)
    assert [frame.stamp_ns for frame in frames] == [
        100_000_000_000 + number * 50_000_000 for number in range(5)
    ]
    assert {frame.time_ns - frame.stamp_ns for frame in frames} == {7_000_000}
    assert {frame.frame_id for frame in frames} == {"front"}
    image = frames[3].image
    assert isinstance(image, RawImage)
    assert (image.encoding, image.width, image.height) == ("mono16", 6, 2)
    assert (image.step, image.is_bigendian) == (16, True)
    np.testing.assert_array_equal(image.data, np.arange(3, 35))


def test_database_file_alone_is_a_bag(raw_bag: Path) -> None:
    with open_frames(raw_bag / "raw_bag.db3") as source:
        assert len(list(source)) == source.count == 5


def test_ros1_bag(tmp_path: Path) -> None:
    types = get_typestore(Stores.ROS1_NOETIC)
    header, time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    image = types.types["sensor_msgs/msg/Image"]
    path = tmp_path / "old.bag"
    with Ros1Writer(path) as writer:
        connection = writer.add_connection("/cam", image.__msgtype__, typestore=types)
        for number in range(3):
            stamp = time(sec=7, nanosec=number)
            data = np.full(12, number, np.uint8)
            message = image(header(number, stamp, "old"), 2, 2, "rgb8", 0, 6, data)
            raw = types.serialize_ros1(message, image.__msgtype__)
            writer.write(connection, 8_000_000_000 + number, raw)
    with open_frames(path) as source:
        frames = list(source)
    assert (source.count, len(frames)) == (3, 3)
    assert [frame.stamp_ns for frame in frames] == [7_000_000_000 + n for n in range(3)]
    assert [frame.time_ns for frame in frames] == [8_000_000_000 + n for n in range(3)]
    image_of_last = frames[2].image
    assert isinstance(image_of_last, RawImage)
    assert (image_of_last.encoding, image_of_last.step) == ("rgb8", 6)
    np.testing.assert_array_equal(image_of_last.data, np.full(12, 2))


def test_compressed_bag_with_two_topics_needs_a_name(compressed_bag: Path) -> None:
    with pytest.raises(FrameError, match=r"2 image topics.*--bag-topic(.|\n)*/left/compressed"):
        open_frames(compressed_bag)
    with open_frames(compressed_bag, "/right/compressed") as source:
        frames = list(source)
    assert (source.count, source.compressed) == (3, True)
    image = frames[2].image
    assert isinstance(image, CompressedImage)
    assert (image.format, frames[2].frame_id) == ("jpeg of right", "right")
    assert bytes(image.data) == cv2.imencode(".jpg", picture(2))[1].tobytes()


@pytest.mark.parametrize(
    ("topics", "chosen"),
    [
        (["/front/truth/compressed", "/front/image_raw/compressed"], "/front/image_raw/compressed"),
        (["/depth/points", "/image"], "/image"),
        (["/left/image_rect_color", "/left/image_mono/debug"], "/left/image_rect_color"),
        (["/left/image_raw", "/right/image_raw"], None),
        (["/images", "/imagery"], None),
    ],
)
def test_the_topic_that_is_called_like_a_cameras_is_meant(
    tmp_path: Path, topics: list[str], chosen: str | None
) -> None:
    types = get_typestore(Stores.ROS2_HUMBLE)
    path = tmp_path / "bag"
    with Writer(path, version=9) as writer:
        for topic in topics:
            kind = "CompressedImage" if topic.endswith("/compressed") else "Image"
            writer.add_connection(topic, f"sensor_msgs/msg/{kind}", typestore=types)
    if chosen is None:
        with pytest.raises(FrameError, match="2 image topics; name one"):
            open_frames(path)
    else:
        with open_frames(path) as source:
            assert source.description == f"bag:{chosen}"


def test_unknown_topic_lists_those_there_are(compressed_bag: Path) -> None:
    with pytest.raises(FrameError, match=r"no image topic '/up'(.|\n)*/left/compressed"):
        open_frames(compressed_bag, "/up")


def change_types(bag: Path, old: str, new: str) -> None:
    """Write another name for a message type wherever the bag has it."""
    metadata = bag / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace(old, new))
    with closing(sqlite3.connect(bag / f"{bag.name}.db3")) as database:
        database.execute("UPDATE topics SET type = replace(type, ?, ?)", (old, new))
        database.commit()


def test_bag_without_images_says_what_it_has(raw_bag: Path) -> None:
    change_types(raw_bag, "sensor_msgs/msg/Image", "odd_msgs/msg/Odd")
    with pytest.raises(FrameError, match=r"only: /front/image_raw, /notes"):
        open_frames(raw_bag)


def test_type_name_without_msg_is_known(raw_bag: Path) -> None:
    change_types(raw_bag, "sensor_msgs/msg/Image", "sensor_msgs/Image")
    with open_frames(raw_bag) as source:
        assert [frame.frame_id for frame in source] == ["front"] * 5


def test_video(video: Path) -> None:
    with open_frames(video) as source:
        assert (source.count, source.rate_hz, source.has_stamps) == (20, 20.0, False)
        frames = list(source)
    assert [frame.time_ns for frame in frames] == [number * 50_000_000 for number in range(20)]
    image = frames[7].image
    assert isinstance(image, RawImage)
    assert (image.encoding, image.width, image.height, image.step) == ("bgr8", 64, 48, 192)
    # The codec loses a little.
    assert image.data.reshape(48, 64, 3)[..., 0].mean() == pytest.approx(75, abs=4)


def test_folder_is_sorted_and_runs_at_ten_hertz(image_folder: Path) -> None:
    with open_frames(image_folder) as source:
        assert (source.count, source.rate_hz) == (3, 10.0)
        frames = list(source)
    assert [frame.time_ns for frame in frames] == [0, 100_000_000, 200_000_000]
    for number, frame in enumerate(frames):
        assert isinstance(frame.image, RawImage)
        np.testing.assert_array_equal(
            frame.image.data.reshape(48, 64, 3), picture(number), err_msg=f"image {number}"
        )


def test_folder_is_in_natural_order_without_what_macos_adds(tmp_path: Path) -> None:
    for number in (10, 2, 1, 12):
        cv2.imwrite(str(tmp_path / f"frame_{number}.png"), np.full((4, 6, 3), number, np.uint8))
    (tmp_path / "._frame_1.png").write_bytes(b"\x00\x05\x16\x07 Mac OS X")
    with open_frames(tmp_path) as source:
        assert source.count == 4
        assert [int(frame.image.data[0]) for frame in source] == [1, 2, 10, 12]


def test_a_folder_with_nothing_but_hidden_files_is_empty(tmp_path: Path) -> None:
    for name in ("._0.mcap", "._bag_0.db3", "._frame_1.png"):
        (tmp_path / name).touch()
    with pytest.raises(FrameError, match="nor an image"):
        open_frames(tmp_path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "there is no"),
        (lambda path: path.mkdir(), "nor an image"),
        (lambda path: path.write_text("hello"), "not a video"),
    ],
    ids=["missing", "empty folder", "text file"],
)
def test_what_is_no_recording(tmp_path: Path, make: object, message: str) -> None:
    path = tmp_path / "input"
    make(path)  # type: ignore[operator]
    with pytest.raises(FrameError, match=message):
        open_frames(path)


@pytest.mark.parametrize("name", ["broken.db3", "broken.mcap", "broken.bag"])
def test_broken_bag_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"this is not a bag" * 100)
    with pytest.raises(FrameError, match=rf"cannot read the bag .*{name}"):
        open_frames(path)


def test_bag_files_without_metadata_are_pointed_out(raw_bag: Path, tmp_path: Path) -> None:
    folder = tmp_path / "loose"
    folder.mkdir()
    shutil.copy(raw_bag / "raw_bag.db3", folder)
    with pytest.raises(FrameError, match=r"raw_bag\.db3; give one of these files.*reindex"):
        open_frames(folder)


def test_topic_of_what_is_no_bag(video: Path, image_folder: Path) -> None:
    for path in (video, image_folder):
        with pytest.raises(FrameError, match="is no bag"):
            open_frames(path, "/front/image_raw")


def test_real_drive(shared_bags: Path) -> None:
    with open_frames(shared_bags / "camvid_drive_mcap", "/camera/image_raw/compressed") as source:
        assert source.count == 101
        assert source.rate_hz == pytest.approx(10.0, rel=1e-6)
        frames = list(source)
    assert len(frames) == 101
    assert {frame.frame_id for frame in frames} == {"camera_optical_frame"}


def test_real_bag_with_messages_compressed_one_by_one(shared_bags: Path) -> None:
    folder = shared_bags / "soccer_goal_message_zstd"
    with (
        open_frames(folder) as compressed,
        open_frames(shared_bags / "soccer_goal_ros2_db3") as plain,
    ):
        pairs = list(zip(compressed, plain, strict=True))
    assert len(pairs) == 2
    for one, other in pairs:
        assert isinstance(one.image, RawImage)
        assert isinstance(other.image, RawImage)
        assert (one.image.encoding, one.image.width) == ("rgb8", 640)
        np.testing.assert_array_equal(one.image.data, other.image.data)
        assert (one.stamp_ns, one.frame_id) == (other.stamp_ns, other.frame_id)
    # Nothing but the folder's metadata tells that.
    with (
        open_frames(folder / "soccer_goal_12.mcap") as file,
        pytest.raises(FrameError, match="give the bag's folder"),
    ):
        list(file)


@pytest.mark.parametrize(
    ("topic", "length"), [("rgb8_short_data", None), ("empty_data", 0), ("unknown_encoding", None)]
)
def test_real_damaged_messages_are_given_as_they_are(
    shared_bags: Path, topic: str, length: int | None
) -> None:
    with open_frames(shared_bags / "odd_encodings_ros2_db3", f"/enc/{topic}") as source:
        (frame,) = source
    assert isinstance(frame.image, RawImage)
    assert (frame.image.width, frame.image.height) == (320, 240)
    if length is not None:
        assert frame.image.data.size == length
