# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Batches for a training: order, decoding ahead in threads, and a cache of decoded pairs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lwrf_ros.training.dataset import Pair, read_image, read_truth

_BATCHES_AHEAD = 3


class Feed:
    """The training's batches, by number: batch k is the same whoever asks and whenever.

    Args:
        pairs: Images and masks.
        size: ``(height, width)`` in pixels that every pair is stretched to, as the node stretches
            a camera's image.
        batch: Pairs a batch; a data set with fewer gives them all.
        seed: Seed of the order.
        device: Where the batches go.
        cache_bytes: Memory for decoded pairs; what does not fit is decoded again each time.
        workers: Threads that decode.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        size: tuple[int, int],
        batch: int,
        seed: int,
        device: torch.device,
        cache_bytes: int,
        workers: int,
    ) -> None:
        self._pairs = pairs
        self._size = size
        self._batch = min(batch, len(pairs))
        self._seed = seed
        self._device = device
        self._room = cache_bytes
        self._cache: dict[int, tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}
        self._workers = workers

    @property
    def steps_per_epoch(self) -> int:
        """Batches an epoch; what is left over waits for the next epoch's order."""
        return len(self._pairs) // self._batch

    @property
    def batch(self) -> int:
        """Pairs a batch."""
        return self._batch

    def members(self, step: int) -> list[int]:
        """Return which pairs batch number `step` holds."""
        epoch, position = divmod(step, self.steps_per_epoch)
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._pairs))
        return order[position * self._batch : (position + 1) * self._batch].tolist()

    def batches(self, first: int, end: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches `first` to `end` - 1 as uint8 on the device.

        Yields:
            ``(N, 3, H, W)`` RGB and ``(N, H, W)`` class indices.
        """
        waiting: deque[list[Future[tuple[NDArray[np.uint8], NDArray[np.uint8]]]]] = deque()
        upcoming = iter(range(first, end))
        with ThreadPoolExecutor(self._workers) as pool:
            while True:
                while len(waiting) < _BATCHES_AHEAD and (step := next(upcoming, None)) is not None:
                    waiting.append([pool.submit(self._load, i) for i in self.members(step)])
                if not waiting:
                    return
                pairs = [future.result() for future in waiting.popleft()]
                images = torch.from_numpy(np.stack([image for image, _ in pairs]))
                masks = torch.from_numpy(np.stack([mask for _, mask in pairs]))
                if self._device.type == "cuda":
                    images, masks = images.pin_memory(), masks.pin_memory()
                images = images.to(self._device, non_blocking=True)
                yield images.permute(0, 3, 1, 2), masks.to(self._device, non_blocking=True)

    def _load(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        kept = self._cache.get(index)
        if kept is not None:
            return kept
        pair = self._pairs[index]
        image, mask = stretch(read_image(pair.image), read_truth(pair), self._size)
        # Threads may decode one pair twice or overdraw the room by a few: neither does harm.
        if self._room >= image.nbytes + mask.nbytes:
            self._room -= image.nbytes + mask.nbytes
            self._cache[index] = image, mask
        return image, mask


def stretch(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Stretch an image ``(H, W, 3)`` bilinearly and its mask by nearest pixel to ``size``."""
    if image.shape[:2] == size:
        return image, mask
    height, width = size
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return image.astype(np.uint8, copy=False), mask.astype(np.uint8, copy=False)
