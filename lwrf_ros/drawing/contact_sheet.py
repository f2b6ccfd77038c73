# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A dozen frames of a run on one page, with the classes' colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from lwrf_ros.drawing.legend import INK, PAPER, Colour, draw_legend, load_font
from lwrf_ros.drawing.pictures import banner_strip

FRAMES_ON_SHEET = 12
# Many more than are shown, so that those shown can be evenly spread; about 25 MB.
KEPT = 6 * FRAMES_ON_SHEET
COLUMNS = 4
SHEET_WIDTH_PX = 1640
MARGIN_PX = 28
GAP_PX = 14
CAPTION_PX = 30
THUMBNAIL_WIDTH_PX = (SHEET_WIDTH_PX - 2 * MARGIN_PX - (COLUMNS - 1) * GAP_PX) // COLUMNS


@dataclass(frozen=True)
class Thumbnail:
    """A frame made small.

    Attributes:
        number: Position of the frame in the run, from 1.
        stamp_ns: Stamp of its header, nanoseconds.
        pixels: ``(h, w, 3) uint8`` RGB, THUMBNAIL_WIDTH_PX wide.
    """

    number: int
    stamp_ns: int
    pixels: npt.NDArray[np.uint8]


class ContactSheet:
    """Keeps evenly spread frames of a run of any length, in constant memory."""

    def __init__(self) -> None:
        self._kept: list[Thumbnail] = []
        self._every = 1
        self._seen = 0

    def add(self, frame_bgr: npt.NDArray[np.uint8], stamp_ns: int) -> None:
        """Look at one frame of the run.

        Args:
            frame_bgr: ``(H, W, 3) uint8`` BGR; not kept.
            stamp_ns: Stamp of its header, nanoseconds.
        """
        if self._seen % self._every == 0:
            if len(self._kept) == KEPT:
                # Full: keep every second one, and take half as many from now on.
                del self._kept[1::2]
                self._every *= 2
            if self._seen % self._every == 0:
                thumbnail = Thumbnail(self._seen + 1, stamp_ns, _shrink(frame_bgr))
                self._kept.append(thumbnail)
        self._seen += 1

    def chosen(self) -> list[Thumbnail]:
        """Return the frames for the sheet, evenly spread, at most FRAMES_ON_SHEET."""
        count = min(FRAMES_ON_SHEET, len(self._kept))
        places = np.linspace(0, len(self._kept) - 1, count).round().astype(int)
        return [self._kept[place] for place in places]

    def write(
        self,
        path: Path,
        title: str,
        note: str | None,
        colours: Mapping[str, Colour],
        details: Mapping[str, str],
    ) -> None:
        """Compose the sheet as a PNG.

        Args:
            path: File to write.
            title: Line at its top.
            note: Sentence for a banner, None for no banner.
            colours: RGB colours by class name.
            details: What the legend says behind a name, by class name.
        """
        body_width = SHEET_WIDTH_PX - 2 * MARGIN_PX
        parts = [_title(title, body_width)]
        if note:
            parts.append(Image.fromarray(banner_strip(body_width, note, 30)))
        parts.append(_grid(self.chosen(), body_width))
        if colours:
            parts.append(draw_legend(body_width, colours, details))
        height = sum(part.height for part in parts) + GAP_PX * (len(parts) - 1) + 2 * MARGIN_PX
        sheet = Image.new("RGB", (SHEET_WIDTH_PX, height), PAPER)
        top = MARGIN_PX
        for part in parts:
            sheet.paste(part, (MARGIN_PX, top))
            top += part.height + GAP_PX
        sheet.save(path)


def _shrink(frame_bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = frame_bgr.shape[:2]
    size = (THUMBNAIL_WIDTH_PX, max(1, round(height * THUMBNAIL_WIDTH_PX / width)))
    interpolation = cv2.INTER_AREA if width > THUMBNAIL_WIDTH_PX else cv2.INTER_LINEAR
    small = cv2.resize(frame_bgr, size, interpolation=interpolation)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _title(text: str, width_px: int) -> Image.Image:
    picture = Image.new("RGB", (width_px, 40), PAPER)
    ImageDraw.Draw(picture).text((0, 20), text, INK, load_font(26, bold=True), anchor="lm")
    return picture


def _grid(thumbnails: list[Thumbnail], width_px: int) -> Image.Image:
    columns = min(COLUMNS, len(thumbnails))
    rows = -(-len(thumbnails) // columns)
    # Cameras may change their size during a run: the highest frame gives the height of all cells.
    cell_height = max(thumbnail.pixels.shape[0] for thumbnail in thumbnails) + CAPTION_PX
    picture = Image.new("RGB", (width_px, rows * cell_height + (rows - 1) * GAP_PX), PAPER)
    draw = ImageDraw.Draw(picture)
    inset = (width_px - columns * THUMBNAIL_WIDTH_PX - (columns - 1) * GAP_PX) // 2
    start_ns = thumbnails[0].stamp_ns
    for place, thumbnail in enumerate(thumbnails):
        left = inset + (place % columns) * (THUMBNAIL_WIDTH_PX + GAP_PX)
        top = (place // columns) * (cell_height + GAP_PX)
        picture.paste(Image.fromarray(thumbnail.pixels), (left, top))
        caption = f"frame {thumbnail.number},  {(thumbnail.stamp_ns - start_ns) * 1e-9:.1f} s"
        middle = top + thumbnail.pixels.shape[0] + CAPTION_PX // 2
        draw.text((left, middle), caption, INK, load_font(17), anchor="lm")
    return picture
