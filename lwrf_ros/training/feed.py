# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Batches for a training: order, decoding ahead in threads, and a cache of decoded pairs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lwrf_ros.datasets.dataset import Pair, read_image, read_truth
from lwrf_ros.datasets.probabilities import read_probabilities, resize_probabilities
from lwrf_ros.training.augmentation import logits_size
from lwrf_ros.training.transfer import sent

_BATCHES_AHEAD = 3

# An image, its mask, and its classes' probabilities where they are wanted.
_Loaded = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8] | None]


class Batch(NamedTuple):
    """The samples of one training step, as uint8 on the device.

    Attributes:
        images: ``(N, 3, H, W)`` RGB.
        masks: ``(N, H, W)`` class indices, 255 for unlabelled.
        soft: ``(N, C, ceil(H/4), ceil(W/4))`` probabilities of the classes, 255 for 1; 0
            throughout for an image without stored ones; None where they are not asked for.
    """

    images: Tensor
    masks: Tensor
    soft: Tensor | None


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
        soft_classes: Number of classes C whose stored probabilities are read as well; 0 for none.
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
        soft_classes: int = 0,
    ) -> None:
        self._pairs = pairs
        self._size = size
        self._batch = min(batch, len(pairs))
        self._seed = seed
        self._device = device
        self._room = cache_bytes
        self._cache: dict[int, _Loaded] = {}
        self._workers = workers
        self._soft_classes = soft_classes

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

    def batches(self, first: int, end: int) -> Iterator[Batch]:
        """Yield batches `first` to `end` - 1."""
        waiting: deque[list[Future[_Loaded]]] = deque()
        upcoming = iter(range(first, end))
        with ThreadPoolExecutor(self._workers) as pool:
            while True:
                while len(waiting) < _BATCHES_AHEAD and (step := next(upcoming, None)) is not None:
                    waiting.append([pool.submit(self._load, i) for i in self.members(step)])
                if not waiting:
                    return
                loaded = [future.result() for future in waiting.popleft()]
                soft = [one[2] for one in loaded if one[2] is not None]
                yield Batch(
                    self._to_device([one[0] for one in loaded]).permute(0, 3, 1, 2),
                    self._to_device([one[1] for one in loaded]),
                    self._to_device(soft) if soft else None,
                )

    def _to_device(self, arrays: Sequence[NDArray[np.uint8]]) -> Tensor:
        return sent(torch.from_numpy(np.stack(arrays)), self._device)

    def _load(self, index: int) -> _Loaded:
        kept = self._cache.get(index)
        if kept is not None:
            return kept
        pair = self._pairs[index]
        image, mask = stretch(read_image(pair.image), read_truth(pair), self._size)
        loaded = image, mask, self._load_soft(pair)
        size = sum(one.nbytes for one in loaded if one is not None)
        # Threads may decode one pair twice or overdraw the room by a few: neither does harm.
        if self._room >= size:
            self._room -= size
            self._cache[index] = loaded
        return loaded

    def _load_soft(self, pair: Pair) -> NDArray[np.uint8] | None:
        """Return a pair's probabilities in the resolution of the network's logits."""
        if not self._soft_classes:
            return None
        size = logits_size(self._size)
        if pair.probabilities is None:
            return np.zeros((self._soft_classes, *size), dtype=np.uint8)
        return resize_probabilities(
            read_probabilities(pair.probabilities, self._soft_classes), size
        )


def stretch(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Stretch an image ``(H, W, 3)`` bilinearly and its mask by nearest pixel to ``size``."""
    if image.shape[:2] == size:
        return image, mask
    height, width = size
    wide = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    wide_mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return wide.astype(np.uint8, copy=False), wide_mask.astype(np.uint8, copy=False)
