# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What JPEG and PNG claim to be: those of other encoders, bombs, and files made to mislead."""

from __future__ import annotations

import io
import struct
from array import array
from typing import Any

import numpy as np
import PIL.Image
import pytest
from sensor_msgs.msg import CompressedImage

from lwrf_ros.configuration.parameters import Parameters
from lwrf_ros.images import picture_header
from lwrf_ros.images.decoding import Refusal, check, decode
from lwrf_ros.images.picture_header import count_jpeg_scans, read_picture_header

NOISE = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)


def file_of(kind: str, pixels: Any = NOISE, **options: Any) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def message_of(data: bytes) -> CompressedImage:
    return CompressedImage(format="jpeg", data=array("B", data))


def read(data: bytes) -> Any:
    return read_picture_header(array("B", data))


def exif_with_thumbnail() -> bytes:
    """An EXIF block that holds a whole JPEG of another size."""
    return b"Exif\0\0" + file_of("JPEG", NOISE[:8, :16])


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": exif_with_thumbnail()}),
        ("JPEG", {"icc_profile": bytes(200_000), "comment": b"\xff\xc0\xff\xda"}),
        ("PNG", {}),
    ],
)
def test_sizes_of_whole_files(kind: str, options: dict[str, Any]) -> None:
    data = file_of(kind, **options)
    assert read(data) == (kind, 40, 24, 3, 8)
    assert decode(message_of(data)).array.shape == (24, 40, 3)


