# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From a recording to a data set: frames to images, and images to first masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.datasets.dataset import read_image
from lwrf_ros.extraction.chosen_pictures import chosen_pictures, to_bgr
from lwrf_ros.extraction.destination import Target
from lwrf_ros.extraction.first_masks import Labeller
from lwrf_ros.extraction.frame_choice import FrameChoice
from lwrf_ros.extraction.frame_counts import Account
from lwrf_ros.images.decoding import Picture
from lwrf_ros.recordings import open_frames


@dataclass(frozen=True)
class ExtractOptions:
    """Options of an extraction: its frames and its destination.

    Attributes:
        choice: Which frames of which recording.
        output: Folder of the data set.
        labels: How masks are made, None for images alone.
    """

    choice: FrameChoice
    output: Path
    labels: EngineOptions | None = None


def extract(options: ExtractOptions, account: Account) -> None:
    """Write the selected frames of a recording; files that are there stay untouched.

    Args:
        options: What to extract, and where to.
        account: Filled while it goes on, so that it holds what was done if this is cut short.

    Raises:
        ExtractError: If the folder cannot be written to, or no image came out.
        FrameError: If the recording cannot be opened or read to its end.
        LwrfError: If there are no times to choose by, or the network cannot be had.
    """
    choice = options.choice
    with open_frames(choice.input, choice.bag_topic) as source:
        choice.check_times(source.has_stamps)
        target = Target(options.output, choice.jpeg_quality)
        target.check_input(choice.input)
        labeller = None
        if options.labels is not None:
            labeller = Labeller(options.labels, target)
            account.weights = labeller.weights
        for name, picture in chosen_pictures(source, choice, account, "extracting"):
            _write(name, picture, target, labeller, account)
    account.check(source.description)


def _write(
    name: str, picture: Picture, target: Target, labeller: Labeller | None, account: Account
) -> None:
    if there := target.image_of(name):
        account.images_kept += 1
    else:
        target.write_image(name, to_bgr(picture))
        account.images_written += 1
    if labeller is not None and target.has_mask(name):
        account.masks_kept += 1
    elif labeller is not None:
        # Of the file that is there, if one was: it may be of another recording, or have been
        # worked on.
        seen = Picture(read_image(there), "rgb8") if there else picture
        labels = labeller.label(seen.array, seen.encoding)
        target.write_mask(name, labels, labeller.class_table)
        account.masks_written += 1
