# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Receptive fields on one page: a row a unit, a column a tap, and the means below."""

from __future__ import annotations

from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.datasets.dataset import read_image
from lwrf_ros.drawing.frame_page import PageRow, Panel, draw_page
from lwrf_ros.drawing.legend import Colour
from lwrf_ros.experiments.receptive_field.field import FieldSize, Map, field_of
from lwrf_ros.experiments.receptive_field.findings import Finding, Findings, Row

MOST_ROWS = 24
DARK = 0.3
CONTOUR_COLOUR: Colour = (255, 214, 0)
UNIT_COLOUR: Colour = (226, 0, 38)
# Of the image's width: such that both are seen when the page has made it small.
CONTOUR_WIDTH, UNIT_RADIUS = 1 / 170, 1 / 60


def draw_fields(path: Path, findings: Findings) -> None:
    """Compose the page as a PNG; of many rows it shows the first.

    Args:
        path: File to write.
        findings: What was measured, at least one row.
    """
    network = findings.loaded.network
    shown = findings.rows[:MOST_ROWS]
    title = (
        f"Empirical receptive fields: {network.decoder_name} {network.backbone}, "
        f"{Path(findings.loaded.weights.source).name}"
    )
    if len(shown) < len(findings.rows):
        title += f" (the first {len(shown)} of {len(findings.rows)} rows)"
    rows = [_row(findings, row) for row in shown]
    if len(findings.rows) > 1:
        rows.append(_mean_row(findings))
    share = f"{100 * findings.threshold:g} %"
    legend = {
        f"where hiding a part changes the unit by at least {share} of the most": CONTOUR_COLOUR,
        "the unit's position": UNIT_COLOUR,
    }
    draw_page(path, title, [tap.name for tap in findings.taps], rows, legend)


def marked_field(
    image: NDArray[np.uint8], values: Map, centre_px: tuple[float, float], threshold: float
) -> NDArray[np.uint8]:
    """Darken an image outside of a receptive field, and draw its contour and the unit's position.

    Args:
        image: ``(H, W, 3) uint8`` RGB.
        values: ``(h, w)`` as of `pixel_map`, over the whole image.
        centre_px: ``(x, y)`` of the unit in pixels of `values`.
        threshold: Share of the largest value, 0..1.

    Returns:
        ``(H, W, 3) uint8`` RGB.
    """
    height, width = image.shape[:2]
    stretched = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
    inside = field_of(stretched.astype(np.float32, copy=False), threshold)
    picture = np.where(inside[:, :, np.newaxis], image, DARK * image).astype(np.uint8)
    centre = (centre_px[0] * width / values.shape[1], centre_px[1] * height / values.shape[0])
    return _outlined(picture, inside, centre)


def _outlined(
    picture: NDArray[np.uint8], inside: NDArray[np.bool_], centre: tuple[float, float]
) -> NDArray[np.uint8]:
    """Draw the contour of ``(H, W) bool`` and a dot at ``(x, y)``."""
    width = picture.shape[1]
    # Framed, so that a field that ends at the image's border is closed there.
    framed = np.pad(inside.astype(np.uint8), 1)
    contours, _ = cv2.findContours(framed, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE, offset=(-1, -1))
    drawn = np.ascontiguousarray(picture)
    cv2.drawContours(drawn, contours, -1, CONTOUR_COLOUR, max(1, round(CONTOUR_WIDTH * width)))
    dot = (int(centre[0]), int(centre[1]))
    cv2.circle(drawn, dot, max(1, round(UNIT_RADIUS * width)), UNIT_COLOUR, cv2.FILLED, cv2.LINE_AA)
    return drawn


def _row(findings: Findings, row: Row) -> PageRow:
    image = read_image(row.image)
    panels = [
        Panel(
            marked_field(
                image, findings.pixels(finding), finding.unit.centre_px, findings.threshold
            ),
            smooth=True,
            caption=f"{_channel(finding)}: {_size(finding.size)}",
        )
        for finding in row.findings
    ]
    return PageRow(panels, f"{row.image.name}, {row.number}")


def _mean_row(findings: Findings) -> PageRow:
    """Show the centred means, an image's width and height of them."""
    height, width = findings.size
    around = (slice(height // 2, height // 2 + height), slice(width // 2, width // 2 + width))
    magma = matplotlib.colormaps["magma"]
    panels = []
    for place in range(len(findings.taps)):
        mean = findings.mean_map(place)
        inside = field_of(mean, findings.threshold)[around]
        shares = mean[around] / max(float(mean.max()), 1e-12)
        picture = (255 * magma(shares)[:, :, :3]).astype(np.uint8)
        centre = (width - width // 2 + 0.5, height - height // 2 + 0.5)
        caption = _size(findings.mean_size(place))
        panels.append(Panel(_outlined(picture, inside, centre), smooth=True, caption=caption))
    count = len(findings.rows)
    return PageRow(panels, f"mean of all {count} units of a tap, each moved to the middle")


def _channel(finding: Finding) -> str:
    channel = finding.unit.channel
    return "all channels" if channel is None else f"channel {channel}"


def _size(size: FieldSize) -> str:
    if size.spread_px is None:
        return "nothing changes it"
    return f"{size.side_px:.0f} px squared, {100 * size.share:.0f} %"
