# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Messages to pictures: every encoding against its formula, every bad frame against its reason."""

from __future__ import annotations

import io
import random
from array import array
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest
from encodings_table import EVEN_WIDTH, SAMPLES, WIDE, difference, message_of, seen_in
from harness import recorded_images
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from lwrf_ros.images.decoding import ENCODINGS, Picture, Refusal
from lwrf_ros.node.input import bridge
from lwrf_ros.node.input.image_messages import check, decode

BAG = "bags/odd_encodings_ros2_db3"


@pytest.fixture(autouse=True)
def without_cv_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's own table is what is tested here."""
    monkeypatch.setattr(bridge, "working_bridge", lambda: None)


def decoded(message: Image | CompressedImage) -> Picture:
    check(message)
    return decode(message)


def reason(message: Image | CompressedImage) -> str:
    with pytest.raises(Refusal) as caught:
        decoded(message)
    assert str(caught.value)
    return caught.value.reason


def smooth(height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """A picture that survives JPEG, with three different channels."""
    y, x = np.mgrid[:height, :width]
    return np.stack([40 + 2 * x, 60 + 3 * y, 200 - x - y], axis=-1).astype(np.uint8)


def compressed(picture: Any, kind: str, **options: Any) -> CompressedImage:
    """Compress ``(H, W)`` or ``(H, W, 3) RGB``, or a Pillow image, without OpenCV."""
    if isinstance(picture, np.ndarray):
        picture = PIL.Image.fromarray(picture)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return CompressedImage(format=kind.lower(), data=array("B", buffer.getvalue()))


def test_the_table_is_complete() -> None:
    assert set(SAMPLES) == set(ENCODINGS)


@pytest.mark.parametrize("padding", [0, 1, 7, 64])
@pytest.mark.parametrize("encoding", SAMPLES)
def test_every_encoding(encoding: str, padding: int) -> None:
    sample = SAMPLES[encoding](24, 32)
    shown = seen_in(decoded(message_of(encoding, sample, padding)))
    assert difference(shown, sample.seen).max() <= sample.tolerance


@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("encoding", SAMPLES)
def test_big_endian(encoding: str, padding: int) -> None:
    sample = SAMPLES[encoding](24, 32)
    message = message_of(encoding, sample, padding, big_endian=True)
    if encoding in WIDE:
        assert message.data != message_of(encoding, sample, padding).data
    assert difference(seen_in(decoded(message)), sample.seen).max() <= sample.tolerance


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (23, 31)])
@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", [name for name in SAMPLES if name not in EVEN_WIDTH])
def test_odd_sizes(encoding: str, size: tuple[int, int], padding: int) -> None:
    sample = SAMPLES[encoding](*size)
    shown = seen_in(decoded(message_of(encoding, sample, padding)))
    assert difference(shown, sample.seen).max() <= sample.tolerance


@pytest.mark.parametrize("encoding", ["yuv422", "uyvy", "yuyv", "yuv422_yuy2"])
def test_pairs_of_pixels_need_an_even_width_alone(encoding: str) -> None:
    sample = SAMPLES[encoding](7, 6)
    shown = seen_in(decoded(message_of(encoding, sample)))
    assert difference(shown, sample.seen).max() <= sample.tolerance


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "mono8"])
@pytest.mark.parametrize("padding", [0, 5])
def test_the_usual_encodings_are_views(encoding: str, padding: int) -> None:
    message = message_of(encoding, SAMPLES[encoding](24, 32), padding)
    picture = decoded(message)
    assert picture.encoding == encoding
    assert np.shares_memory(picture.array, np.frombuffer(message.data, np.uint8))
    assert picture.array.strides[0] == message.step


def test_more_data_than_needed_is_ignored() -> None:
    sample = SAMPLES["rgb8"](4, 6)
    message = message_of("rgb8", sample, padding=5)
    message.data = message.data + array("B", [1] * 100)
    assert (decoded(message).array == sample.seen).all()


def test_padding_of_the_last_row_may_be_left_out() -> None:
    sample = SAMPLES["mono16"](4, 6)
    message = message_of("mono16", sample, padding=6)
    message.data = message.data[:-6]
    assert (decoded(message).array == sample.seen).all()
    message.data = message.data[:-1]
    assert reason(message) == "data"


def raw(width: int, height: int, encoding: str, step: int, size: int) -> Image:
    message = Image(width=width, height=height, encoding=encoding, step=step)
    message.data = array("B", bytes(size))
    return message


