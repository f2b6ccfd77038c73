# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Images, masks and probabilities of a recording or of photographs, made by teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.dataset import read_image
from lwrf_ros.extraction.destination import Target
from lwrf_ros.extraction.frame_choice import FrameChoice
from lwrf_ros.extraction.label_counts import LabelAccount
from lwrf_ros.extraction.photographs import Photographs, can_be_copied
from lwrf_ros.labelling.description import Description
from lwrf_ros.labelling.errors import LabelError
from lwrf_ros.labelling.labeller import Labeller, LabellerOptions
from lwrf_ros.labelling.teacher import Teacher
from lwrf_ros.package_data import class_tables
from lwrf_ros.recordings.opening import is_bag


@dataclass(frozen=True)
class LabelOptions:
    """Options of labelling: the images, the teachers and the destination.

    Attributes:
        choice: Which frames or photographs.
        output: Folder of the data set.
        classes: Class table: a bundled name or a path.
        teachers: At least one.
        labeller: How labels are made of what they see.
        probabilities: Whether their probabilities are stored too.
        threads: Of the CPU.
    """

    choice: FrameChoice
    output: Path
    classes: str
    teachers: Sequence[Description]
    labeller: LabellerOptions
    probabilities: bool
    threads: int


def label(options: LabelOptions, account: LabelAccount) -> None:
    """Write what is not there yet; files that are there stay untouched.

    Args:
        options: What to label, by whom, and where to.
        account: Filled while it goes on, so that it holds what was done if this is cut short.

    Raises:
        LwrfError: If the input, the output or a teacher cannot be used, or no image came out.
    """
    if options.labeller.agree and len(options.teachers) < 2:
        raise LabelError(
            "--agree wants teachers that can differ, and there is one; give a second --model, or "
            "leave it out"
        )
    target = Target(options.output, options.choice.jpeg_quality)
    table = ClassTable.load(options.classes)
    target.check_classes(table)
    if options.choice.input.is_dir() and not is_bag(options.choice.input):
        _label_photographs(options, table, target, account)
    else:
        _label_recording(options, table, target, account)


class _Writer:
    """Writes an image's labels into the data set.

    Args:
        options: What was asked for.
        table: The classes.
        target: The data set.
        account: What to count in.
    """

    def __init__(
        self, options: LabelOptions, table: ClassTable, target: Target, account: LabelAccount
    ) -> None:
        teachers = [Teacher(one, table, options.threads) for one in options.teachers]
        for teacher in teachers:
            print(teacher, flush=True)
        self._labeller = Labeller(teachers, options.labeller)
        self._probabilities = options.probabilities
        file = class_tables().get(options.classes, Path(options.classes).expanduser())
        self._table_text = file.read_text(encoding="utf-8")
        self._target, self._account = target, account
        account.names = table.names
        account.weights = ", ".join(one.model.name for one in options.teachers)

    def is_done(self, name: str) -> bool:
        """Tell whether there are an image and all that was asked for beside it."""
        return self.has_labels(name) and self._target.image_of(name) is not None

    def write(self, name: str, image: NDArray[np.uint8] | None) -> None:
        """Write the labels of an image that is in the data set.

        Args:
            name: What it is called.
            image: ``(H, W, 3) uint8 RGB``; None where nothing is left to do.
        """
        had_mask = self._target.has_mask(name)
        self._account.masks_kept += had_mask
        if image is None or self.has_labels(name):
            return
        labels = self._labeller.label(image)
        if self._probabilities and not self._target.has_probabilities(name):
            self._target.write_probabilities(name, labels.probabilities)
            self._account.probabilities_written += 1
        if not had_mask:
            self._target.write_mask(name, labels.mask, self._table_text)
            self._account.add(labels)

    def has_labels(self, name: str) -> bool:
        """Tell whether there is all that was asked for beside an image."""
        stored = not self._probabilities or self._target.has_probabilities(name)
        return stored and self._target.has_mask(name)


def _label_photographs(
    options: LabelOptions, table: ClassTable, target: Target, account: LabelAccount
) -> None:
    photographs = Photographs(options.choice)
    in_place = target.has_images_in(photographs.folder)
    writer = _Writer(options, table, target, account)
    is_done = writer.has_labels if in_place else writer.is_done
    for name, file, image in photographs.chosen(account, is_done):
        there = file if in_place else target.image_of(name)
        if there is not None:
            account.images_kept += 1
            if image is not None and not in_place:
                image = read_image(there)
        elif can_be_copied(file):
            target.copy_image(name, file)
            account.images_written += 1
        else:
            bgr = cv2.cvtColor(read_image(file), cv2.COLOR_RGB2BGR)
            target.write_image(name, bgr.astype(np.uint8, copy=False))
            account.images_written += 1
        writer.write(name, image)
    account.check(f"{photographs.folder}")


def _label_recording(
    options: LabelOptions, table: ClassTable, target: Target, account: LabelAccount
) -> None:
    # Here, so that photographs can be labelled where there are no ROS messages.
    from lwrf_ros.extraction import chosen_pictures as pictures
    from lwrf_ros.recordings import open_frames

    choice = options.choice
    with open_frames(choice.input, choice.bag_topic) as source:
        writer = _Writer(options, table, target, account)
        for name, picture in pictures.chosen_pictures(source, choice, account, "labelling"):
            there = target.image_of(name)
            bgr = pictures.to_bgr(picture)
            if there is not None:
                account.images_kept += 1
            else:
                target.write_image(name, bgr)
                account.images_written += 1
            if writer.is_done(name):
                image = None
            elif there is not None:
                image = read_image(there)
            else:
                code = cv2.COLOR_GRAY2RGB if bgr.ndim == 2 else cv2.COLOR_BGR2RGB
                image = cv2.cvtColor(bgr, code).astype(np.uint8, copy=False)
            writer.write(name, image)
    account.check(source.description)
