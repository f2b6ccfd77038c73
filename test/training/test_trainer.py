# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Trainings of seconds: that they learn, that they can be interrupted anywhere, and what stays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_dataset import TABLE, read_mask, write_dataset
from torch import nn

from lwrf_ros.datasets.dataset import Pair, check_pairs, find_pairs, read_image
from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix
from lwrf_ros.network import build_network
from lwrf_ros.network.refinenet import RefineNet, randomise
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.training import trainer as trainer_module
from lwrf_ros.training.journal import Row
from lwrf_ros.training.recipe import Recipe, fine_tuning, plain
from lwrf_ros.training.state import ResumeError
from lwrf_ros.training.trainer import DivergedError, Task, Trainer

SIZE = (32, 48)
NEVER_S = 1e9
# Everything that a step can have: crops first, then frames, and all parts of the loss.
RECIPE = Recipe(
    epochs=2,
    batch=2,
    optimiser="adamw",
    encoder_rate=2e-3,
    decoder_rate=5e-4,
    momentum=0.9,
    weight_decay=0.01,
    schedule="cosine",
    warm_up=0.1,
    frozen_norm=False,
    crop_share=0.5,
    crop=0.6,
    zoom_min=0.7,
    zoom_max=1.4,
    frame_zoom_min=0.9,
    flip=True,
    colour=0.3,
    mix=0.5,
    hard=1.0,
    distill=0.0,
    distill_temperature=1.0,
    class_balance=0.3,
    overlap=0.5,
    auxiliary=0.3,
    average=0.9,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("training"), 12, SIZE)


@pytest.fixture(scope="module")
def pairs(folder: Path) -> list[Pair]:
    return find_pairs(folder)


def task(pairs: list[Pair], recipe: Recipe = RECIPE, **changes: Any) -> Task:
    whole = Task(
        pairs=tuple(pairs),
        pixels=check_pairs(pairs, TABLE).pixels,
        classes=TABLE,
        backbone="mobilenet_v2",
        decoder="light_weight",
        input_size=SIZE,
        recipe=recipe,
        seed=1,
        device=torch.device("cpu"),
        precision="fp32",
    )
    return replace(whole, **changes)


def trainer_of(task: Task) -> Trainer:
    return Trainer(task, cache_bytes=2**20, workers=2)


