# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A finished replay, as a test asks it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.errors import LwrfError
from lwrf_ros.replay.changed_frames import draw_changed_frames
from lwrf_ros.replay.comparison import Comparison, Limits, compare
from lwrf_ros.replay.comparison_report import as_text, write_files
from lwrf_ros.replay.ground_truth import read_scores
from lwrf_ros.replay.label_bag import FrameKey, LabelBag
from lwrf_ros.replay.output_folder import make_output_folder
from lwrf_ros.replay.run_record import FrameRow, RunRecord, read_frames


class Replayed:
    """The output of a replay.

    Args:
        folder: The output folder.
        beside: What relative paths of golden outputs are relative to.
        update_golden: Whether `assert_same_as` replaces what it would compare with.

    Attributes:
        folder: The same.
        record: Settings, versions, account, faults.
    """

    def __init__(self, folder: Path, beside: Path = Path(), update_golden: bool = False) -> None:
        self.folder = folder
        self.record: RunRecord = RunRecord.read(folder)
        self._bag = LabelBag(folder)
        self._beside = beside
        self._update_golden = update_golden

    @property
    def processed(self) -> int:
        """Number of frames with labels, of all cameras."""
        return sum(account.processed for account in self.record.account.values())

    @property
    def refused(self) -> dict[str, int]:
        """Number of frames without labels by reason, of all cameras; empty if there are none."""
        refused: dict[str, int] = {}
        for account in self.record.account.values():
            for reason, count in account.refused.items():
                refused[reason] = refused.get(reason, 0) + count
        return refused

    @property
    def faults(self) -> dict[str, int]:
        """Faults of the recording, counted by kind; empty if there were none."""
        return dict(self.record.faults)

    @property
    def frames(self) -> list[FrameRow]:
        """Every frame that was read, in order, with its outcome and its time in the engine."""
        return list(read_frames(self.folder))

    @property
    def scores(self) -> dict[str, Any]:
        """Scores of the first camera against its ground truth: mean_iou, pixel_accuracy, ...

        Raises:
            LwrfError: If none was named.
        """
        found = read_scores(self.folder)
        if found is None:
            raise LwrfError("nothing was scored; give ground_truth=TOPIC to replay(...)")
        first: dict[str, Any] = next(iter(found["cameras"].values()))
        return first

    def labels(self) -> Iterator[tuple[FrameKey, NDArray[np.uint8]]]:
        """Read the labels frame by frame: topic and stamp, and ``(H, W) uint8`` indices."""
        return self._bag.labels(self._bag.keys())

    def coverage(self, class_name: str) -> NDArray[np.float64]:
        """Return the share of the image that a class has in each frame, ``(frames,)``, 0..1.

        Args:
            class_name: One of the class table's, or ``unlabelled``.

        Raises:
            LwrfError: If there is no such class.
        """
        index = self._index_of(class_name)
        return np.array([np.mean(labels == index) for _, labels in self.labels()])

    def compare(self, golden: str | Path) -> Comparison:
        """Compare with an earlier output, relative to the test's file, without judging it."""
        return compare(LabelBag(self._beside / golden), self._bag)

    def assert_same_as(
        self,
        golden: str | Path,
        min_equal: float = 1.0,
        min_iou: float = 0.0,
        max_coverage_change: float = 1.0,
    ) -> None:
        """Fail if this replay differs from an earlier one by more than it may.

        On failure the message says where, and pictures of the ten frames that changed most lie in
        the folder that it names.

        Args:
            golden: Output folder of the earlier replay; relative to the test's file.
            min_equal: Least share of equal pixels in each frame, 0..1; 1 is equal bytes.
            min_iou: Least IoU of each class between the two, 0..1, over all frames.
            max_coverage_change: Greatest change of a class's share of all pixels, 0..1.

        Raises:
            AssertionError: If it differs.
            LwrfError: If the two cannot be compared.
        """
        golden = self._beside / golden
        if self._update_golden:
            self._become(golden)
            return
        if not golden.exists():
            raise LwrfError(
                f"there is no {golden}; make it of this run with pytest --lwrf-update-golden, look "
                "at it, and keep it"
            )
        limits = Limits(min_equal, min_iou, max_coverage_change)
        comparison = self.compare(golden)
        if not comparison.exceeded(limits):
            return
        folder = self.folder / "comparison"
        folder.mkdir(exist_ok=True)
        pictures = draw_changed_frames(folder, comparison)
        write_files(folder, comparison, limits, pictures)
        text = as_text(comparison, limits, pictures)
        raise AssertionError(f"the labels changed; pictures are in {folder}\n{text}")

    def _become(self, golden: Path) -> None:
        if golden.exists():
            RunRecord.read(golden)  # nothing else is replaced
        make_output_folder(golden)
        for path in self.folder.iterdir():
            if path.is_file():
                shutil.copy2(path, golden / path.name)
        warnings.warn(f"{golden} was replaced by this run, not compared with it", stacklevel=3)

    def _index_of(self, class_name: str) -> int:
        if class_name == "unlabelled":
            return UNLABELLED
        if class_name not in self.record.class_names:
            raise LwrfError(
                f"there is no class {class_name!r}; wanted one of "
                f"{', '.join(self.record.class_names)}"
            )
        return self.record.class_names.index(class_name)
