# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The overlay pictures of a page: which of them, how large, within a number of bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.replay.report.reading import ReportError, overlays
from lwrf_ros.replay.run_record import CameraTopics
from lwrf_ros.terminal.progress import progress_bar

# All cameras of a page together; more is no longer seen apart on a slider.
MOST_PICTURES = 600
_WIDTHS_PX = (960, 800, 640, 560, 480, 400, 320, 240, 160)
_QUALITIES = (80, 70, 60, 50, 40, 30, 20, 10)
# Below it a smaller picture looks better than a worse one.
_GOOD_QUALITY = 50
_SAMPLES = 8
# A picture of less than this part of what it may take: the next one may be better.
_ROOMY = 0.8


def choose_places(count: int, most: int, always: Collection[int]) -> list[int]:
    """Choose the frames that a slider shows, evenly spread.

    Args:
        count: Number of frames.
        most: How many may be chosen beside those of `always`.
        always: Frames to show in any case.

    Returns:
        Their places, growing; all of them if there are no more than `most`.
    """
    every = max(1, -(-count // max(1, most)))
    return sorted({*range(0, count, every), *always})


def encode_overlays(
    folder: Path, camera: CameraTopics, places: list[int], budget_bytes: int
) -> list[bytes]:
    """Read the overlays of some frames and make WebP pictures of them.

    Args:
        folder: The replay's output.
        camera: The camera.
        places: Which of its overlays, growing.
        budget_bytes: What all of them together may take.

    Returns:
        One WebP file each, all as wide as the budget allows at a fair quality.

    Raises:
        ReportError: If an overlay is missing or cannot be read.
    """
    if not places:
        return []
    spread = {places[round(i)] for i in np.linspace(0, len(places) - 1, _SAMPLES)}
    samples = [_decode(folder, jpeg) for jpeg in _pick(folder, camera, sorted(spread))]
    width_px = _fitting_width(samples, budget_bytes / len(places))
    encoded: list[bytes] = []
    left = budget_bytes
    step = _QUALITIES.index(_GOOD_QUALITY)
    jpegs = _pick(folder, camera, places)
    for jpeg in progress_bar("writing pictures", len(places), jpegs, in_logs=True):
        # A frame may take more than its part, if those before it have taken less.
        allowed = left / (len(places) - len(encoded))
        content, step = _encode(_shrink(_decode(folder, jpeg), width_px), allowed, step)
        left -= len(content)
        encoded.append(content)
    return encoded


def encode_picture(path: Path, width_px: int) -> bytes:
    """Make a small WebP picture of a file.

    Raises:
        ReportError: If it cannot be read.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ReportError(f"cannot read the picture {path}; compare again")
    return _webp(_shrink(np.asarray(picture, dtype=np.uint8), width_px), _GOOD_QUALITY)


def _pick(folder: Path, camera: CameraTopics, places: Iterable[int]) -> Iterator[NDArray[np.uint8]]:
    wanted = iter(places)
    place = next(wanted, None)
    for number, jpeg in enumerate(overlays(folder, camera)):
        if place is None:
            return
        if number == place:
            yield jpeg
            place = next(wanted, None)
    if place is not None:
        raise ReportError(f"{camera.overlay} of {folder} ends before frame {place}; replay again")


def _decode(folder: Path, jpeg: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    if picture is None:
        raise ReportError(f"an overlay in the bag {folder} is damaged; replay again")
    return np.asarray(picture, dtype=np.uint8)


def _fitting_width(samples: list[NDArray[np.uint8]], bytes_each: float) -> int:
    """Return the largest width at which the samples fit at a good quality, on average."""
    native = max(sample.shape[1] for sample in samples)
    widths = [min(native, _WIDTHS_PX[0]), *(w for w in _WIDTHS_PX if w < min(native, 960))]
    for width in widths:
        sizes = [len(_webp(_shrink(sample, width), _GOOD_QUALITY)) for sample in samples]
        if sum(sizes) / len(sizes) <= bytes_each:
            return width
    return widths[-1]


def _encode(picture: NDArray[np.uint8], allowed: float, step: int) -> tuple[bytes, int]:
    """Encode a picture so that it fits, if it can.

    Args:
        picture: ``(H, W, 3) uint8`` BGR.
        allowed: How many bytes it may have.
        step: Which of the qualities to begin with.

    Returns:
        The file, and the quality to begin with at the next picture, which is like this one.
    """
    content = _webp(picture, _QUALITIES[step])
    while len(content) > allowed and step < len(_QUALITIES) - 1:
        step += 1
        content = _webp(picture, _QUALITIES[step])
    roomy = len(content) < _ROOMY * allowed
    return content, max(0, step - 1) if roomy else step


def _shrink(picture: NDArray[np.uint8], width_px: int) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if width <= width_px:
        return picture
    size = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _webp(picture: NDArray[np.uint8], quality: int) -> bytes:
    _, content = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])
    return content.tobytes()
