# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Broken recordings: what is left of them is read, and what is wrong with them is counted."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import zstandard
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from sample_picture import picture
from small_bags import IMAGE, TYPES, frames, pixels, raw_image, stamp_ns, write_bag

from lwrf_ros.recordings import DamagedImage, FrameError, open_frames
from lwrf_ros.recordings.faults import Faults

COUNT = 12
TOPIC = "/image"


def bag(path: Path, storage: StoragePlugin = StoragePlugin.MCAP, **options: Any) -> Path:
    return write_bag(path, {TOPIC: frames(raw_image, COUNT)}, storage, **options)


def mcap_file(path: Path, **options: Any) -> Path:
    """Write one MCAP file as a recorder other than rosbags does."""
    with path.open("wb") as file:
        writer = McapWriter(file, **options)
        writer.start("ros2")
        schema = writer.register_schema(IMAGE, "ros2msg", b"")
        channel = writer.register_channel(TOPIC, "cdr", schema)
        for time_ns, message in frames(raw_image, COUNT):
            writer.add_message(channel, time_ns, cdr(message), time_ns)
        writer.finish()
    return path


def cdr(message: Any) -> bytes:
    return bytes(TYPES.serialize_cdr(message, IMAGE))


def ros1_bag(path: Path, compression: Any = None) -> Path:
    types = get_typestore(Stores.ROS1_NOETIC)
    header, time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    writer = Ros1Writer(path)
    writer.chunk_threshold = 20_000
    if compression is not None:
        writer.set_compression(compression)
    with writer:
        connection = writer.add_connection(TOPIC, IMAGE, typestore=types)
        for number in range(COUNT):
            stamp = time(*divmod(stamp_ns(number), 1_000_000_000))
            data = pixels(number).reshape(-1)
            message = types.types[IMAGE](header(number, stamp, "f"), 48, 64, "bgr8", 0, 192, data)
            writer.write(connection, stamp_ns(number), types.serialize_ros1(message, IMAGE))
    return path


def read(path: Path) -> tuple[list[int], dict[str, int]]:
    """Return the numbers of the frames that come out whole, and the faults."""
    faults = Faults()
    numbers = []
    with open_frames(path, None, faults) as source:
        for frame in source:
            number = round((frame.stamp_ns - stamp_ns(0)) / 1e8)
            np.testing.assert_array_equal(frame.image.data, pixels(number).reshape(-1))
            numbers.append(number)
    return numbers, dict(faults.counts)


