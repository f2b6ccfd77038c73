# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The frames that changed most between two replays, each as a picture of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.drawing.frame_page import MARK_COLOUR, PageRow, Panel, draw_page, marked, painted
from lwrf_ros.drawing.legend import Colour
from lwrf_ros.drawing.pictures import class_colours
from lwrf_ros.replay.comparison import ChangedFrame, Comparison
from lwrf_ros.replay.label_bag import FrameKey
from lwrf_ros.replay.run_record import RunRecord

NOTHING_COLOUR: Colour = (0, 0, 0)
# Above this the colours hide the image.
READABLE_ALPHA = 0.9


def draw_changed_frames(folder: Path, comparison: Comparison) -> dict[FrameKey, str]:
    """Draw the frames side by side: the image, both labels, and where they differ.

    Args:
        folder: Where to write ``changed_01_<stamp>.png`` and so on.
        comparison: What was found.

    Returns:
        The names of the files, the most changed frame first.
    """
    record = comparison.current.record
    table = ClassTable(
        str(record.settings.get("classes", "")),
        tuple(record.class_names),
        np.array(record.colours, dtype=np.uint8),
    )
    legend = class_colours(table.names, table)
    legend |= {"unlabelled": NOTHING_COLOUR, "changed": MARK_COLOUR}
    keys = [one.change.key for one in comparison.worst]
    overlays = dict(comparison.current.overlays(set(keys)))
    columns = (
        "image",
        f"golden: {comparison.golden.folder.name}",
        f"now: {comparison.current.folder.name}",
        "changed",
    )
    names = {}
    for place, one in enumerate(comparison.worst, start=1):
        key = one.change.key
        names[key] = f"changed_{place:02d}_{key.stamp_ns}.png"
        title = (
            f"{key.topic} at {key.stamp_ns / 1e9:.3f} s: {1 - one.change.equal:.2%} of the pixels "
            "changed"
        )
        row = _row(one, overlays.get(key), table, record)
        draw_page(folder / names[key], title, columns, [row], legend)
    return names


def _row(
    one: ChangedFrame, overlay: NDArray[np.uint8] | None, table: ClassTable, record: RunRecord
) -> PageRow:
    after = painted(one.labels, table)
    alpha = float(record.settings.get("overlay_alpha", 1.0))
    image = np.full_like(after, 160) if overlay is None else overlay
    if overlay is not None and alpha <= READABLE_ALPHA:
        image = _without_colours(overlay, one.labels, after, alpha, len(table))
    same_size = one.golden.shape == one.labels.shape
    changed = one.golden != one.labels if same_size else np.ones(one.labels.shape, dtype=bool)
    panels = [
        Panel(image, smooth=True),
        Panel(painted(one.golden, table)),
        Panel(after),
        Panel(marked(image, changed)),
    ]
    return PageRow(panels, _caption(one, record.class_names) if same_size else "other sizes")


def _without_colours(
    overlay: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    colours: NDArray[np.uint8],
    alpha: float,
    count: int,
) -> NDArray[np.uint8]:
    """Bring back, nearly, the image that the colours of the labels were blended over."""
    image = (overlay.astype(np.float32) - alpha * colours) / (1.0 - alpha)
    image[labels >= count] = overlay[labels >= count]
    return np.clip(image, 0, 255).astype(np.uint8)


def _caption(one: ChangedFrame, names: list[str]) -> str:
    """Name the changes that hold most of the pixels."""
    changed = one.golden != one.labels
    pairs = one.golden[changed].astype(np.int64) * 256 + one.labels[changed]
    values, counts = np.unique(pairs, return_counts=True)
    parts = []
    for place in np.argsort(-counts, kind="stable")[:3]:
        before, after = (_name(int(index), names) for index in divmod(int(values[place]), 256))
        parts.append(f"{before} → {after} {counts[place] / one.labels.size:.2%}")
    return ",  ".join(parts)


def _name(index: int, names: list[str]) -> str:
    return names[index] if index < len(names) else "unlabelled"
