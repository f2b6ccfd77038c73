# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The pictures of a page: which frames, and as good as a number of bytes allows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from small_run import camera, picture, write_run

from lwrf_ros.replay.report.overlay_pictures import choose_places, encode_overlays
from lwrf_ros.replay.report.reading import ReportError

SHARES = [0.5, 0.25, 0.25]


@pytest.mark.parametrize(
    ("count", "most", "always", "places"),
    [
        (4, 10, [2], [0, 1, 2, 3]),
        (10, 5, [], [0, 2, 4, 6, 8]),
        (11, 5, [10, 1], [0, 1, 3, 6, 9, 10]),
        (0, 5, [], []),
        (3, 0, [], [0]),
    ],
)
def test_frames_are_spread_and_some_are_always_there(
    count: int, most: int, always: list[int], places: list[int]
) -> None:
    assert choose_places(count, most, always) == places


def decoded(content: bytes) -> np.ndarray:
    assert content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def test_the_frames_asked_for_in_their_size(tmp_path: Path) -> None:
    pictures = [picture(number) for number in range(5)]
    folder = write_run(tmp_path / "out", [SHARES, "empty", *[SHARES] * 4], pictures=pictures)
    files = encode_overlays(folder, camera(), [0, 3, 4], 100_000)
    for content, number in zip(files, [0, 3, 4], strict=True):
        shown = decoded(content)
        assert shown.shape == (48, 64, 3)
        assert abs(float(shown.mean()) - float(pictures[number].mean())) < 3


@pytest.mark.parametrize("budget_bytes", [16_000, 60_000, 2_000_000])
def test_the_budget_decides_the_size(tmp_path: Path, budget_bytes: int) -> None:
    # Noise takes more than any real picture.
    pictures = [picture(number, 640, noise=True) for number in range(4)]
    folder = write_run(tmp_path / "out", [SHARES] * 4, pictures=pictures)
    files = encode_overlays(folder, camera(), list(range(4)), budget_bytes)
    assert sum(map(len, files)) <= budget_bytes
    widths = {decoded(content).shape[1] for content in files}
    assert len(widths) == 1
    assert (widths == {640}) == (budget_bytes == 2_000_000)


def test_an_overlay_that_is_missing_or_damaged_is_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", [SHARES] * 3)
    with pytest.raises(ReportError, match="ends before frame 3; replay again"):
        encode_overlays(folder, camera(), [0, 3], 100_000)
    bag = next(folder.glob("*.mcap"))
    bag.write_bytes(bag.read_bytes().replace(b"\xff\xd8\xff\xe0", b"\x00\x00\x00\x00"))
    with pytest.raises(ReportError, match=r"an overlay in the bag .* is damaged"):
        encode_overlays(folder, camera(), [0, 1], 100_000)
