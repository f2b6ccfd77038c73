# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the tests of the tools share: processes on a domain of their own, small recordings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore
from sample_picture import picture

from lwrf_ros.processes.domain import reserve_domain_id

REPOSITORY = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def shared_bags(shared: Path) -> Path:
    """The folder of real bags beside the repository."""
    return shared / "bags"


@pytest.fixture(scope="session")
def shared_cases(shared: Path) -> Path:
    """The folder of files as people's tools write them, beside the repository."""
    return shared / "cases"


@pytest.fixture
def ros_environment() -> Iterator[dict[str, str]]:
    """The environment of processes that meet each other and nobody else."""
    with reserve_domain_id() as domain_id:
        environment = dict(os.environ, ROS_DOMAIN_ID=str(domain_id), PYTHONUNBUFFERED="1")
        environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        paths = [str(REPOSITORY), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        yield environment


@pytest.fixture
def start(ros_environment: dict[str, str]) -> Iterator[Start]:
    """Start Python processes; those that are left at the end of the test are killed."""
    processes: list[subprocess.Popen[str]] = []

    def start_process(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            env=ros_environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield start_process
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def lwrf(start: Start) -> Start:
    """Start a subcommand of lwrf."""
    return lambda *arguments: start("-m", "lwrf_ros.cli.main", *arguments)


@pytest.fixture
def fake_segmenter(start: Start) -> Start:
    """Start a process that publishes what the node would; see fake_segmenter.py."""
    return lambda *arguments: start(HERE / "fake_segmenter.py", *arguments)


@pytest.fixture
def image_listener(start: Start) -> Start:
    """Start a process that receives images; see image_listener.py."""
    return lambda *arguments: start(HERE / "image_listener.py", *arguments)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A video of 20 frames, 64x48, at 20 Hz."""
    path = tmp_path / "small.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for number in range(20):
        writer.write(picture(number))
    writer.release()
    return path


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """A folder of three images, 64x48, and a text file."""
    folder = tmp_path / "images"
    folder.mkdir()
    # Written out of order: the names decide.
    for number in (2, 0, 1):
        cv2.imwrite(str(folder / f"{number:03}.png"), picture(number))
    (folder / "notes.txt").write_text("not an image")
    return folder


@pytest.fixture
def raw_bag(tmp_path: Path) -> Path:
    """A bag of five raw images with padded rows on /front/image_raw, 20 Hz, and a text topic.

    Message k: mono16, big-endian, 6x2, step 16 (4 bytes of padding), stamp 100 s + k * 50 ms,
    frame_id front, data bytes (k + place) % 256; recorded 7 ms after its stamp.
    """
    types = get_typestore(Stores.ROS2_HUMBLE)
    header, time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    image, text = types.types["sensor_msgs/msg/Image"], types.types["std_msgs/msg/String"]
    path = tmp_path / "raw_bag"
    with Writer(path, version=9) as writer:
        images = writer.add_connection("/front/image_raw", image.__msgtype__, typestore=types)
        texts = writer.add_connection("/notes", text.__msgtype__, typestore=types)
        for number in range(5):
            message = image(
                header=header(time(100, number * 50_000_000), "front"),
                height=2,
                width=6,
                encoding="mono16",
                is_bigendian=1,
                step=16,
                data=((np.arange(32) + number) % 256).astype(np.uint8),
            )
            time_ns = 100_007_000_000 + number * 50_000_000
            raw = types.serialize_cdr(message, image.__msgtype__)
            writer.write(images, time_ns, raw)
            writer.write(texts, time_ns, types.serialize_cdr(text(data="note"), text.__msgtype__))
    return path


@pytest.fixture
def compressed_bag(tmp_path: Path) -> Path:
    """A bag of three JPEGs on each of /left/compressed and /right/compressed, 10 Hz."""
    types = get_typestore(Stores.ROS2_HUMBLE)
    header, time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    image = types.types["sensor_msgs/msg/CompressedImage"]
    path = tmp_path / "compressed_bag"
    with Writer(path, version=9) as writer:
        for side in ("left", "right"):
            topic = f"/{side}/compressed"
            connection = writer.add_connection(topic, image.__msgtype__, typestore=types)
            for number in range(3):
                stamp_ns = 5_000_000_000 + number * 100_000_000
                _, data = cv2.imencode(".jpg", picture(number))
                stamp = time(*divmod(stamp_ns, 1_000_000_000))
                message = image(header(stamp, side), f"jpeg of {side}", data.reshape(-1))
                raw = types.serialize_cdr(message, image.__msgtype__)
                writer.write(connection, stamp_ns, raw)
    return path