def test_what_stands_between_segments_is_skipped() -> None:
    data = file_of("JPEG")
    assert read(data[:2] + b"\xff\xff\xff" + data[2:]) == ("JPEG", 40, 24, 3, 8)
    assert read(data[:2] + b"\xff\xd0\0\0junk" + data[2:]) == ("JPEG", 40, 24, 3, 8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_breaks_off_before_a_size_has_none(kind: str) -> None:
    data = file_of(kind)
    end = data.find(b"\xff\xc0") + 10 if kind == "JPEG" else 26
    assert all(read(data[:size]) is None for size in range(end))
    assert read(data[:end]) == (kind, 40, 24, 3, 8)


def test_what_is_neither_has_no_size() -> None:
    for data in (b"", b"\0", b"\xff\xd8", b"\xff\xd8\xff\xd9", file_of("BMP"), file_of("GIF")):
        assert read(data) is None
    png = file_of("PNG")
    assert read(png.replace(b"IHDR", b"IDAT")) is None


def segments(count: int, length: int, marker: int = 0xE1) -> bytes:
    """Application segments, each of `length` bytes after its marker, full of starts of frames."""
    payload = (b"\xff\xc0" * 2**15)[: length - 2]
    return (struct.pack(">BBH", 0xFF, marker, length) + payload) * count


@pytest.mark.parametrize(
    "before",
    [
        # Extended XMP, a colour profile and the index of a multi-picture file (CIPA DC-007),
        # each segment as long as its two bytes of length can say.
        segments(20, 0xFFFF) + segments(255, 0xFFFF, 0xE2) + segments(3, 0xFFFF, 0xE2),
        b"\xff" * 4093,  # filled up to a page of 4 KiB
        segments(1, 64) + bytes(4000),
    ],
    ids=["278 segments of 64 KiB", "fill bytes", "zeros"],
)
def test_a_size_behind_much_else_is_found(before: bytes) -> None:
    data = file_of("JPEG")
    data = data[:2] + before + data[2:]
    assert read(data) == ("JPEG", 40, 24, 3, 8)
    assert decode(message_of(data)).array.shape == (24, 40, 3)


@pytest.mark.parametrize(
    ("before", "one_more"),
    [
        # 1024 with the file's own: APP0, two tables and the frame.
        (b"\xff\xfe\0\2" * 1020, b"\xff\xfe\0\2"),
        (b"\xff" + bytes(2**16 - 1), b"\0"),
        (b"\xff" * 2**16, b"\xff"),
        (b"\xff\0" * 2**15, b"\0"),
    ],
    ids=["segments", "zeros", "fill bytes", "stuffed bytes"],
)
def test_a_size_is_looked_for_so_far_and_no_further(before: bytes, one_more: bytes) -> None:
    data = file_of("JPEG")
    assert read(data[:2] + before + data[2:]) == ("JPEG", 40, 24, 3, 8)
    assert read(data[:2] + before + one_more + data[2:]) is None


class Counting:
    """The pattern of a marker, and how many bytes it was let see."""

    def __init__(self) -> None:
        self.pattern = picture_header._MARKER
        self.bytes = 0

    def search(self, data: memoryview, start: int, end: int) -> Any:
        found = self.pattern.search(data, start, end)
        self.bytes += (found.end() if found else min(end, len(data))) - start
        return found


@pytest.mark.parametrize(
    "unit",
    [b"\0", b"\xff", b"\xff\0", b"\xff\xfe\0\2", b"\xff\xd0" + bytes(4095), b"\xff\xfe\0\2\0"],
)
def test_of_what_keeps_the_reader_busy_little_is_looked_at(
    unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    monkeypatch.setattr(picture_header, "_MARKER", counting)
    # 32 MiB, as much as max_bytes lets through.
    assert read(b"\xff\xd8\xff" + unit * (2**25 // len(unit))) is None
    assert 1024 <= counting.bytes <= 2**16 + 2 * 1024 + 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_bomb_is_refused_by_what_it_claims(kind: str) -> None:
    data = bytearray(file_of(kind))
    if kind == "JPEG":
        at = data.find(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 65500, 65500)
    else:
        data[16:24] = struct.pack(">II", 100_000, 100_000)
    with pytest.raises(Refusal, match="max_pixels allows 33554432") as caught:
        check(message_of(bytes(data)))
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_limit_is_the_parameter(kind: str) -> None:
    message = message_of(file_of(kind))
    check(message, Parameters(max_pixels=24 * 40))
    with pytest.raises(Refusal, match=f"a {kind} image claims 40x24 pixels; max_pixels allows 959"):
        check(message, Parameters(max_pixels=24 * 40 - 1))


def test_a_jpeg_that_goes_over_its_pixels_again_and_again_is_refused() -> None:
    data = file_of("JPEG", progressive=True)
    first = data.find(b"\xff\xda")
    second = data.find(b"\xff\xda", first + 1)
    bomb = data[:second] + data[first:second] * 100 + data[second:]
    with pytest.raises(Refusal, match="scans; wanted at most 64") as caught:
        decode(message_of(bomb))
    assert caught.value.reason == "too_large"


def scans(data: bytes) -> int | None:
    return count_jpeg_scans(array("B", data))


def test_scans_are_those_that_a_decoder_meets() -> None:
    assert scans(file_of("JPEG")) == 1
    # libjpeg's steps of colour: DC, five of the first bits, one more bit of all, and of each AC.
    progressive = file_of("JPEG", progressive=True)
    assert scans(progressive) == 10
    # What is between a picture and the end of the file is no part of it.
    assert scans(progressive + progressive) == 10
    # Broken off within the last scan.
    assert scans(progressive[:-20]) == 10


@pytest.mark.parametrize(
    "metadata", [{"comment": b"\xff\xda" * 100}, {"exif": exif_with_thumbnail()}]
)
def test_what_looks_like_scans_in_metadata_is_none(metadata: dict[str, Any]) -> None:
    data = file_of("JPEG", **metadata)
    assert data.count(b"\xff\xda") > 1
    assert scans(data) == 1
    assert decode(message_of(data)).array.shape == (24, 40, 3)


def test_scans_hide_behind_no_segment_that_decoders_do_not_jump_over() -> None:
    data = file_of("JPEG", progressive=True)
    second = data.find(b"\xff\xda", data.find(b"\xff\xda") + 1)
    # In damaged pixels, with what would be a length behind the marker.
    for marker in (0x01, 0x02, 0xBF, 0xD0, 0xD7):
        assert scans(data[:second] + bytes((0xFF, marker, 0xFF, 0xFF)) + data[second:]) == 10


def test_a_jpeg_of_too_many_segments_is_refused() -> None:
    data = file_of("JPEG")
    comment = b"\xff\xfe\0\2"
    start = data.find(b"\xff\xda")
    own = data[:start].count(b"\xff\xc4") + 5  # tables of codes; APP0, two tables, frame, scan
    whole = data[:start] + comment * (2048 - own - 1) + data[start:]  # and the end
    assert scans(whole) == 1
    assert decode(message_of(whole)).array.shape == (24, 40, 3)
    assert scans(whole[:start] + comment + whole[start:]) is None
    with pytest.raises(Refusal, match="has more than 2048 segments") as caught:
        decode(message_of(whole[:start] + comment + whole[start:]))
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("kind", ["BMP", "GIF", "TIFF", "WEBP", "PPM"])
def test_other_formats_are_not_handed_to_a_decoder(kind: str) -> None:
    with pytest.raises(Refusal, match="is no whole JPEG or PNG image") as caught:
        check(message_of(file_of(kind)))
    assert caught.value.reason == "decode"
