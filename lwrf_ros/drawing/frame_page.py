# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Frames under each other on one page, of each several pictures side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.drawing.legend import INK, PAPER, Colour, draw_legend, load_font
from lwrf_ros.drawing.pictures import wrap

PAGE_WIDTH_PX = 1640
MARGIN_PX = 28
GAP_PX = 10
CAPTION_PX = 34
LINE_PX = 26
MARK_COLOUR: Colour = (226, 0, 38)


class Panel(NamedTuple):
    """One picture of a frame.

    Attributes:
        picture: ``(H, W, 3) uint8`` RGB.
        smooth: Whether it is a photograph; else every colour stays as it is when it is resized.
        caption: What stands under it.
    """

    picture: NDArray[np.uint8]
    smooth: bool = False
    caption: str = ""


class PageRow(NamedTuple):
    """One frame.

    Attributes:
        panels: Its pictures, one a column.
        caption: A line under them and their captions.
    """

    panels: Sequence[Panel]
    caption: str


def draw_page(
    path: Path,
    title: str,
    columns: Sequence[str],
    rows: Sequence[PageRow],
    legend: Mapping[str, Colour],
) -> None:
    """Compose the page as a PNG.

    Args:
        path: File to write.
        title: Line at its top.
        columns: What stands over the columns.
        rows: The frames.
        legend: Colours by name.
    """
    body_px = PAGE_WIDTH_PX - 2 * MARGIN_PX
    panel_px = (body_px - (len(columns) - 1) * GAP_PX) // len(columns)
    parts = [_heading(title, columns, body_px, panel_px)]
    parts += [_row(row, body_px, panel_px) for row in rows]
    parts.append(draw_legend(body_px, legend, {}))
    height = sum(part.height for part in parts) + GAP_PX * (len(parts) - 1) + 2 * MARGIN_PX
    page = Image.new("RGB", (PAGE_WIDTH_PX, height), PAPER)
    top = MARGIN_PX
    for part in parts:
        page.paste(part, (MARGIN_PX, top))
        top += part.height + GAP_PX
    page.save(path)


def marked(image: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Mark a part of an image.

    Args:
        image: ``(H, W, 3) uint8`` RGB.
        where: ``(H, W) bool``.

    Returns:
        ``(H, W, 3) uint8`` RGB: a pale grey image, red in that part.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    pale = (110 + grey.astype(np.float32) * (145 / 255)).astype(np.uint8)
    picture = np.repeat(pale[:, :, np.newaxis], 3, axis=2)
    # Part of the image stays visible, to see what it is that was taken for something else.
    red = 0.75 * np.array(MARK_COLOUR) + 0.25 * grey[:, :, np.newaxis].astype(np.float32)
    picture[where] = red[where].astype(np.uint8)
    return picture


def painted(labels: NDArray[np.uint8], classes: ClassTable) -> NDArray[np.uint8]:
    """Return labels ``(H, W) uint8`` in their colours, ``(H, W, 3) uint8`` RGB; 255 is black."""
    palette = np.zeros((256, 3), dtype=np.uint8)
    palette[: len(classes)] = classes.colours
    picture: NDArray[np.uint8] = palette[labels]
    return picture


def _heading(title: str, columns: Sequence[str], width_px: int, panel_px: int) -> Image.Image:
    font = load_font(26, bold=True)
    lines = wrap(title, font, width_px)
    height = 36 * len(lines) + 34
    picture = Image.new("RGB", (width_px, height), PAPER)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((0, 36 * number + 18), line, INK, font, anchor="lm")
    for place, name in enumerate(columns):
        left = place * (panel_px + GAP_PX)
        draw.text((left, height - 14), name, INK, load_font(19, bold=True), anchor="lm")
    return picture


def _row(row: PageRow, width_px: int, panel_px: int) -> Image.Image:
    panels = [_resized(panel, panel_px) for panel in row.panels]
    font = load_font(19)
    texts = [wrap(panel.caption, font, panel_px) if panel.caption else [] for panel in row.panels]
    height = max(panel.shape[0] for panel in panels)
    lines = max(len(text) for text in texts)
    picture = Image.new("RGB", (width_px, height + CAPTION_PX + LINE_PX * lines), PAPER)
    draw = ImageDraw.Draw(picture)
    middle = height + CAPTION_PX // 2 - 3
    for place, (panel, text) in enumerate(zip(panels, texts, strict=True)):
        left = place * (panel_px + GAP_PX)
        picture.paste(Image.fromarray(panel), (left, 0))
        for number, line in enumerate(text):
            draw.text((left, middle + LINE_PX * number), line, INK, font, anchor="lm")
    draw.text((0, middle + LINE_PX * lines), row.caption, INK, font, anchor="lm")
    return picture


def _resized(panel: Panel, width_px: int) -> NDArray[np.uint8]:
    """Bring a picture to the width of a panel."""
    height, width = panel.picture.shape[:2]
    size = (width_px, max(1, round(height * width_px / width)))
    way = cv2.INTER_AREA if panel.smooth and width > width_px else cv2.INTER_LINEAR
    way = way if panel.smooth else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(panel.picture, size, interpolation=way), dtype=np.uint8)
