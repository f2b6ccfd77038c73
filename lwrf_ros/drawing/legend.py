# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The classes' colours and names as a picture, for people to look at beside an overlay."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lwrf_ros.classes.class_table import ClassTable

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (24, 24, 24)
# For few classes, and for many: about as wide as what it is shown beside.
_WIDTH_PX, _WIDE_PX, _FEW = 640, 1280, 24
_MARGIN_PX = 12
# A share that would read "0.0 %", and as many names as stand beside a plot.
_LEAST_SHARE, _MOST_SHARES = 0.0005, 22


@lru_cache(maxsize=32)
def load_font(size_px: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load matplotlib's own font, which is there wherever matplotlib is.

    Args:
        size_px: Size of the font in pixels.
        bold: True for the bold face.

    Returns:
        DejaVu Sans, which has the letters of most languages' class names.
    """
    # Here, and its data folder instead of its font manager: the node loads this module too, and
    # that one reads every font of the machine once.
    import matplotlib

    file = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", file)), size_px)


def draw_class_legend(classes: ClassTable) -> NDArray[np.uint8]:
    """Draw the legend of a class table: colour, name and index of every class.

    Args:
        classes: The class table.

    Returns:
        ``(H, W, 3) uint8 RGB``, W 640 or, for many classes, 1280, and as high as they need.
    """
    width_px = _WIDTH_PX if len(classes) <= _FEW else _WIDE_PX
    colours = {
        name: (int(red), int(green), int(blue))
        for name, (red, green, blue) in zip(classes.names, classes.colours, strict=True)
    }
    details = {name: str(index) for index, name in enumerate(classes.names)}
    legend = draw_legend(width_px - 2 * _MARGIN_PX, colours, details)
    page = Image.new("RGB", (width_px, legend.height + 2 * _MARGIN_PX), PAPER)
    page.paste(legend, (_MARGIN_PX, _MARGIN_PX))
    return np.array(page)


def share_texts(shares: Mapping[str, float]) -> dict[str, str]:
    """Say how much each class covers, for a legend; of many classes most are nowhere.

    Args:
        shares: Fractions of all pixels by class name.

    Returns:
        Per cent by class name in the given order: of the classes that there is something of, at
        most of the 22 largest.
    """
    largest = sorted(shares, key=lambda name: -shares[name])[:_MOST_SHARES]
    return {
        name: f"{share:.1%}".replace("%", " %")
        for name, share in shares.items()
        if share >= _LEAST_SHARE and name in largest
    }


def draw_legend(
    width_px: int, colours: Mapping[str, Colour], details: Mapping[str, str]
) -> Image.Image:
    """Draw a legend of classes in columns.

    Args:
        width_px: Width of the picture.
        colours: RGB colours by class name, in the order of the legend.
        details: What to write behind a name, by class name.

    Returns:
        A picture as high as the legend needs.
    """
    font = load_font(19)
    texts = {name: f"{name}  {details.get(name, '')}".rstrip() for name in colours}
    swatch, gap, row_height = 26, 9, 38
    widest = max((font.getlength(text) for text in texts.values()), default=0.0)
    columns = max(1, min(len(texts) or 1, int(width_px // (swatch + gap + widest + 28))))
    column_width = width_px // columns
    rows = -(-len(texts) // columns)
    picture = Image.new("RGB", (width_px, max(1, rows * row_height)), PAPER)
    draw = ImageDraw.Draw(picture)
    for place, (name, text) in enumerate(texts.items()):
        left = (place % columns) * column_width
        top = (place // columns) * row_height
        box = (left, top + 6, left + swatch, top + 6 + swatch)
        draw.rectangle(box, fill=colours[name], outline=INK)
        draw.text((left + swatch + gap, top + 6 + swatch // 2), text, INK, font, anchor="lm")
    return picture
