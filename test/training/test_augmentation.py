# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Random views: that image and mask move together, and nothing is made up at the border.

Most tests look at ramps, whose colour is the place: red grows by 2 a column, green by 2 a row.
Bilinear sampling keeps a ramp, so a view's colours tell where each of its pixels lies.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lwrf_ros.training.augmentation import View, Views, mix_views, random_views

NO = 255
MEAN = torch.tensor([0.485, 0.456, 0.406])
HEIGHT, WIDTH = 40, 60
PLAIN = View(zoom=(1.0, 1.0), flip=False, colour=0.0)


def views(
    images: Tensor, masks: Tensor, view: View, size: tuple[int, int], seed: int = 0
) -> tuple[Tensor, Tensor]:
    drawn = random_views(images, masks, view, size, MEAN, torch.Generator().manual_seed(seed))
    return drawn.images, drawn.labels


def pictures(count: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Noise: any two pixels differ."""
    random = np.random.default_rng(4)
    images = random.integers(0, 256, (count, 3, height, width), dtype=np.uint8)
    masks = random.choice(np.array([0, 1, 2, 10, NO], np.uint8), (count, height, width))
    return torch.from_numpy(images), torch.from_numpy(masks)


def ramps(count: int, along: str = "x") -> tuple[Tensor, Tensor]:
    """Ramps whose mask is the number of the column (x) or the row (y)."""
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    image = torch.stack([2 * x, 2 * y, torch.full_like(x, 90)]).to(torch.uint8)
    mask = (x if along == "x" else y).to(torch.uint8)
    return image.expand(count, -1, -1, -1), mask.expand(count, -1, -1)


def places(colours: Tensor) -> tuple[Tensor, Tensor]:
    """Column and row of every pixel of views of ramps, in pixels of the image."""
    return colours[:, 0] * 255 / 2, colours[:, 1] * 255 / 2


def test_a_plain_view_is_the_image() -> None:
    images, masks = pictures(3, 12, 16)
    seen, labels = views(images, masks, PLAIN, (12, 16))
    assert seen.dtype == torch.float32 and labels.dtype == torch.int64
    np.testing.assert_allclose(seen, images / 255, atol=1e-5, rtol=0)
    assert torch.equal(labels, masks.long())


def test_large_frames_are_kept_as_well() -> None:
    images, masks = pictures(1, 360, 480)
    seen, labels = views(images, masks, PLAIN, (360, 480))
    # The grid's coordinates are float32: a 480th is known to 2e-5 pixels.
    np.testing.assert_allclose(seen, images / 255, atol=1e-4, rtol=0)
    assert torch.equal(labels, masks.long())


def test_flips_are_mirrors_of_both() -> None:
    images, masks = pictures(64, 12, 16)
    seen, labels = views(images, masks, View((1, 1), flip=True, colour=0), (12, 16))
    same = (labels == masks).flatten(1).all(1)
    mirrored = (labels == masks.flip(2)).flatten(1).all(1)
    assert torch.equal(same, ~mirrored)
    assert 16 < mirrored.sum() < 48
    turned = torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images)
    np.testing.assert_allclose(seen, turned / 255, atol=1e-5, rtol=0)


def test_flips_change_no_other_draw() -> None:
    images, masks = ramps(32)
    zoomed = View((0.5, 2), flip=False, colour=0.3)
    kept, kept_labels = views(images, masks, zoomed, (24, 32))
    seen, labels = views(images, masks, View((0.5, 2), flip=True, colour=0.3), (24, 32))
    same = (labels == kept_labels).flatten(1).all(1)
    np.testing.assert_allclose(seen[same], kept[same], rtol=1e-5)
    np.testing.assert_allclose(seen[~same], kept[~same].flip(3), atol=1e-4, rtol=0)
    assert 8 < same.sum() < 24


@pytest.mark.parametrize("along", ["x", "y"])
def test_a_crop_is_a_part_of_image_and_mask(along: str) -> None:
    images, masks = ramps(200, along)
    seen, labels = views(images, masks, PLAIN, (16, 24))
    columns, rows = places(seen)
    left, top = columns[:, 0, 0], rows[:, 0, 0]
    np.testing.assert_allclose(
        columns, left.view(-1, 1, 1) + torch.arange(24).expand(200, 16, 24), atol=1e-3, rtol=0
    )
    np.testing.assert_allclose(
        rows,
        top.view(-1, 1, 1) + torch.arange(16.0).view(-1, 1).expand(200, 16, 24),
        atol=1e-3,
        rtol=0,
    )
    # Wholly inside, at any place: 36 columns and 24 rows are left over.
    for first, room in ((left, WIDTH - 24), (top, HEIGHT - 16)):
        assert -1e-3 <= first.min() < 0.05 * room
        assert 0.95 * room < first.max() <= room + 1e-3
        assert first.mean() == pytest.approx(room / 2, abs=0.1 * room)
    place = columns if along == "x" else rows
    assert (labels - place).abs().max() <= 0.5 + 1e-3
    assert (seen[:, 2] - 90 / 255).abs().max() < 1e-5


@pytest.mark.parametrize("along", ["x", "y"])
def test_image_and_mask_agree_at_every_zoom(along: str) -> None:
    images, masks = ramps(100, along)
    seen, labels = views(images, masks, View((0.5, 2.0), flip=True, colour=0), (32, 32))
    columns, rows = places(seen)
    place, last = (columns, WIDTH - 1) if along == "x" else (rows, HEIGHT - 1)
    # Half a pixel from the border, colours begin to mix with what is outside.
    across = rows if along == "x" else columns
    inside = (labels > 0) & (labels < last) & (seen[:, 2] - 90 / 255).abs().lt(1e-4)
    assert inside.float().mean() > 0.5
    assert (labels - place)[inside].abs().max() <= 0.5 + 1e-3
    assert across[inside].min() >= -1e-3


def test_zooms_are_spread_evenly_by_their_logarithm() -> None:
    images, masks = ramps(400)
    seen, _ = views(images, masks, View((0.8, 3.2), flip=False, colour=0), (8, 8))
    columns, rows = places(seen)
    zoom = 1 / (columns[:, 4, 4] - columns[:, 4, 3])
    np.testing.assert_allclose(zoom, 1 / (rows[:, 4, 4] - rows[:, 3, 4]), atol=0, rtol=1e-2)
    assert 0.8 - 1e-2 < zoom.min() < 0.85
    assert 3.0 < zoom.max() < 3.2 + 5e-2
    # Half of them below the geometric mean, and a quarter below its fourth root.
    assert (zoom < 1.6).float().mean() == pytest.approx(0.5, abs=0.07)
    assert (zoom < 0.8 * 2**0.5).float().mean() == pytest.approx(0.25, abs=0.07)


def test_outside_is_the_mean_colour_and_unlabelled() -> None:
    images, masks = ramps(20)
    seen, labels = views(images, masks, View((0.5, 0.5), False, 0), (HEIGHT, WIDTH))
    # The whole image at half its size, and so a quarter of the view.
    inside = labels != NO
    assert (inside.sum(dim=(1, 2)) == HEIGHT * WIDTH // 4).all()
    assert (inside.any(dim=2).sum(dim=1) == HEIGHT // 2).all()
    near = torch.nn.functional.max_pool2d(inside.float(), 3, 1, 1) > 0
    outside = seen.permute(0, 2, 3, 1)[~near]
    np.testing.assert_allclose(outside, MEAN.expand_as(outside), rtol=1e-5)
    # The images do not all lie in the same corner.
    tops = inside.any(dim=2).float().argmax(dim=1)
    assert tops.min() < 5 and tops.max() > HEIGHT // 2 - 5


def test_a_view_larger_than_the_image_on_one_side_only() -> None:
    images, masks = ramps(10)
    _, labels = views(images, masks, PLAIN, (HEIGHT + 20, WIDTH - 20))
    inside = labels != NO
    assert (inside.any(dim=2).sum(dim=1) == HEIGHT).all()
    assert (inside.any(dim=1).sum(dim=1) == WIDTH - 20).all()


def test_unlabelled_stays_unlabelled_and_indices_stay_whole() -> None:
    images, masks = pictures(30, 24, 32)
    _, labels = views(images, masks, View((0.5, 2), True, 0.3), (24, 32))
    assert set(labels.unique().tolist()) == {0, 1, 2, 10, NO}
    blank = torch.full_like(masks, NO)
    assert (views(images, blank, View((0.5, 2), True, 0.3), (24, 32))[1] == NO).all()


def test_the_same_seed_gives_the_same_views() -> None:
    images, masks = pictures(8, 24, 32)
    view = View((0.5, 2), True, 0.4)
    first, again = (views(images, masks, view, (16, 16), seed=3) for _ in range(2))
    other = views(images, masks, view, (16, 16), seed=4)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    assert not torch.equal(first[1], other[1])


def test_nothing_else_is_drawn_from_or_changed() -> None:
    images, masks = pictures(4, 24, 32)
    kept = images.clone(), masks.clone()
    before = torch.get_rng_state()
    views(images, masks, View((0.5, 2), True, 0.4), (24, 32))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(images, kept[0]) and torch.equal(masks, kept[1])


@pytest.mark.parametrize("strength", [0.1, 0.4, 2.0])
def test_colours_stay_in_range_and_places_where_they_are(strength: float) -> None:
    images, masks = pictures(32, 24, 32)
    images[0], images[1] = 0, 255
    seen, labels = views(images, masks, View((0.5, 2), True, strength), (24, 32))
    plain, plain_labels = views(images, masks, View((0.5, 2), True, 0.0), (24, 32))
    assert torch.isfinite(seen).all()
    assert seen.min() >= 0 and seen.max() <= 1
    assert torch.equal(labels, plain_labels)
    assert not torch.allclose(seen, plain, atol=0.02)


def test_colours_change_by_image() -> None:
    """One picture many times: its views differ in brightness, contrast, hue and saturation."""
    images, masks = pictures(1, 24, 32)
    images, masks = images.expand(64, -1, -1, -1), masks.expand(64, -1, -1)
    seen, _ = views(images, masks, View((1, 1), False, 0.4), (24, 32))
    colour = seen.mean(dim=(2, 3))
    brightness, contrast = colour.mean(dim=1), seen.mean(dim=1).std(dim=(1, 2))
    saturation = (seen - seen.mean(dim=1, keepdim=True)).std(dim=(1, 2, 3))
    for numbers in (brightness, contrast, saturation, colour[:, 0] - colour[:, 2]):
        assert numbers.unique().numel() == 64
    # Neither lighter nor darker on the whole, and no longer the same.
    assert 0.35 < brightness.mean() < 0.65
    assert brightness.std() > 0.05
    assert (colour[:, 0] - colour[:, 2]).std() > 0.01


def test_white_balance_is_all_that_colours_a_grey_image() -> None:
    images = torch.full((32, 3, 8, 8), 100, dtype=torch.uint8)
    masks = torch.zeros(32, 8, 8, dtype=torch.uint8)
    seen, _ = views(images, masks, View((1, 1), False, 0.4), (8, 8))
    np.testing.assert_allclose(seen, seen[:, :, :1, :1].expand_as(seen), atol=1e-5, rtol=0)
    red, _, blue = seen[:, :, 0, 0].unbind(1)
    assert (red / blue).log().std() > 0.02


# ---- classes pasted from one view into another

CLASSES = 4


def coded(count: int) -> tuple[Tensor, Tensor]:
    """Views of noise labels; the colour of a pixel says whose it is, and its label."""
    random = np.random.default_rng(6)
    labels = torch.from_numpy(random.choice([0, 1, 2, 3, NO], (count, 10, 14))).long()
    whose = torch.arange(count).view(-1, 1, 1).expand_as(labels)
    return torch.stack([whose.float(), labels.float(), torch.rand(labels.shape)], dim=1), labels


def mixed(
    seen: Tensor, labels: Tensor, share: float, seed: int = 0, classes: int = CLASSES
) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    pasted = mix_views(Views(seen, labels), share, classes, generator)
    assert pasted.soft is None
    return pasted.images, pasted.labels


def test_whole_classes_of_one_other_view_are_pasted() -> None:
    seen, labels = coded(200)
    pasted, pasted_labels = mixed(seen, labels, 0.7)
    assert pasted.dtype == torch.float32 and pasted_labels.dtype == torch.int64
    # The label goes with the colour, wherever it comes from.
    assert torch.equal(pasted[:, 1], pasted_labels.float())
    kinds = []
    for index in range(200):
        whose = pasted[index, 0].long()
        others = sorted(set(whose.unique().tolist()) - {index})
        assert len(others) <= 1
        taken = whose != index
        other = others[0] if others else index
        classes = set(labels[other][taken].tolist()) if others else set()
        assert NO not in classes
        # All that the other view has of these classes, and nothing else.
        wanted = torch.isin(labels[other], torch.tensor(sorted(classes)))
        assert torch.equal(taken, wanted)
        assert torch.equal(pasted[index], torch.where(taken, seen[other], seen[index]))
        kinds.append(frozenset(classes))
    # Three in ten are left alone, and one of 2**4 of the rest gets nothing.
    assert kinds.count(frozenset()) / 200 == pytest.approx(0.3 + 0.7 / 16, abs=0.08)
    assert len(set(kinds)) == 2**CLASSES
    for index in range(CLASSES):
        share = np.mean([index in classes for classes in kinds])
        assert share == pytest.approx(0.7 / 2, abs=0.08)


def test_pasting_into_none_and_into_all() -> None:
    seen, labels = coded(64)
    same, same_labels = mixed(seen, labels, 0.0)
    assert torch.equal(same, seen) and torch.equal(same_labels, labels)
    pasted, _ = mixed(seen, labels, 1.0)
    untouched = (pasted == seen).flatten(1).all(1).float().mean()
    # Of four classes none is drawn once in sixteen times.
    assert untouched < 0.2


def test_pasting_needs_another_view() -> None:
    seen, labels = coded(1)
    same, same_labels = mixed(seen, labels, 1.0)
    assert torch.equal(same, seen) and torch.equal(same_labels, labels)


def test_unlabelled_is_never_pasted() -> None:
    """Not even where the table has all 255 classes."""
    seen, labels = coded(8)
    labels[:] = NO
    labels[:, 0, 0] = 254
    pasted, pasted_labels = mixed(seen, labels, 1.0, classes=255)
    assert torch.equal(pasted_labels, labels)
    changed = (pasted != seen).any(dim=1)
    assert changed.any() and not changed.flatten(1)[:, 1:].any()


def test_pasting_follows_the_seed_and_changes_nothing_given() -> None:
    seen, labels = coded(16)
    kept = seen.clone(), labels.clone()
    before = torch.get_rng_state()
    first, again, other = (mixed(seen, labels, 0.5, seed)[0] for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(seen, kept[0]) and torch.equal(labels, kept[1])


# ---- a teacher's probabilities


@pytest.mark.parametrize("seed", range(4))
def test_probabilities_move_with_their_image(seed: int) -> None:
    """A ramp of probability as wide as the image's: both tell the same place."""
    images, masks = ramps(6)
    across = (torch.arange(WIDTH // 4) * 8 + 3).to(torch.uint8)  # at the centre of four columns
    soft = across.view(1, 1, 1, -1).expand(6, 1, HEIGHT // 4, -1).contiguous()
    view = View(zoom=(1.0, 2.0), flip=True, colour=0.0)
    generator = torch.Generator().manual_seed(seed)
    drawn = random_views(images, masks, view, (32, 48), MEAN, generator, soft)
    assert drawn.soft is not None and drawn.soft.shape == (6, 1, 8, 12)
    # Red is 2 a column, so its mean over four columns is what the probability is there.
    red = torch.nn.functional.avg_pool2d(drawn.images[:, :1] * 255, 4)
    green = torch.nn.functional.avg_pool2d(drawn.images[:, 1:2] * 255, 4)
    # Where nothing from outside of the image mixes in.
    inside = (red > 8) & (red < 2 * WIDTH - 10) & (green > 8) & (green < 2 * HEIGHT - 10)
    assert inside.float().mean() > 0.5
    difference = (drawn.soft * 255 - red)[inside].abs()
    assert difference.max() < 0.6


def test_probabilities_are_zero_outside_the_image() -> None:
    images, masks = ramps(2)
    soft = torch.full((2, 3, HEIGHT // 4, WIDTH // 4), 255, dtype=torch.uint8)
    view = View(zoom=(0.5, 0.5), flip=False, colour=0.0)
    generator = torch.Generator().manual_seed(1)
    drawn = random_views(images, masks, view, (HEIGHT, WIDTH), MEAN, generator, soft)
    assert drawn.soft is not None
    # Half the sides: a quarter of the view is image, and nothing else is known.
    assert drawn.soft.amax() == pytest.approx(1)
    assert (drawn.soft == 0).float().mean() == pytest.approx(0.7, abs=0.1)


def test_probabilities_are_pasted_with_their_class() -> None:
    labels = torch.zeros(2, 8, 8, dtype=torch.long)
    labels[1, :4] = 1
    soft = torch.zeros(2, 2, 2, 2)
    soft[0, 0], soft[1, 1, 0], soft[1, 0, 1] = 0.9, 0.8, 0.7
    seen = Views(torch.zeros(2, 3, 8, 8), labels, soft)
    into_first = []
    for seed in range(20):
        pasted = mix_views(seen, 1.0, 2, torch.Generator().manual_seed(seed))
        assert pasted.soft is not None
        took = [bool((pasted.labels[0, :4] == 1).all()), bool((pasted.soft[0, 1, 0] == 0.8).all())]
        assert took[0] == took[1]
        into_first.append(took[0])
    assert any(into_first) and not all(into_first)