def cut(path: Path, share: float) -> Path:
    """Leave the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({"chunk_size": 20_000}, 5),
        ({"chunk_size": 20_000, "compression": CompressionType.LZ4}, 4),
        ({"chunk_size": 20_000, "compression": CompressionType.NONE}, 6),
        ({"use_chunking": False}, 6),
        ({"chunk_size": 10**9, "compression": CompressionType.NONE}, 6),
    ],
    ids=["zstd", "lz4", "plain chunks", "no chunks", "one cut chunk"],
)
def test_mcap_without_its_end(tmp_path: Path, options: dict[str, Any], least: int) -> None:
    path = mcap_file(tmp_path / "cut.mcap", **options)
    assert read(path) == (list(range(COUNT)), {})
    numbers, faults = read(cut(path, 0.6))
    assert numbers == list(range(len(numbers)))
    assert least <= len(numbers) < COUNT
    assert faults == {"truncated_file": 1}
    with pytest.raises(FrameError, match=r"cut\.mcap ends before its end.*ros2 bag info"):
        list(open_frames(path))


def test_mcap_without_its_index_alone(tmp_path: Path) -> None:
    path = mcap_file(tmp_path / "cut.mcap")
    # Footer and magic only.
    path.write_bytes(path.read_bytes()[:-37])
    assert read(path) == (list(range(COUNT)), {"truncated_file": 1})


@pytest.mark.parametrize("with_index", [True, False])
def test_damage_inside_an_mcap_costs_that_chunk_alone(tmp_path: Path, with_index: bool) -> None:
    path = mcap_file(tmp_path / "damaged.mcap", chunk_size=20_000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 50] = bytes(50)
    path.write_bytes(data if with_index else data[:-37])
    numbers, faults = read(path)
    assert numbers[0] == 0
    assert numbers[-1] == COUNT - 1
    assert COUNT - 3 <= len(numbers) < COUNT
    assert faults.pop("damaged_part") == 1
    assert faults == ({} if with_index else {"truncated_file": 1})


@pytest.mark.parametrize("share", [0.7, 0.4])
def test_sqlite_without_its_end(tmp_path: Path, share: float) -> None:
    path = bag(tmp_path / "bag", StoragePlugin.SQLITE3)
    cut(path / "bag.db3", share)
    numbers, faults = read(path)
    assert numbers == list(range(len(numbers)))
    assert share * COUNT - 5 <= len(numbers) < COUNT
    assert faults == {"truncated_file": 1}
    with pytest.raises(FrameError, match=r"bag\.db3 cannot be read to its end"):
        list(open_frames(path))


def test_sqlite_whose_recorder_was_killed(tmp_path: Path) -> None:
    path = bag(tmp_path / "bag", StoragePlugin.SQLITE3) / "bag.db3"
    killed = tmp_path / "killed.db3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA wal_autocheckpoint=0")
        database.execute("DELETE FROM messages WHERE id = 1")
        database.commit()
        shutil.copy(path, killed)
        shutil.copy(f"{path}-wal", f"{killed}-wal")
    assert read(killed) == (list(range(1, COUNT)), {})


@pytest.mark.parametrize(
    "compression", [None, Ros1Writer.CompressionFormat.BZ2, Ros1Writer.CompressionFormat.LZ4]
)
def test_ros1_bag_without_its_index(tmp_path: Path, compression: Any) -> None:
    path = ros1_bag(tmp_path / "old.bag", compression)
    assert read(path) == (list(range(COUNT)), {})
    numbers, faults = read(cut(path, 0.7))
    assert numbers == list(range(len(numbers)))
    # Part of a chunk that is cut can be saved only where it is not compressed as a whole.
    assert (8 if compression is None else 6) <= len(numbers) < COUNT
    assert faults == {"truncated_file": 1}


def test_ros1_bag_that_was_converted_to_mcap(tmp_path: Path) -> None:
    types = get_typestore(Stores.ROS1_NOETIC)
    header, time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    path = tmp_path / "old.mcap"
    with path.open("wb") as file:
        writer = McapWriter(file)
        writer.start("ros1")
        schema = writer.register_schema("sensor_msgs/Image", "ros1msg", b"")
        channel = writer.register_channel(TOPIC, "ros1", schema)
        for number in range(COUNT):
            stamp = time(*divmod(stamp_ns(number), 1_000_000_000))
            data = pixels(number).reshape(-1)
            message = types.types[IMAGE](header(number, stamp, "f"), 48, 64, "bgr8", 0, 192, data)
            raw = bytes(types.serialize_ros1(message, IMAGE))
            writer.add_message(channel, stamp_ns(number), raw, stamp_ns(number))
        writer.finish()
    assert read(path) == (list(range(COUNT)), {})


def test_folder_without_metadata(tmp_path: Path) -> None:
    path = bag(tmp_path / "bag")
    (path / "metadata.yaml").unlink()
    assert read(path) == (list(range(COUNT)), {"missing_metadata": 1})
    (path / "metadata.yaml").write_text("rosbag2_bagfile_information: [")
    assert read(path) == (list(range(COUNT)), {"missing_metadata": 1})
    with pytest.raises(FrameError, match=r"its metadata\.yaml is no rosbag2's.*reindex"):
        open_frames(path)


def split_bag(folder: Path) -> Path:
    """Write a bag of three files, the last of which sorts before the others by its letters."""
    folder.mkdir()
    names = ["split_1.mcap", "split_2.mcap", "split_10.mcap"]
    for part, name in enumerate(names):
        messages = frames(raw_image, COUNT)[4 * part : 4 * part + 4]
        single = write_bag(folder / "part", {TOPIC: messages})
        (single / "part.mcap").rename(folder / name)
        text = (single / "metadata.yaml").read_text()
        shutil.rmtree(single)
    (folder / "metadata.yaml").write_text(
        text.replace("  - part.mcap", "\n".join(f"  - {name}" for name in names))
    )
    return folder


def test_split_bag_with_and_without_metadata(tmp_path: Path) -> None:
    path = split_bag(tmp_path / "split")
    assert read(path) == (list(range(COUNT)), {})
    (path / "split_2.mcap").unlink()
    rest = [*range(4), *range(8, COUNT)]
    assert read(path) == (rest, {"missing_file": 1})
    (path / "metadata.yaml").unlink()
    assert read(path) == (rest, {"missing_metadata": 1})
    # What a recorder leaves that was killed at the begin of a file.
    (path / "split_11.mcap").write_bytes(b"")
    assert read(path) == (rest, {"missing_metadata": 1, "truncated_file": 1})


@pytest.mark.parametrize("storage", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_file_compressed_as_a_whole(tmp_path: Path, storage: StoragePlugin) -> None:
    path = tmp_path / "bag"
    writer = Writer(path, version=9, storage_plugin=storage)
    writer.set_compression(CompressionMode.FILE, CompressionFormat.ZSTD)
    # More than one block of zstd, or nothing could be left of it.
    count = 6 * COUNT
    with writer:
        connection = writer.add_connection(TOPIC, IMAGE, typestore=TYPES)
        for time_ns, message in frames(raw_image, count):
            writer.write(connection, time_ns, cdr(message))
    (file,) = path.glob("*.zstd")
    assert read(path) == (list(range(count)), {})
    assert read(file) == (list(range(count)), {})
    cut(file, 0.8)
    numbers, faults = read(path)
    assert numbers == list(range(len(numbers)))
    assert count / 2 < len(numbers) < count
    assert faults == {"truncated_file": 1}


def test_messages_compressed_without_a_word(tmp_path: Path) -> None:
    path = bag(tmp_path / "bag", mangle=zstandard.compress)
    assert read(path) == (list(range(COUNT)), {"undeclared_compression": COUNT})
    with pytest.raises(FrameError, match="give the bag's folder"):
        list(open_frames(path))


@pytest.mark.parametrize(
    ("mangle", "kind"),
    [
        (lambda data: data + bytes(9), "trailing_bytes"),
        (lambda data: data[:40], "unreadable_message"),
        (lambda data: b"", "unreadable_message"),
    ],
    ids=["longer", "shorter", "empty"],
)
def test_messages_of_another_length(
    tmp_path: Path, mangle: Callable[[bytes], bytes], kind: str
) -> None:
    path = bag(tmp_path / "bag", mangle=mangle)
    expected = list(range(COUNT)) if kind == "trailing_bytes" else []
    assert read(path) == (expected, {kind: COUNT})


def test_a_file_under_another_name_is_read(tmp_path: Path) -> None:
    folder = write_bag(tmp_path / "bag", {TOPIC: frames(raw_image, COUNT)})
    (folder / "bag.mcap").rename(folder / "monday_morning.mcap")
    assert read(folder) == (list(range(COUNT)), {"renamed_file": 1})


def test_files_that_overlap_are_sorted_by_time(tmp_path: Path) -> None:
    messages = frames(raw_image, COUNT)
    folder = write_bag(tmp_path / "bag", {TOPIC: messages[1::2]})
    second = write_bag(tmp_path / "second", {TOPIC: messages[::2]})
    (folder / "metadata.yaml").unlink()
    (second / "second.mcap").rename(folder / "bag_1.mcap")
    faults = {"missing_metadata": 1, "overlapping_files": 1}
    assert read(folder) == (list(range(COUNT)), faults)


def test_time_that_goes_back(tmp_path: Path) -> None:
    messages = frames(raw_image, COUNT)
    # Looped: the stamps begin again while the recorder's clock goes on.
    again = [(time_ns + 2_000_000_000, message) for time_ns, message in messages]
    path = write_bag(tmp_path / "bag", {TOPIC: [*messages, *again]})
    assert read(path) == ([*range(COUNT), *range(COUNT)], {"time_backwards": 1})


@pytest.mark.parametrize("content", [b"no image", b"", "cut"])
def test_damaged_image_of_a_folder_stands_where_it_was(
    image_folder: Path, content: bytes | str
) -> None:
    path = image_folder / "001.png"
    path.write_bytes(path.read_bytes()[:-40] if isinstance(content, str) else content)
    with open_frames(image_folder) as source:
        first, second, third = source
    assert isinstance(second.image, DamagedImage)
    assert second.image.reason == ("decode" if content else "empty")
    assert str(path) in second.image.detail
    for number, frame in ((0, first), (2, third)):
        np.testing.assert_array_equal(frame.image.data.reshape(48, 64, 3), picture(number))


def test_video_without_its_end(tmp_path: Path, video: Path) -> None:
    cut(video, 0.5)
    faults = Faults()
    with open_frames(video, None, faults) as source:
        numbers = len(list(source))
    assert 0 < numbers < 15
    assert cv2.VideoCapture(str(video)).isOpened()
    assert faults.counts == {"truncated_file": 1}
