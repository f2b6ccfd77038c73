# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The authors' way: eager float32, everything around the network in NumPy and OpenCV."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lwrf_ros.experiments.benchmark.case import Setting, plain_network
from lwrf_ros.experiments.benchmark.peers.peer import Answer, Stopwatch


class Authors:
    """float64 normalisation, NCHW, logits to the host, cubic resize, argmax: one image a call."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._watch = Stopwatch()

    def prepare(self) -> None:
        """Load the network to the device; the first image is the warm-up."""
        case = self._setting.case
        torch.set_num_threads(case.threads)
        cv2.setNumThreads(case.threads)
        self._device = torch.device(case.device)
        self._network = plain_network(case).to(self._device)
        self([np.zeros((*case.image_size, 3), np.uint8)])

    def describe(self) -> str:
        """Say how it runs."""
        return "eager fp32 NCHW, float64 normalisation, cubic resize"

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        """Label images, one after the other."""
        self._watch.start()
        return [self._one(image) for image in images]

    def _one(self, image: NDArray[np.uint8]) -> Answer:
        setting, watch = self._setting, self._watch
        height, width = setting.case.input_size
        if image.shape[:2] != (height, width):
            resized = cv2.resize(image, (width, height))
        else:
            resized = image
        normalised = (resized / 255.0 - np.array(setting.mean)) / np.array(setting.std)
        batch = torch.tensor(normalised.transpose(2, 0, 1)[None]).float()
        watch.lap("preprocess")
        with torch.no_grad():
            on_device = batch.to(self._device)
            self._wait()
            watch.lap("copy")
            logits = self._network(on_device)
            self._wait()
        watch.lap("network")
        scores = logits[0].cpu().numpy().transpose(1, 2, 0)
        watch.lap("copy back")
        scores = cv2.resize(scores, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        labels = scores.argmax(axis=2).astype(np.uint8)
        counts = np.bincount(labels.ravel(), minlength=setting.num_classes)
        watch.lap("tail")
        return Answer(labels, counts / labels.size)

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def stages_ms(self) -> dict[str, float]:
        """Return the laps of the last call."""
        return self._watch.laps_ms

    def close(self) -> None:
        """Let the network go."""
        del self._network
