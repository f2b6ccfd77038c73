# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Batches: their order by number, what is in them, and what is kept in memory."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_dataset import scene, write_dataset, write_pair

from lwrf_ros.datasets.dataset import DatasetError, Pair, find_pairs
from lwrf_ros.training import feed as feed_module
from lwrf_ros.training.feed import Feed, stretch

SIZE = (12, 16)
PAIR_BYTES = 12 * 16 * 4


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    return find_pairs(write_dataset(tmp_path_factory.mktemp("feed"), 7, SIZE))


def feed(
    pairs: list[Pair],
    batch: int = 2,
    seed: int = 0,
    cache_bytes: int = 2**20,
    workers: int = 2,
    size: tuple[int, int] = SIZE,
) -> Feed:
    return Feed(pairs, size, batch, seed, torch.device("cpu"), cache_bytes, workers)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each image was read from its file."""
    counts: Counter[str] = Counter()
    lock = threading.Lock()
    read = feed_module.read_image

    def counting(path: Path) -> np.ndarray:
        with lock:
            counts[path.stem] += 1
        return read(path)

    monkeypatch.setattr(feed_module, "read_image", counting)
    return counts


# ---- order


def test_an_epoch_shows_no_image_twice(pairs: list[Pair]) -> None:
    one = feed(pairs)
    assert one.steps_per_epoch == 3
    epochs = [[i for step in range(3) for i in one.members(3 * e + step)] for e in range(40)]
    for members in epochs:
        assert len(set(members)) == 6 and set(members) <= set(range(7))
    assert len({tuple(members) for members in epochs}) == 40
    # The seventh waits for another epoch, and is not the same one each time.
    left_out = Counter(*[[(set(range(7)) - set(members)).pop() for members in epochs]])
    assert set(left_out) == set(range(7))


def test_an_epoch_is_a_permutation(pairs: list[Pair]) -> None:
    one = feed(pairs, batch=7)
    assert sorted(one.members(5)) == list(range(7))
    assert one.members(5) != one.members(6)


def test_a_batch_is_the_same_whoever_asks_and_when(pairs: list[Pair]) -> None:
    one, other = feed(pairs, seed=4, workers=1), feed(pairs, seed=4, workers=4, cache_bytes=0)
    numbers = [7, 0, 3, 7]
    assert [one.members(n) for n in numbers] == [other.members(n) for n in reversed(numbers)][::-1]
    assert [one.members(n) for n in range(9)] != [feed(pairs, seed=5).members(n) for n in range(9)]
    whole = list(one.batches(0, 8))
    for first in (1, 5):
        rest = list(other.batches(first, 8))
        assert len(rest) == 8 - first
        for (images, masks, _), (again, masks_again, _) in zip(whole[first:], rest, strict=True):
            assert torch.equal(images, again) and torch.equal(masks, masks_again)


def test_order_takes_nothing_from_the_global_source(pairs: list[Pair]) -> None:
    np.random.seed(1)
    first = feed(pairs).members(4)
    np.random.seed(2)
    assert feed(pairs).members(4) == first


def test_fewer_images_than_a_batch(pairs: list[Pair]) -> None:
    one = feed(pairs[:3], batch=8)
    assert (one.batch, one.steps_per_epoch) == (3, 1)
    for images, masks, _ in one.batches(0, 4):
        assert images.shape == (3, 3, *SIZE) and masks.shape == (3, *SIZE)
    assert sorted(one.members(2)) == [0, 1, 2]


def test_nothing_left_to_do(pairs: list[Pair]) -> None:
    assert list(feed(pairs).batches(6, 6)) == []


# ---- content


def test_batches_hold_the_files_pixels(pairs: list[Pair]) -> None:
    one = feed(pairs, batch=3)
    for step, (images, masks, _) in enumerate(one.batches(0, 4)):
        assert images.dtype == masks.dtype == torch.uint8
        for index, image, mask in zip(one.members(step), images, masks, strict=True):
            wanted_image, wanted_mask = scene(index, SIZE)
            np.testing.assert_array_equal(image.permute(1, 2, 0), wanted_image)
            np.testing.assert_array_equal(mask, wanted_mask)


def test_other_sizes_are_stretched(tmp_path: Path) -> None:
    for index, size in enumerate([SIZE, (24, 32), (30, 20)]):
        write_pair(tmp_path, str(index), *scene(index, size))
    images, masks, _ = next(feed(find_pairs(tmp_path), batch=3).batches(0, 1))
    assert images.shape == (3, 3, *SIZE) and masks.shape == (3, *SIZE)
    assert set(masks.unique().tolist()) <= {0, 1, 2, 255}


def test_stretching_keeps_corners_and_mixes_no_indices() -> None:
    mask = np.array([[0, 10], [255, 3]], np.uint8)
    image = np.dstack([mask] * 3)
    wide, indices = stretch(image, mask, (2, 6))
    np.testing.assert_array_equal(indices, [[0] * 3 + [10] * 3, [255] * 3 + [3] * 3])
    assert wide.shape == (2, 6, 3)
    np.testing.assert_array_equal(wide[0, [0, -1], 0], [0, 10])
    small, indices = stretch(np.repeat(image, 4, axis=1), np.repeat(mask, 4, axis=1), (2, 2))
    np.testing.assert_array_equal(indices, mask)
    np.testing.assert_array_equal(small, image)


def test_what_fits_is_not_copied() -> None:
    image, mask = scene(0, SIZE)
    same, same_mask = stretch(image, mask, SIZE)
    assert same is image and same_mask is mask


# ---- memory


def test_a_large_cache_reads_every_file_once(pairs: list[Pair], decoded: Counter[str]) -> None:
    list(feed(pairs, batch=7, workers=1).batches(0, 3))
    assert decoded == {pair.name: 1 for pair in pairs}


def test_no_cache_reads_every_time(pairs: list[Pair], decoded: Counter[str]) -> None:
    list(feed(pairs, batch=7, cache_bytes=0).batches(0, 3))
    assert decoded == {pair.name: 3 for pair in pairs}


def test_a_small_cache_is_not_overdrawn(pairs: list[Pair], decoded: Counter[str]) -> None:
    """Room for two pairs and most of a third."""
    list(feed(pairs, batch=7, cache_bytes=3 * PAIR_BYTES - 1, workers=1).batches(0, 3))
    assert sorted(decoded.values()) == [1, 1, 3, 3, 3, 3, 3]


def test_what_is_kept_cannot_be_spoilt(pairs: list[Pair]) -> None:
    one = feed(pairs, batch=7)
    for images, masks, _ in one.batches(0, 2):
        images.zero_()
        masks.zero_()
    images, _, _ = next(one.batches(2, 3))
    wanted = np.stack([scene(index, SIZE)[0] for index in one.members(2)])
    np.testing.assert_array_equal(images.permute(0, 2, 3, 1), wanted)


def test_decoding_keeps_only_a_little_ahead(pairs: list[Pair], decoded: Counter[str]) -> None:
    batches = feed(pairs, batch=1, cache_bytes=0, workers=1).batches(0, 1000)
    for _ in range(3):
        next(batches)
    assert sum(decoded.values()) <= 3 + 3
    # Whoever leaves early does not wait for the rest.
    batches.close()
    assert sum(decoded.values()) <= 3 + 3


def test_a_file_that_is_lost_on_the_way(tmp_path: Path) -> None:
    pairs = find_pairs(write_dataset(tmp_path, 3, SIZE))
    pairs[1].image.unlink()
    with pytest.raises(DatasetError, match=r"001.png: cannot be read: No such file"):
        list(feed(pairs).batches(0, 3))


# ---- a teacher's probabilities


def test_probabilities_come_in_the_size_of_the_logits(tmp_path: Path) -> None:
    root = write_dataset(tmp_path, 3, SIZE)
    (root / "probabilities").mkdir()
    pairs = find_pairs(root)
    # Of the whole image in two halves; the third image has none.
    for value, pair in enumerate(pairs[:2], start=1):
        halves = np.zeros((2, 1, 2), np.uint8)
        halves[:, 0, 0], halves[:, 0, 1] = 10 * value, 20 * value
        np.savez_compressed(root / "probabilities" / f"{pair.name}.npz", probabilities=halves)
    pairs = find_pairs(root)
    assert [pair.probabilities is None for pair in pairs] == [False, False, True]
    one = Feed(pairs, (12, 18), 3, 0, torch.device("cpu"), 2**20, 1, soft_classes=2)
    for step in range(2):  # from the files, then from memory
        soft = next(one.batches(step, step + 1)).soft
        assert soft is not None
        assert soft.dtype == torch.uint8 and soft.shape == (3, 2, 3, 5)
        for index, member in enumerate(one.members(step)):
            value = (member + 1) % 3
            # Of two columns the centres of five lie at -0.3, 0.1, 0.5, 0.9 and 1.3.
            wanted = [10 * value, 11 * value, 15 * value, 19 * value, 20 * value]
            assert soft[index].tolist() == [[wanted] * 3] * 2


def test_probabilities_are_left_aside_where_nobody_asks(pairs: list[Pair]) -> None:
    assert next(feed(pairs).batches(0, 1)).soft is None
