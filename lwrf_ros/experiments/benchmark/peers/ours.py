# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""This package's engine, through its public interface only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from lwrf_ros.experiments.benchmark.case import Setting, load_case
from lwrf_ros.experiments.benchmark.peers.peer import Answer
from lwrf_ros.segmentation import Segmentation, Segmenter, Ticket


class Engine:
    """`Segmenter.segment`, as the node calls it."""

    def __init__(self, setting: Setting) -> None:
        self._case = setting.case
        self._last: list[Segmentation] = []

    def prepare(self) -> None:
        """Build, load and warm up, as the node does when it is configured."""
        case = self._case
        torch.set_num_threads(case.threads)
        loaded = load_case(case)
        self._segmenter = Segmenter(
            loaded.network, loaded.classes, case.device, case.precision, case.input_size
        )
        self._segmenter.warm_up(case.image_size)

    def describe(self) -> str:
        """Say what the engine says of its device."""
        return self._segmenter.device_name

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        """Label images."""
        self._last = self._segmenter.segment(images)
        return [Answer(one.labels, one.coverage) for one in self._last if one.labels is not None]

    def stages_ms(self) -> dict[str, float]:
        """Return the engine's own timings; images that ran together share one."""
        groups = {id(one.timings): one.timings for one in self._last}.values()
        return {
            "copy": sum(timings.upload_ms for timings in groups),
            "preprocess": sum(timings.preprocess_ms for timings in groups),
            "network": sum(timings.network_ms for timings in groups),
            "tail": sum(timings.postprocess_ms for timings in groups),
            "copy back": sum(timings.download_ms for timings in groups),
        }

    @property
    def overlaps(self) -> bool:
        """Whether it pays to submit ahead."""
        return self._segmenter.overlaps

    def run_ahead(self, batches: Iterable[Sequence[NDArray[np.uint8]]]) -> None:
        """Label batches as the node's worker does: submit the next, then collect the last."""
        under_way: Ticket | None = None
        for images in batches:
            ticket = self._segmenter.submit(images)
            if under_way is not None:
                self._segmenter.collect(under_way)
            under_way = ticket
        if under_way is not None:
            self._segmenter.collect(under_way)

    def close(self) -> None:
        """Give the device's memory back."""
        self._segmenter.close()
