# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The video has every frame, the rate of the stamps, and one size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lwrf_ros.recordings.overlay_video import FALLBACK_RATE_HZ, OverlayVideo


def frames_of(path: Path) -> tuple[float, list[np.ndarray]]:
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return capture.get(cv2.CAP_PROP_FPS), frames


def test_order_rate_and_cleaning_up(tmp_path: Path) -> None:
    video = OverlayVideo(tmp_path / "overlay.mp4", None)
    for number in range(8):
        # Uneven stamps; their mean is 4 Hz.
        stamp_ns = number * 250_000_000 + (40_000_000 if number in (2, 5) else 0)
        video.add(np.full((48, 64, 3), 30 * number, np.uint8), stamp_ns)
    assert video.finish() == tmp_path / "overlay.mp4"
    rate_hz, frames = frames_of(tmp_path / "overlay.mp4")
    assert rate_hz == pytest.approx(4.0)
    assert [round(frame.mean() / 30) for frame in frames] == list(range(8))
    assert [path.name for path in tmp_path.iterdir()] == ["overlay.mp4"]


def test_size_of_the_first_frame_holds(tmp_path: Path) -> None:
    video = OverlayVideo(tmp_path / "overlay.mp4", None)
    for size in ((48, 64), (64, 48), (480, 640), (2, 2)):
        video.add(np.full((*size, 3), 200, np.uint8), 0)
    video.finish()
    _, (same, portrait, larger, _) = frames_of(tmp_path / "overlay.mp4")
    assert same.mean() == pytest.approx(200, abs=3)
    assert larger.mean() == pytest.approx(200, abs=3)
    # Black at both sides of the picture that is higher than wide.
    assert portrait[:, 28:36].mean() == pytest.approx(200, abs=6)
    assert portrait[:, :8].mean() < 12
    assert portrait[:, -8:].mean() < 12


@pytest.mark.parametrize("stamps_ns", [[5], [5, 5], [9, 5]])
def test_stamps_without_a_rate(tmp_path: Path, stamps_ns: list[int]) -> None:
    video = OverlayVideo(tmp_path / "overlay.mp4", None)
    for stamp_ns in stamps_ns:
        video.add(np.zeros((48, 64, 3), np.uint8), stamp_ns)
    video.finish()
    rate_hz, frames = frames_of(tmp_path / "overlay.mp4")
    assert (rate_hz, len(frames)) == (FALLBACK_RATE_HZ, len(stamps_ns))


def test_no_frame_no_file(tmp_path: Path) -> None:
    assert OverlayVideo(tmp_path / "overlay.mp4", "note").finish() is None
    assert not list(tmp_path.iterdir())
