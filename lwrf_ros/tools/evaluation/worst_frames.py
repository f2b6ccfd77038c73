# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The frames that went worst on one page: image, truth, labels, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lwrf_ros.classes import UNLABELLED, ClassTable
from lwrf_ros.legend import INK, PAPER, Colour, draw_legend, load_font
from lwrf_ros.tools.evaluation.scoring import Frame
from lwrf_ros.tools.recording.pictures import class_colours, wrap
from lwrf_ros.training.dataset import read_image, read_mask

PAGE_WIDTH_PX = 1640
MARGIN_PX = 28
GAP_PX = 10
CAPTION_PX = 34
COLUMNS = ("image", "truth", "labels", "errors")
PANEL_WIDTH_PX = (PAGE_WIDTH_PX - 2 * MARGIN_PX - (len(COLUMNS) - 1) * GAP_PX) // len(COLUMNS)
ERROR_COLOUR: Colour = (226, 0, 38)
NOTHING_COLOUR: Colour = (0, 0, 0)


def draw_worst_frames(path: Path, title: str, frames: Sequence[Frame], classes: ClassTable) -> None:
    """Compose the page as a PNG.

    Args:
        path: File to write.
        title: Line at its top.
        frames: With labels, in the order of the page.
        classes: The class table.
    """
    body_px = PAGE_WIDTH_PX - 2 * MARGIN_PX
    colours = class_colours(classes.names, classes)
    colours |= {"without a truth or label": NOTHING_COLOUR, "wrong": ERROR_COLOUR}
    parts = [_heading(title, body_px), *(_row(frame, classes, body_px) for frame in frames)]
    parts.append(draw_legend(body_px, colours, {}))
    height = sum(part.height for part in parts) + GAP_PX * (len(parts) - 1) + 2 * MARGIN_PX
    page = Image.new("RGB", (PAGE_WIDTH_PX, height), PAPER)
    top = MARGIN_PX
    for part in parts:
        page.paste(part, (MARGIN_PX, top))
        top += part.height + GAP_PX
    page.save(path)


def error_map(
    image: NDArray[np.uint8], truth: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Show where labels are wrong.

    Args:
        image: ``(H, W, 3) uint8`` RGB.
        truth: ``(H, W) uint8`` class indices; 255 becomes black.
        labels: ``(H, W) uint8`` class indices.

    Returns:
        ``(H, W, 3) uint8`` RGB: a pale grey image, red where it is wrong.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    pale = (110 + grey.astype(np.float32) * (145 / 255)).astype(np.uint8)
    picture = np.repeat(pale[:, :, np.newaxis], 3, axis=2)
    # Part of the image stays visible, to see what it is that was taken for something else.
    red = 0.75 * np.array(ERROR_COLOUR) + 0.25 * grey[:, :, np.newaxis].astype(np.float32)
    wrong = (labels != truth) & (truth != UNLABELLED)
    picture[wrong] = red[wrong].astype(np.uint8)
    picture[truth == UNLABELLED] = NOTHING_COLOUR
    return picture


def painted(labels: NDArray[np.uint8], classes: ClassTable) -> NDArray[np.uint8]:
    """Return labels ``(H, W) uint8`` in their colours, ``(H, W, 3) uint8`` RGB; 255 is black."""
    palette = np.zeros((256, 3), dtype=np.uint8)
    palette[: len(classes)] = classes.colours
    picture: NDArray[np.uint8] = palette[labels]
    return picture


def _heading(title: str, width_px: int) -> Image.Image:
    font = load_font(26, bold=True)
    lines = wrap(title, font, width_px)
    height = 36 * len(lines) + 34
    picture = Image.new("RGB", (width_px, height), PAPER)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((0, 36 * number + 18), line, INK, font, anchor="lm")
    for place, name in enumerate(COLUMNS):
        left = place * (PANEL_WIDTH_PX + GAP_PX)
        draw.text((left, height - 14), name, INK, load_font(19, bold=True), anchor="lm")
    return picture


def _row(frame: Frame, classes: ClassTable, width_px: int) -> Image.Image:
    image, truth = read_image(frame.pair.image), read_mask(frame.pair.mask)
    assert frame.labels is not None  # the worst frames are kept with theirs
    panels = [
        _resized(image, smooth=True),
        _resized(painted(truth, classes)),
        _resized(painted(frame.labels, classes)),
        _resized(error_map(image, truth, frame.labels)),
    ]
    height = panels[0].shape[0]
    picture = Image.new("RGB", (width_px, height + CAPTION_PX), PAPER)
    for place, panel in enumerate(panels):
        picture.paste(Image.fromarray(panel), (place * (PANEL_WIDTH_PX + GAP_PX), 0))
    caption = (
        f"{frame.pair.name}:  mean IoU {frame.mean_iou:.3f},  pixel accuracy "
        f"{frame.pixel_accuracy:.3f}"
    )
    middle = height + CAPTION_PX // 2 - 3
    ImageDraw.Draw(picture).text((0, middle), caption, INK, load_font(19), anchor="lm")
    return picture


def _resized(picture: NDArray[np.uint8], smooth: bool = False) -> NDArray[np.uint8]:
    """Bring a picture to the width of a panel; without smoothing every colour stays as it is."""
    height, width = picture.shape[:2]
    size = (PANEL_WIDTH_PX, max(1, round(height * PANEL_WIDTH_PX / width)))
    way = cv2.INTER_AREA if smooth and width > PANEL_WIDTH_PX else cv2.INTER_LINEAR
    resized = cv2.resize(picture, size, interpolation=way if smooth else cv2.INTER_NEAREST)
    return np.asarray(resized, dtype=np.uint8)
