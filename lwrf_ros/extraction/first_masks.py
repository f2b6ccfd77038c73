# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""First masks: what a network makes of the images, to be corrected by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.package_data import class_tables
from lwrf_ros.weights.loading import load_choice

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lwrf_ros.extraction.destination import Target


class Labeller:
    """Makes masks with a network.

    Args:
        options: Which network, and how.
        target: Where the masks will go, for the classes of those that are there.

    Attributes:
        weights: The weights in words, with their terms of use.
        class_table: The class table as the text of a YAML file.

    Raises:
        ExtractError: If the target has masks of other classes.
        LwrfError: If the network cannot be had.
    """

    def __init__(self, options: EngineOptions, target: Target) -> None:
        # Before the network, which takes a while.
        choice = options.choice
        target.check_classes(choice.classes)
        loaded = load_choice(choice)
        self._segmenter = options.segmenter(loaded)
        self._min_confidence = options.min_confidence
        self.class_table = _table_text(options.classes, choice.classes)
        terms = loaded.weights.terms
        self.weights = loaded.weights.source + (f" ({terms})" if terms else "")

    def label(self, image: npt.NDArray[np.uint8], encoding: str) -> npt.NDArray[np.uint8]:
        """Return ``(H, W) uint8`` class indices, 255 where unlabelled, of an image's own size.

        Args:
            image: ``(H, W, 3) uint8``, or ``(H, W) uint8`` for mono8.
            encoding: rgb8, bgr8 or mono8.
        """
        (result,) = self._segmenter.segment([image], encoding, ("labels",), self._min_confidence)
        assert result.labels is not None  # they were asked for
        return result.labels


def _table_text(given: str, table: ClassTable) -> str:
    """Return a class table as YAML: with the comments of its file, where it has one."""
    path = class_tables().get(given or table.name)
    if given and path is None:
        path = Path(given).expanduser()
    if path is not None and ClassTable.load(path).names == table.names:
        return path.read_text(encoding="utf-8")
    return table.as_yaml()
