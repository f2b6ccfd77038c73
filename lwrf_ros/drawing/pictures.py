# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Text, banners and colours that the recorded pictures share."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from lwrf_ros.classes.class_table import UNLABELLED_NAME, ClassTable
from lwrf_ros.drawing.legend import Colour, load_font

BANNER_COLOUR: Colour = (176, 0, 32)
BANNER_TEXT_COLOUR: Colour = (255, 255, 255)
UNLABELLED_COLOUR: Colour = (0, 0, 0)


def class_colours(names: Iterable[str], table: ClassTable) -> dict[str, Colour]:
    """Give each class its colour.

    Args:
        names: Names of the classes as the coverage message has them.
        table: The class table; a name that it lacks gets one of matplotlib's colours.

    Returns:
        RGB colours, 0 to 255, by name.
    """
    known = {
        name: (int(red), int(green), int(blue))
        for name, (red, green, blue) in zip(table.names, table.colours, strict=True)
    }
    known.setdefault(UNLABELLED_NAME, UNLABELLED_COLOUR)
    spare = matplotlib.colormaps["tab20"]
    colours: dict[str, Colour] = {}
    for index, name in enumerate(names):
        red, green, blue = (round(255 * part) for part in spare(index % 20)[:3])
        colours[name] = known.get(name, (red, green, blue))
    return colours


@lru_cache(maxsize=8)
def banner_strip(width_px: int, text: str, size_px: int) -> npt.NDArray[np.uint8]:
    """Draw a sentence as a strip.

    Args:
        width_px: Width of the strip; the text is wrapped to fit.
        text: The sentence.
        size_px: Size of the font.

    Returns:
        ``(height, width_px, 3) uint8`` RGB, as high as the text needs; not to be written to.
    """
    font = load_font(size_px, bold=True)
    lines = wrap(text, font, width_px - 2 * size_px)
    line_height = round(size_px * 1.35)
    padding = max(2, size_px // 3)
    strip = Image.new("RGB", (width_px, line_height * len(lines) + 2 * padding), BANNER_COLOUR)
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(lines):
        middle = padding + line_height * number + line_height // 2
        draw.text((width_px // 2, middle), line, BANNER_TEXT_COLOUR, font, anchor="mm")
    return np.asarray(strip)


def draw_banner(frame_bgr: npt.NDArray[np.uint8], text: str) -> None:
    """Draw a sentence over the top of a video frame.

    Args:
        frame_bgr: ``(H, W, 3) uint8`` BGR; changed in place.
        text: The sentence.
    """
    height, width = frame_bgr.shape[:2]
    strip = banner_strip(width, text, max(10, min(36, height // 26)))[:height, :, ::-1]
    frame_bgr[: strip.shape[0]] = strip


def wrap(text: str, font: ImageFont.FreeTypeFont, width_px: int) -> list[str]:
    """Break a text between words.

    Args:
        text: The text.
        font: The font that it will be drawn in.
        width_px: Width that a line must not pass; a single longer word does.

    Returns:
        The lines, at least one.
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or font.getlength(longer) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
