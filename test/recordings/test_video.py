# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Frames of videos: each at its own time, upright, and past those that are damaged."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from lwrf_ros.recordings import DamagedImage, Frame, FrameError, RawImage, open_frames

WIDTH, HEIGHT = 64, 48
# Blocks of noise, which no codec can skip.
NOISE = np.random.default_rng(0).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
BLOCKS = NOISE.repeat(8, axis=0).repeat(8, axis=1)


def write(
    path: Path,
    codec: str,
    times_ms: Sequence[int],
    pictures: Sequence[NDArray[np.uint8]] | None = None,
    pixels: str = "yuv420p",
) -> Path:
    """Write a video whose frames depend on those before them, back to every tenth."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        stream.gop_size, stream.bit_rate = 10, 4_000_000
        # An AVI has a frame, if an empty one, at each tick.
        ticks = Fraction(1, 10 if path.suffix == ".avi" else 1000)
        stream.time_base = stream.codec_context.time_base = ticks
        for number, time_ms in enumerate(times_ms):
            shown = (
                np.roll(BLOCKS, (number, 4 * number), (0, 1))
                if pictures is None
                else pictures[number]
            )
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="bgr24")
            frame.pts, frame.time_base = round(Fraction(time_ms, 1000) / ticks), ticks
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def read(path: Path) -> list[Frame]:
    with open_frames(path) as source:
        return list(source)


def damaged(frames: Sequence[Frame]) -> list[int]:
    return [place for place, one in enumerate(frames) if isinstance(one.image, DamagedImage)]


def pixels_of(frame: Frame) -> NDArray[np.uint8]:
    assert isinstance(frame.image, RawImage)
    return frame.image.data.reshape(frame.image.height, frame.image.width, 3)


def spoil(path: Path, number: int) -> None:
    """Zero what there is of one frame in a file."""
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    data = [packet for packet in packets if any(packet)][number]
    content = path.read_bytes()
    assert content.count(data) == 1
    path.write_bytes(content.replace(data, bytes(len(data))))


@pytest.mark.parametrize(("codec", "kind"), [("mpeg4", "mp4"), ("libvpx", "webm")])
def test_every_frame_has_its_own_time(tmp_path: Path, codec: str, kind: str) -> None:
    # A browser's recorder: as the pictures came, and a container that claims 1000 Hz.
    times_ms = [0, 33, 70, 71, 400, 1900, 1933]
    path = write(tmp_path / f"varying.{kind}", codec, [250 + time for time in times_ms])
    frames = read(path)
    assert [frame.time_ns for frame in frames] == [time * 1_000_000 for time in times_ms]
    assert [frame.stamp_ns for frame in frames] == [frame.time_ns for frame in frames]
    with open_frames(path) as source:
        assert source.rate_hz is None or source.rate_hz < 100


@pytest.mark.parametrize(
    ("codec", "kind", "pixels", "lost"),
    [
        # Each frame by itself: one fault is one frame.
        ("mjpeg", "avi", "yuvj420p", [15]),
        # Those up to the next key frame are built upon the damaged one.
        ("mpeg4", "mp4", "yuv420p", [15, 16, 17, 18, 19]),
        ("mpeg4", "avi", "yuv420p", [15, 16, 17, 18, 19]),
    ],
)
def test_a_damaged_frame_is_no_end(
    tmp_path: Path, codec: str, kind: str, pixels: str, lost: list[int]
) -> None:
    path = write(tmp_path / f"hole.{kind}", codec, range(0, 4000, 100), pixels=pixels)
    sound = read(path)
    assert (len(sound), damaged(sound)) == (40, [])
    spoil(path, 15)
    frames = read(path)
    assert (len(frames), damaged(frames)) == (40, lost)
    assert [frame.time_ns for frame in frames] == [frame.time_ns for frame in sound]
    for number in set(range(40)) - set(lost):
        np.testing.assert_array_equal(pixels_of(frames[number]), pixels_of(sound[number]))


def test_frames_that_are_sorted_by_the_decoder_are_counted_once(tmp_path: Path) -> None:
    path = write(tmp_path / "sorted.mp4", "libx264", range(0, 4000, 100))
    sound = read(path)
    spoil(path, 20)  # the third key frame: the decoder gives nothing up to the next
    frames = read(path)
    assert (len(frames), damaged(frames)) == (40, list(range(20, 30)))
    for number in (*range(20), *range(30, 40)):
        np.testing.assert_array_equal(pixels_of(frames[number]), pixels_of(sound[number]))


def test_nothing_but_damage_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "dead.avi", "mjpeg", [0, 100], pixels="yuvj420p")
    spoil(path, 0)
    spoil(path, 0)
    with pytest.raises(FrameError, match="not one frame of it can be decoded"):
        read(path)


# By the way a phone was held: the container's matrix, and what is done to what it stores.
TURNS = {
    "upright": ((1, 0, 0, 1), lambda stored: stored),
    "clockwise": ((0, 1, -1, 0), lambda stored: np.rot90(stored, -1)),
    "upside down": ((-1, 0, 0, -1), lambda stored: np.rot90(stored, 2)),
    "counter-clockwise": ((0, -1, 1, 0), lambda stored: np.rot90(stored, 1)),
    "mirrored": ((-1, 0, 0, 1), lambda stored: stored[:, ::-1]),
}


@pytest.mark.parametrize("turn", TURNS)
def test_a_video_is_upright(tmp_path: Path, turn: str) -> None:
    corners = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    corners[: HEIGHT // 2, : WIDTH // 2] = (0, 0, 255)
    corners[HEIGHT // 2 :, : WIDTH // 2] = (0, 255, 0)
    path = write(tmp_path / "phone.mp4", "mpeg4", [0, 100], [corners, corners])
    (right_x, right_y, down_x, down_y), expected = TURNS[turn]
    one, unit = 1 << 16, 1 << 30
    plain = struct.pack(">9i", one, 0, 0, 0, one, 0, 0, 0, unit)
    matrix = struct.pack(
        ">9i", right_x * one, right_y * one, 0, down_x * one, down_y * one, 0, 0, 0, unit
    )
    content = path.read_bytes()
    # Of the movie and of its track; the track's counts.
    assert content.count(plain) == 2
    path.write_bytes(matrix.join(content.rsplit(plain, 1)))
    shown = pixels_of(read(path)[0])
    wanted = expected(corners)
    assert shown.shape == wanted.shape
    # The codec blurs the edges between the corners.
    assert np.mean(abs(shown.astype(int) - wanted) > 60) < 0.1


def test_shared_videos(shared_cases: Path) -> None:
    frames = read(shared_cases / "hole.avi")
    assert (len(frames), damaged(frames)) == (40, [19])
    assert [frame.time_ns for frame in frames] == [number * 100_000_000 for number in range(40)]
    assert {pixels_of(frame).shape for frame in read(shared_cases / "rotated90.mp4")} == {
        (64, 48, 3)
    }