@dataclass
class Watch:
    """Writes down what it is told."""

    steps: list[tuple[int, float | None, float]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    averages: list[RefineNet | None] = field(default_factory=list)

    def on_step(self, images: int, loss: float | None, rate: float) -> None:
        self.steps.append((images, loss, rate))

    def on_epoch(self, rows: list[Row], average: RefineNet | None) -> None:
        self.rows = list(rows)
        self.averages.append(average)


def run(
    trainer: Trainer,
    save: Callable[[Trainer], None] = lambda trainer: None,
    save_every_s: float = NEVER_S,
    validate: Callable[[RefineNet], tuple[float, float]] | None = None,
    validate_every: int = 1,
) -> Watch:
    watch = Watch()
    trainer.run(watch, save, save_every_s, validate, validate_every)
    return watch


def copy_of(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def differing(one: Any, other: Any, where: str = "") -> list[str]:
    """Name what is not the same to the bit in two states."""
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return [f"{where}: other entries"]
        return [d for key in one for d in differing(one[key], other[key], f"{where}.{key}")]
    if isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return [f"{where}: other length"]
        return [
            d
            for index, (a, b) in enumerate(zip(one, other, strict=True))
            for d in differing(a, b, f"{where}[{index}]")
        ]
    if isinstance(one, torch.Tensor):
        return [] if one.dtype == other.dtype and torch.equal(one, other) else [where]
    return [] if one == other or where.endswith("seconds") else [where]


def norms_of(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


# ---- learning


def test_colours_are_learnt(tmp_path: Path) -> None:
    size = (48, 64)
    recipe = replace(
        RECIPE, epochs=8, batch=4, crop_share=0, frame_zoom_min=1, zoom_max=1, mix=0, average=0.6
    )
    pairs = find_pairs(write_dataset(tmp_path / "train", 12, size))
    held_out = find_pairs(write_dataset(tmp_path / "val", 3, size, first_seed=100))

    def validate(network: RefineNet) -> tuple[float, float]:
        segmenter = Segmenter(network, TABLE, device="cpu")
        matrix = ConfusionMatrix(3)
        for pair in held_out:
            labels = segmenter.segment([read_image(pair.image)])[0].labels
            assert labels is not None
            matrix.add(labels, read_mask(pair.mask))
        return matrix.mean_iou(), matrix.pixel_accuracy()

    trainer = trainer_of(task(pairs, recipe, input_size=size))
    watch = run(trainer, validate=validate, validate_every=4)
    losses = [row.loss for row in watch.rows]
    assert losses[-1] < 0.6 * losses[0]
    # One class for everything has a mean IoU of 1/9, chance one of 1/5.
    assert watch.rows[-1].mean_iou is not None and watch.rows[-1].mean_iou > 0.6
    assert watch.rows[-1].pixel_accuracy is not None and watch.rows[-1].pixel_accuracy > 0.7


def test_a_rare_large_gradient_is_cut_to_a_norm_of_ten(pairs: list[Pair]) -> None:
    recipe = replace(
        RECIPE, epochs=1, optimiser="sgd", encoder_rate=1e-3, decoder_rate=1e-3, momentum=0.0,
        weight_decay=0.0, schedule="constant", warm_up=0.0, auxiliary=0.0,
    )  # fmt: skip
    trainer = trainer_of(task(pairs[:2], recipe))
    before = [p.detach().double().clone() for p in trainer.network.parameters()]
    objective = trainer._objective
    trainer._objective = lambda *given: 1e6 * objective(*given)  # type: ignore
    trainer._train_step(next(iter(trainer._feed.batches(0, 1))))
    moved = zip(trainer.network.parameters(), before, strict=True)
    squares = sum(float((now.detach() - was).square().sum()) for now, was in moved)
    # Without momentum a step is the rate times the gradient; single numbers round.
    assert math.sqrt(squares) == pytest.approx(1e-3 * 10, rel=1e-3)


def test_on_a_gpu_the_loss_is_read_at_every_twentieth_step(
    pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = trainer_of(task(pairs, replace(RECIPE, epochs=5)))
    assert (trainer.steps_per_epoch, trainer.total_steps) == (6, 30)
    trainer._device = torch.device("cuda")
    losses = iter(range(1, 31))
    monkeypatch.setattr(
        trainer, "_train_step", lambda batch: (torch.tensor(float(next(losses))), 0.1)
    )
    watch = run(trainer)
    read = [loss for _, loss, _ in watch.steps if loss is not None]
    # And at the end of an epoch, whose mean is over all of its steps.
    assert read == [6, 12, 18, 20, 24, 30]
    assert [row.loss for row in watch.rows] == [3.5, 9.5, 15.5, 21.5, 27.5]


# ---- interruption


@pytest.mark.parametrize(
    ("recipe", "precision"),
    [
        (RECIPE, "fp32"),
        (replace(fine_tuning("mobilenet_v2"), epochs=2, batch=2), "fp32"),
        (replace(RECIPE, epochs=1, average=0), "bf16"),
    ],
    ids=["scratch", "fine_tuning", "bf16"],
)
def test_stopped_between_any_two_steps_it_ends_as_if_it_had_not(
    pairs: list[Pair], tmp_path: Path, recipe: Recipe, precision: str
) -> None:
    whole = task(pairs[:5], recipe, precision=precision)
    steps = 2 * recipe.epochs
    unbroken = trainer_of(whole)
    saved: list[int] = []

    def save(trainer: Trainer) -> None:
        saved.append(trainer.step)
        trainer.save(tmp_path / f"{trainer.step}.pt")

    watch = run(unbroken, save, save_every_s=-1)
    assert saved == list(range(1, steps + 1))
    assert all(loss is not None and math.isfinite(loss) for _, loss, _ in watch.steps)
    for step in range(1, steps):
        torch.rand(step)  # what else is drawn in the process does not matter
        resumed = trainer_of(whole)
        resumed.load(tmp_path / f"{step}.pt")
        assert resumed.step == step
        rest = run(resumed)
        assert rest.steps == watch.steps[step:]
        assert differing(resumed.state(), unbroken.state()) == []
        last, last_unbroken = rest.averages[-1], watch.averages[-1]
        assert last is not None and last_unbroken is not None
        assert differing(copy_of(last), copy_of(last_unbroken)) == []


def test_a_finished_training_has_nothing_left_to_do(pairs: list[Pair], tmp_path: Path) -> None:
    whole = task(pairs[:2], replace(RECIPE, epochs=1))
    trainer = trainer_of(whole)
    run(trainer, lambda trainer: trainer.save(tmp_path / "state.pt"))
    again = trainer_of(whole)
    again.load(tmp_path / "state.pt")
    watch = run(again)
    assert (watch.steps, watch.rows) == ([], [])
    assert again.rows == trainer.rows
    assert differing(again.state(), trainer.state()) == []


def test_the_seed_decides(pairs: list[Pair]) -> None:
    recipe = replace(RECIPE, epochs=1, schedule="constant", warm_up=0.0)
    states = []
    for seed in (1, 1, 2):
        trainer = trainer_of(task(pairs[:2], recipe, seed=seed))
        run(trainer)
        states.append(trainer.state())
    assert states[0]["losses"] == [] and states[0]["step"] == 1
    assert differing(states[0], states[1]) == []
    assert differing(states[0], states[2]) != []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 2}, "seed was 1, is 2"),
        ({"precision": "bf16"}, "precision was fp32, is bf16"),
        ({"input_size": (48, 32)}, "input size was 48x32, is 32x48"),
        ({"recipe": replace(RECIPE, epochs=4)}, "recipe.epochs was 2, is 4"),
        ({"init_sha256": "abc"}, "initial weights was drawn, is abc"),
        (
            {"init_sha256": "abc", "encoder_only": True},
            "initial weights was drawn, is encoder of abc",
        ),
        ({"pixels": np.array([1, 2, 3])}, "pixels by class was "),
    ],
)
def test_a_state_belongs_to_its_task(
    pairs: list[Pair], tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    whole = task(pairs[:2])
    trainer_of(whole).save(tmp_path / "state.pt")
    other = trainer_of(replace(whole, **changes))
    before = copy_of(other.network)
    with pytest.raises(ResumeError) as caught:
        other.load(tmp_path / "state.pt")
    assert words in str(caught.value)
    assert differing(copy_of(other.network), before) == []


def test_the_settings_name_the_images(pairs: list[Pair]) -> None:
    one, other = task(pairs[:3]).settings(), task(pairs[1:4]).settings()
    assert one["images"].startswith("3 (") and one["images"] != other["images"]
    assert one["classes"] == "red, green, blue"
    assert one["recipe.crop"] == "0.6"
    assert task(pairs[:3]).settings() == one


# ---- what is told


def test_steps_and_epochs_are_told(pairs: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[RefineNet] = []

    def validate(network: RefineNet) -> tuple[float, float]:
        scored.append(network)
        return 0.25 * len(scored), 0.5 * len(scored)

    saves: list[int] = []
    recipe = replace(RECIPE, epochs=3, schedule="halving", warm_up=0.0, encoder_rate=0.001)
    trainer = trainer_of(task(pairs[:5], recipe))
    assert (trainer.steps_per_epoch, trainer.total_steps, trainer.images_per_step) == (2, 6, 2)
    watch = run(trainer, lambda t: saves.append(t.step), validate=validate, validate_every=2)
    assert [images for images, _, _ in watch.steps] == [2] * 6
    # A third of the steps at each rate.
    rates = [rate for _, _, rate in watch.steps]
    assert rates == pytest.approx([1e-3] * 2 + [5e-4] * 2 + [2.5e-4] * 2)
    losses = [loss for _, loss, _ in watch.steps]
    for number, row in enumerate(watch.rows, 1):
        assert (row.epoch, row.step) == (number, 2 * number)
        assert row.loss == pytest.approx((losses[2 * number - 2] + losses[2 * number - 1]) / 2)
        assert row.rate == pytest.approx(rates[2 * number - 1])
    # Every second epoch is looked at, and the last one in any case.
    assert [row.mean_iou for row in watch.rows] == [None, 0.25, 0.5]
    assert [row.pixel_accuracy for row in watch.rows] == [None, 0.5, 1.0]
    assert [average is None for average in watch.averages] == [True, False, False]
    assert watch.averages[1:] == scored
    assert saves == [2, 4, 6]
    seconds = [row.seconds for row in watch.rows]
    assert 0 < seconds[0] < seconds[1] < seconds[2]


def test_without_validation_there_are_weights_but_no_scores(pairs: list[Pair]) -> None:
    watch = run(trainer_of(task(pairs[:2], replace(RECIPE, epochs=1))))
    assert watch.rows[0].mean_iou is None and watch.rows[0].pixel_accuracy is None
    assert watch.averages[0] is not None


def test_saving_within_an_epoch_waits_its_time(
    pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that goes on by ten seconds at every look."""
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(trainer_module.time, "monotonic", lambda: float(next(clock)))
    saves: list[int] = []
    trainer = trainer_of(task(pairs[:10], replace(RECIPE, epochs=1)))
    run(trainer, lambda t: saves.append(t.step), save_every_s=15)
    assert saves == [2, 4, 5]


def test_the_average_is_what_is_handed_on(pairs: list[Pair]) -> None:
    trainer = trainer_of(task(pairs[:4], replace(RECIPE, epochs=1, average=0.9)))
    first = copy_of(trainer.network)
    watch = run(trainer)
    average = watch.averages[-1]
    assert average is not None and not average.training
    assert average.input_size == SIZE
    name = "classifier.weight"
    between = copy_of(average)[name]
    last = copy_of(trainer.network)[name]
    assert not torch.equal(between, last) and not torch.equal(between, first[name])
    # Two steps of batch norm's statistics are in it as well.
    assert not any((norm.running_mean == 0).all() for norm in norms_of(average))
    assert not {id(p) for p in average.parameters()} & {id(p) for p in trainer.network.parameters()}


# ---- frozen norm and given weights


@pytest.fixture(scope="module")
def given() -> RefineNet:
    """Weights for five classes, whose norms have something to lose."""
    network = build_network("mobilenet_v2", 5)
    randomise(network, 3)
    generator = torch.Generator().manual_seed(4)
    for norm in norms_of(network):
        for tensor in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
            assert tensor is not None
            tensor.data.add_(0.2 * torch.rand(tensor.shape, generator=generator))
    network.mean, network.std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25)
    return network


@pytest.mark.parametrize("recipe", [fine_tuning("mobilenet_v2"), replace(RECIPE, frozen_norm=True)])
def test_frozen_norm_keeps_statistics_and_scales(
    pairs: list[Pair], given: RefineNet, recipe: Recipe
) -> None:
    trainer = trainer_of(
        task(pairs[:4], replace(recipe, epochs=1, batch=2), init=given, init_sha256="0")
    )
    before = copy_of(trainer.network)
    watch = run(trainer)
    average = watch.averages[-1]
    assert average is not None
    norms = {name for name in before if ".norm." in name}
    assert len(norms) == 5 * len(norms_of(given))
    for network in (trainer.network, average):
        for name, value in network.state_dict().items():
            if name in norms:
                if not name.endswith("num_batches_tracked"):
                    assert torch.equal(value, given.state_dict()[name]), name
                    assert torch.equal(value, before[name]), name
            else:
                # Everything else has moved.
                assert not torch.equal(value, before[name]), name


def test_trained_norm_moves(pairs: list[Pair]) -> None:
    # A cosine ends at zero, and here the first step is the last.
    recipe = replace(RECIPE, epochs=1, schedule="constant", warm_up=0.0)
    trainer = trainer_of(task(pairs[:2], recipe))
    before = copy_of(trainer.network)
    run(trainer)
    for name, value in trainer.network.state_dict().items():
        assert not torch.equal(value, before[name]), name


def test_given_weights_with_other_classes(pairs: list[Pair], given: RefineNet) -> None:
    """Encoder and decoder are taken over; the classifier is new, and has the new classes."""
    fresh = trainer_of(task(pairs[:2]))
    kept = copy_of(given)
    trainer = trainer_of(task(pairs[:2], init=given, init_sha256="0"))
    assert trainer.network.num_classes == 3
    for name, value in trainer.network.state_dict().items():
        source = fresh.network.state_dict() if name.startswith("classifier.") else kept
        assert torch.equal(value, source[name]), name
    # Normalised as those weights were trained, now and in the node.
    average = trainer.averaged_network()
    assert (average.mean, average.std) == ((0.5, 0.4, 0.3), (0.2, 0.3, 0.25))
    assert differing(copy_of(given), kept) == []


def test_given_weights_with_as_many_classes(pairs: list[Pair]) -> None:
    given = build_network("mobilenet_v2", 3)
    randomise(given, 3)
    trainer = trainer_of(task(pairs[:2], init=given, init_sha256="0"))
    assert differing(copy_of(trainer.network), copy_of(given)) == []


def test_a_given_encoder(pairs: list[Pair], given: RefineNet) -> None:
    """Decoder and classifier are those of a training from scratch."""
    fresh = trainer_of(task(pairs[:2]))
    for source in (given, build_network("mobilenet_v2", 3)):
        trainer = trainer_of(task(pairs[:2], init=source, init_sha256="0", encoder_only=True))
        for name, value in trainer.network.state_dict().items():
            wanted = (source if name.startswith("encoder.") else fresh.network).state_dict()[name]
            assert torch.equal(value, wanted), name
        average = trainer.averaged_network()
        assert (average.mean, average.std) == (source.mean, source.std)


def test_given_weights_are_not_trained_themselves(pairs: list[Pair], given: RefineNet) -> None:
    kept = copy_of(given)
    recipe = replace(fine_tuning("mobilenet_v2"), epochs=1, batch=2)
    run(trainer_of(task(pairs[:2], recipe, init=given, init_sha256="0")))
    assert differing(copy_of(given), kept) == []


# ---- steps


def test_mixed_precision_keeps_weights_and_losses_whole(pairs: list[Pair]) -> None:
    losses = {}
    for precision in ("fp32", "bf16"):
        trainer = trainer_of(task(pairs[:2], replace(RECIPE, epochs=1), precision=precision))
        losses[precision] = run(trainer).rows[0].loss
        assert {p.dtype for p in trainer.network.parameters()} == {torch.float32}
    # 8 bits of mantissa in 60 layers: near, and not the same.
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.1)
    assert losses["bf16"] != losses["fp32"]


@pytest.mark.parametrize(
    ("size", "crop", "wanted"),
    [
        ((360, 480), 0.533, (192, 256)),  # 191.9 and 255.8: whole strides of 32
        ((360, 480), 0.25, (96, 128)),  # 90 and 120
        ((48, 64), 0.1, (32, 32)),  # no less than the least
        ((40, 500), 1.0, (32, 500)),  # no more than the frame: 512 would be the nearest stride
    ],
)
def test_crops_are_whole_strides(
    size: tuple[int, int], crop: float, wanted: tuple[int, int]
) -> None:
    assert trainer_module._crop_size(size, crop) == wanted


def test_crops_come_first_and_frames_last(
    pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[tuple[int, int], tuple[float, float]]] = []
    draw = trainer_module.random_views

    def watching(images: Any, masks: Any, view: Any, size: Any, *others: Any) -> Any:
        seen.append((size, view.zoom))
        return draw(images, masks, view, size, *others)

    monkeypatch.setattr(trainer_module, "random_views", watching)
    run(trainer_of(task(pairs[:2], replace(RECIPE, epochs=5, crop_share=0.6))))
    assert seen == [((32, 32), (0.7, 1.4))] * 3 + [(SIZE, (0.9, 1.4))] * 2


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_classes_are_pasted_on_request(
    pairs: list[Pair], monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    seen: list[tuple[Any, ...]] = []
    mix = trainer_module.mix_views

    def watching(views: Any, *others: Any) -> Any:
        seen.append((views.images.shape, views.labels.shape, *others[:2]))
        return mix(views, *others)

    monkeypatch.setattr(trainer_module, "mix_views", watching)
    run(trainer_of(task(pairs[:2], replace(RECIPE, epochs=1, crop_share=0, mix=share))))
    assert seen == ([((2, 3, *SIZE), (2, *SIZE), 0.5, 3)] if share else [])


def test_a_diverged_training_is_an_error(pairs: list[Pair]) -> None:
    trainer = trainer_of(task(pairs[:4], replace(RECIPE, epochs=1)))
    saves: list[int] = []
    with torch.no_grad():
        trainer.network.classifier.bias.fill_(math.nan)
    with pytest.raises(DivergedError) as caught:
        run(trainer, lambda t: saves.append(t.step), save_every_s=-1)
    assert "the loss is nan at step 1: the training has diverged" in str(caught.value)
    assert "--set encoder_rate=" in str(caught.value)
    # The state before stays what it is.
    assert saves == []


def test_one_image_and_a_larger_batch(pairs: list[Pair]) -> None:
    trainer = trainer_of(task(pairs[:1], replace(plain(), epochs=2, batch=8)))
    assert (trainer.steps_per_epoch, trainer.images_per_step) == (1, 1)
    assert len(run(trainer).rows) == 2


def test_a_teacher_is_followed_and_not_the_masks(tmp_path: Path) -> None:
    """The masks say other classes than the probabilities, whose weight is all there is."""
    root = write_dataset(tmp_path, 2, SIZE)
    (root / "probabilities").mkdir()
    for pair in find_pairs(root):
        taught = np.zeros((3, 2, 2), np.uint8)
        taught[2, :, 0], taught[1, :, 1] = 255, 255
        np.savez_compressed(root / "probabilities" / f"{pair.name}.npz", probabilities=taught)
    recipe = replace(RECIPE, epochs=40, crop_share=0, zoom_min=1.0, zoom_max=1.0, flip=False)
    recipe = replace(recipe, frame_zoom_min=1.0, mix=0.0, overlap=0.0, hard=0.0, distill=1.0)
    trainer = trainer_of(task(find_pairs(root), recipe))
    watch = run(trainer)
    assert watch.rows[-1].loss < 0.3 * watch.rows[0].loss
    network = trainer.averaged_network()
    for pair in find_pairs(root):
        labels = Segmenter(network, TABLE, device="cpu").segment([read_image(pair.image)])[0].labels
        assert (labels[:, :16] == 2).mean() > 0.9 and (labels[:, -16:] == 1).mean() > 0.9


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU on this machine")
def test_on_a_gpu(pairs: list[Pair], tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=2, batch=4)
    whole = task(pairs, recipe, device=torch.device("cuda"), precision="bf16")
    trainer = trainer_of(whole)
    watch = run(trainer, lambda t: t.save(tmp_path / f"{t.step}.pt"))
    # Only the last step of an epoch is waited for; its mean is of all.
    assert [loss is None for _, loss, _ in watch.steps] == [True, True, False] * 2
    resumed = trainer_of(whole)
    resumed.load(tmp_path / "3.pt")
    rest = run(resumed)
    assert rest.rows[-1].loss == pytest.approx(watch.rows[-1].loss, rel=0.2)
    assert resumed.averaged_network()(torch.rand(1, 3, *SIZE)).shape == (1, 3, 8, 12)