@pytest.mark.parametrize(
    ("message", "expected", "text"),
    [
        (raw(0, 4, "rgb8", 0, 12), "empty", "0x4 with 12 bytes"),
        (raw(4, 0, "rgb8", 12, 12), "empty", "4x0 with 12 bytes"),
        (raw(4, 4, "rgb8", 12, 0), "empty", "4x4 with 0 bytes"),
        (raw(4, 4, "h264", 12, 48), "encoding", "'h264', not known here; wanted one of rgb8"),
        (raw(4, 4, "RGB8", 12, 48), "encoding", "'RGB8', not known here"),
        (raw(4, 4, "", 12, 48), "encoding", "''"),
        (raw(4, 4, "32FC1", 16, 64), "encoding", "depth or numbers, not a picture"),
        (raw(4, 4, "16UC1", 8, 32), "encoding", "depth or numbers, not a picture"),
        (raw(5, 4, "yuv422", 10, 40), "size", "a yuv422 image is 5x4; wanted even sides"),
        (raw(5, 4, "nv12", 5, 30), "size", "5x4"),
        (raw(4, 5, "nv21", 4, 30), "size", "4x5"),
        (raw(5, 4, "bayer_rggb8", 5, 20), "size", "5x4"),
        (raw(4, 4, "rgb8", 11, 48), "step", "step is 11 bytes; a row of 4 rgb8 pixels has 12"),
        (raw(4, 4, "rgb8", 0, 48), "step", "step is 0 bytes"),
        (raw(4, 4, "mono16", 7, 48), "step", "a row of 4 mono16 pixels has 8"),
        (raw(4, 4, "rgb8", 12, 47), "data", "is 47 bytes; 4 rows of step 12 need 48"),
        (raw(4, 4, "rgb8", 16, 59), "data", "is 59 bytes; 4 rows of step 16 need 60"),
        (raw(4, 4, "nv12", 4, 23), "data", "is 23 bytes; 6 rows of step 4 need 24"),
        (raw(8192, 4096, "mono8", 8192, 9), "data", "is 9 bytes"),
        (raw(2**25, 1, "rgba16", 0, 9), "step", "pixels has 268435456"),
        (raw(2**32 - 1, 2**32 - 1, "mono8", 2**32 - 1, 9), "too_large", "4294967295x4294967295"),
        (raw(8193, 4096, "mono8", 8193, 9), "too_large", "max_pixels allows 33554432"),
        (CompressedImage(format="jpeg"), "empty", "no data"),
        (
            CompressedImage(format="16UC1; compressedDepth png", data=array("B", [1, 2])),
            "encoding",
            "a depth image; wanted a JPEG or PNG picture",
        ),
    ],
)
def test_bad_headers(message: Image | CompressedImage, expected: str, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        check(message)
    assert caught.value.reason == expected
    assert text in str(caught.value)


@pytest.mark.parametrize("encoding", SAMPLES)
@given(
    width=st.integers(0, 9),
    height=st.integers(0, 9),
    step=st.integers(0, 80),
    size=st.integers(0, 900),
    big_endian=st.sampled_from([0, 1, 255]),
)
def test_whatever_the_header_says_there_is_a_picture_or_a_refusal(
    encoding: str, width: int, height: int, step: int, size: int, big_endian: int
) -> None:
    message = raw(width, height, encoding, step, size)
    message.is_bigendian = big_endian
    try:
        check(message)
        picture = decode(message)
    except Refusal:
        return
    assert seen_in(picture).shape[:2] == (height, width)


def test_jpeg() -> None:
    shown = decoded(compressed(smooth(), "JPEG", quality=95))
    assert difference(seen_in(shown), smooth()).max() <= 12
    assert difference(seen_in(shown), smooth()).mean() <= 2


def test_grey_jpeg() -> None:
    grey = smooth()[:, :, 0]
    shown = decoded(compressed(grey, "JPEG", quality=95))
    assert shown.encoding == "mono8"
    assert difference(shown.array, grey).max() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_stays_as_it_was_sent_whatever_its_exif_says(orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    shown = seen_in(decoded(compressed(smooth(), "JPEG", quality=95, exif=exif.tobytes())))
    assert difference(shown, smooth()).max() <= 12


def test_png() -> None:
    picture = smooth(47, 63)
    assert (seen_in(decoded(compressed(picture, "PNG"))) == picture).all()


def test_png_with_alpha() -> None:
    alpha = np.random.default_rng(0).integers(0, 256, (48, 64, 1), dtype=np.uint8)
    picture = PIL.Image.fromarray(np.concatenate([smooth(), alpha], axis=2))
    assert (seen_in(decoded(compressed(picture, "PNG"))) == smooth()).all()


def test_grey_png() -> None:
    grey = smooth()[:, :, 1]
    shown = decoded(compressed(grey, "PNG"))
    assert shown.encoding == "mono8"
    assert (shown.array == grey).all()


def test_png_with_a_palette() -> None:
    picture = PIL.Image.fromarray(smooth()).quantize(16)
    expected = np.asarray(picture.convert("RGB"))
    assert (seen_in(decoded(compressed(picture, "PNG"))) == expected).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_png_of_16_bits(channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (48, 64, channels), dtype=np.uint16)
    data = cv2.imencode(".png", values)[1]
    shown = decoded(CompressedImage(format="png", data=array("B", data.tobytes())))
    expected = np.round(values / 257.0).astype(np.uint8).squeeze()
    assert shown.encoding == ("mono8" if channels == 1 else "bgr8")
    assert (shown.array == expected).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("kept", [0.001, 0.1, 0.5, 0.9, 0.99])
def test_truncated_pictures(kind: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    message = compressed(noise, kind)
    message.data = message.data[: max(1, int(len(message.data) * kept))]
    assert reason(message) == "decode"


@pytest.mark.parametrize("data", [b"\0", b"<!DOCTYPE html>", b"\xff\xd8\xff", bytes(1000)])
def test_what_is_no_picture(data: bytes) -> None:
    assert reason(CompressedImage(format="jpeg", data=array("B", data))) == "decode"


def test_a_wrong_format_does_not_matter() -> None:
    message = compressed(smooth(), "PNG")
    message.format = "jpeg"
    assert (seen_in(decoded(message)) == smooth()).all()


@lru_cache(maxsize=2)
def payload(kind: str) -> bytes:
    return bytes(compressed(smooth(), kind).data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@given(seed=st.integers(0, 2**32), flips=st.integers(1, 20), cut=st.integers(0, 200))
def test_damaged_pictures_never_raise_anything_else(
    kind: str, seed: int, flips: int, cut: int
) -> None:
    data = bytearray(payload(kind))
    generator = random.Random(seed)
    for _ in range(flips):
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    message = CompressedImage(format=kind.lower(), data=array("B", data[: len(data) - cut]))
    try:
        picture = decoded(message)
    except Refusal as refusal:
        # Everything may have been cut off, and a flipped bit may claim another size.
        assert refusal.reason in {"decode", "too_large"} if len(message.data) else {"empty"}
    else:
        assert picture.array.ndim == 3
        assert picture.array.dtype == np.uint8


@given(data=st.binary(min_size=1))
def test_arbitrary_payloads_are_refused(data: bytes) -> None:
    assert reason(CompressedImage(format="png", data=array("B", data))) == "decode"


@pytest.fixture(scope="module")
def bag(shared: Path) -> dict[str, Image | CompressedImage]:
    """The bag of odd encodings, by topic."""
    if not (shared / BAG).is_dir():
        pytest.skip(f"{shared / BAG} is missing: the real frame is only there for the developers")
    return {
        topic.removeprefix("/enc/"): message for topic, message in recorded_images(shared / BAG)
    }


# The largest and the mean difference to the frame that all of them were made from: none where
# nothing was lost; rounding; YUV, which was made with Y from 0 to 255 where ROS means 16 to 235 (a
# mistaken order of its bytes would be several times as far away); and what a mosaic loses.
EXACT, ROUNDED, YUV, MOSAIC = (0, 0.0), (1, 0.01), (40, 7.5), (255, 4.0)
IN_BAG = {
    "rgb8": EXACT,
    "bgr8": EXACT,
    "rgba8": EXACT,
    "bgra8": EXACT,
    "8uc3": EXACT,
    "rgb8_padded_step": EXACT,
    "compressed_png": EXACT,
    "rgb16": ROUNDED,
    "bgr16": ROUNDED,
    "mono8": ROUNDED,
    "8uc1": ROUNDED,
    "mono16": ROUNDED,
    "mono16_bigendian": ROUNDED,
    "yuv422": YUV,
    "uyvy": YUV,
    "yuv422_yuy2": YUV,
    "yuyv": YUV,
    "bayer_rggb8": MOSAIC,
    "bayer_bggr8": MOSAIC,
    "bayer_gbrg8": MOSAIC,
    "bayer_grbg8": MOSAIC,
}
REFUSED_IN_BAG = {
    "32fc1": "encoding",
    "unknown_encoding": "encoding",
    "rgb8_short_data": "data",
    "empty_data": "empty",
    "compressed_jpeg_truncated": "decode",
}


def test_every_topic_of_the_bag_is_looked_at(bag: dict[str, Any]) -> None:
    assert set(bag) == set(IN_BAG) | set(REFUSED_IN_BAG)


@pytest.mark.parametrize("topic", IN_BAG)
def test_real_frame(bag: dict[str, Any], topic: str) -> None:
    frame = np.frombuffer(bag["rgb8"].data, np.uint8).reshape(240, 320, 3)
    shown = seen_in(decoded(bag[topic]))
    expected = frame
    if shown.ndim == 2:
        expected = np.round(frame @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    apart = difference(shown, expected)
    most, mean = IN_BAG[topic]
    assert apart.max() <= most
    assert apart.mean() <= mean


@pytest.mark.parametrize("topic", REFUSED_IN_BAG)
def test_bad_frame(bag: dict[str, Any], topic: str) -> None:
    assert reason(bag[topic]) == REFUSED_IN_BAG[topic]


def test_a_frame_id_has_at_most_1024_characters_and_shows_40() -> None:
    message = raw(4, 4, "rgb8", 12, 48)
    message.header.frame_id = "x" * 1024
    check(message)
    message.header.frame_id += "x"
    with pytest.raises(Refusal) as caught:
        check(message)
    assert caught.value.reason == "header"
    shown = "x" * 40
    assert str(caught.value) == (
        f"the frame_id '{shown}...' has 1025 characters; wanted at most 1024"
    )
