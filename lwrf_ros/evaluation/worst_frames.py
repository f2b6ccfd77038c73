# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The frames that went worst on one page: image, truth, labels, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED, ClassTable
from lwrf_ros.datasets.dataset import read_image, read_truth
from lwrf_ros.drawing.frame_page import MARK_COLOUR, PageRow, Panel, draw_page, marked, painted
from lwrf_ros.drawing.legend import Colour
from lwrf_ros.drawing.pictures import class_colours
from lwrf_ros.evaluation.score_values import as_text
from lwrf_ros.evaluation.scores import Frame

COLUMNS = ("image", "truth", "labels", "errors")
NOTHING_COLOUR: Colour = (0, 0, 0)


def draw_worst_frames(path: Path, title: str, frames: Sequence[Frame], classes: ClassTable) -> None:
    """Compose the page as a PNG.

    Args:
        path: File to write.
        title: Line at its top.
        frames: With labels, in the order of the page.
        classes: The class table.
    """
    legend = class_colours(classes.names, classes)
    legend |= {"without a truth or label": NOTHING_COLOUR, "wrong": MARK_COLOUR}
    draw_page(path, title, COLUMNS, [_row(frame, classes) for frame in frames], legend)


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
    picture = marked(image, (labels != truth) & (truth != UNLABELLED))
    picture[truth == UNLABELLED] = NOTHING_COLOUR
    return picture


def _row(frame: Frame, classes: ClassTable) -> PageRow:
    image, truth = read_image(frame.pair.image), read_truth(frame.pair)
    assert frame.labels is not None  # the worst frames are kept with theirs
    panels = [
        Panel(image, smooth=True),
        Panel(painted(truth, classes)),
        Panel(painted(frame.labels, classes)),
        Panel(error_map(image, truth, frame.labels)),
    ]
    caption = (
        f"{frame.pair.name}:  mean IoU {as_text(frame.mean_iou, 3)},  pixel accuracy "
        f"{as_text(frame.pixel_accuracy, 3)}"
    )
    return PageRow(panels, caption)
