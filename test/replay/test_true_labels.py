# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""True labels in messages of every form: the class indices that they stand for, or the reason."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from png_files import exif, png
from small_bags import COMPRESSED, IMAGE, TYPES, header
from tiny_dataset import COLOURS, TABLE

from lwrf_ros.datasets.stored_mask import MaskError
from lwrf_ros.replay.true_labels import TrueLabels

LABELS = np.array([[0, 1, 2, 0, 1], [2, 2, 1, 0, 0], [1, 0, 2, 2, 1]], np.uint8)
WITH_NOTHING = np.where(LABELS == 1, 255, LABELS).astype(np.uint8)
HEIGHT, WIDTH = LABELS.shape


def read(kind: str, *fields: Any) -> np.ndarray:
    message = TYPES.types[kind](header(1), *fields)
    return TrueLabels(TABLE).read(bytes(TYPES.serialize_cdr(message, kind)), kind)


def raw(encoding: str, rows: np.ndarray, big: int = 0) -> np.ndarray:
    """Read a raw image of bytes ``(H, step) uint8``."""
    return read(IMAGE, HEIGHT, WIDTH, encoding, big, rows.shape[1], rows.reshape(-1))


def compressed(data: bytes) -> np.ndarray:
    return read(COMPRESSED, "png", np.frombuffer(data, np.uint8))


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_numbers_of_8_bits(encoding: str) -> None:
    # Rows may be longer than what they hold.
    rows = np.pad(WITH_NOTHING, ((0, 0), (0, 3)), constant_values=77)
    np.testing.assert_array_equal(raw(encoding, rows), WITH_NOTHING)


@pytest.mark.parametrize("encoding", ["mono16", "16UC1"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_of_16_bits(encoding: str, order: str) -> None:
    rows = WITH_NOTHING.astype(f"{order}u2").view(np.uint8)
    np.testing.assert_array_equal(raw(encoding, rows, int(order == ">")), WITH_NOTHING)


def test_colours_of_the_class_table() -> None:
    rgb = COLOURS[LABELS]
    np.testing.assert_array_equal(raw("rgb8", rgb.reshape(HEIGHT, -1)), LABELS)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    np.testing.assert_array_equal(raw("bgr8", bgr.reshape(HEIGHT, -1)), LABELS)
    np.testing.assert_array_equal(compressed(cv2.imencode(".png", bgr)[1].tobytes()), LABELS)


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_numbers_in_a_png_are_those_stored(bits: int) -> None:
    np.testing.assert_array_equal(compressed(png(LABELS, bits)), LABELS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unreadable"),
        (png(LABELS)[:-20], "unreadable"),
        (cv2.imencode(".jpg", LABELS)[1].tobytes(), "lossy"),
        (png(np.full((3, 5), 3)), "no such class"),
        (png(np.zeros((3, 5, 3)).astype(int), kind=2), "colours"),
        (png(LABELS, parts=[(b"eXIf", exif(3))]), "turned by EXIF"),
    ],
)
def test_what_is_no_truth_is_refused_by_reason(data: bytes, reason: str) -> None:
    with pytest.raises(MaskError) as caught:
        compressed(data)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("encoding", "step", "reason"),
    [
        ("32FC1", 20, "no such encoding"),
        ("mono8", 4, "unreadable"),  # shorter than a row
        ("rgb8", 14, "unreadable"),
    ],
)
def test_a_raw_image_that_does_not_fit_is_refused(encoding: str, step: int, reason: str) -> None:
    with pytest.raises(MaskError) as caught:
        raw(encoding, np.zeros((HEIGHT, step), np.uint8))
    assert caught.value.reason == reason
    with pytest.raises(MaskError, match="is shorter than it says"):
        read(IMAGE, HEIGHT, WIDTH, "mono8", 0, WIDTH, np.zeros(WIDTH, np.uint8))


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(MaskError) as caught:
        TrueLabels(TABLE).read(b"\0\1\0\0nothing", IMAGE)
    assert caught.value.reason == "unreadable"
