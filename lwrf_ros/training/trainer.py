# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The training itself: from step to step, resumable between any two of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.dataset import Pair
from lwrf_ros.errors import LwrfError
from lwrf_ros.input_size import MIN_SIDE_PX
from lwrf_ros.network.refinenet import RefineNet, build_network
from lwrf_ros.training.augmentation import View, mix_views, random_views
from lwrf_ros.training.feed import Batch, Feed
from lwrf_ros.training.journal import Row
from lwrf_ros.training.objective import Objective, balanced_class_weights
from lwrf_ros.training.optimiser import RunningAverage, build_optimiser, initialise, set_rate
from lwrf_ros.training.recipe import Recipe
from lwrf_ros.training.state import CONTENTS, load_state, save_state

# Each purpose has a stream of random numbers of its own.
_AUGMENTATION, _DROPOUT = 1, 2
_MAX_GRADIENT_NORM = 10.0
# Steps between two looks at the loss on a GPU.
_READ_EVERY = 20


class DivergedError(LwrfError):
    """A training whose loss is no longer finite."""


@dataclass(frozen=True)
class Task:
    """A training task: everything that the result depends on.

    Attributes:
        pairs: The training pairs.
        pixels: ``(C,)`` pixels by class over the pairs.
        classes: The class table.
        backbone: Name of the encoder.
        decoder: Name of the decoder's form.
        input_size: ``(height, width)`` in pixels that every pair is stretched to, and that the
            node will run the weights at.
        recipe: The recipe.
        seed: Seed of everything that is drawn.
        device: Where to train.
        precision: "fp32" or "bf16" (mixed: weights and losses stay fp32).
        init: Weights to start from, None to draw them.
        init_sha256: Their hash.
        encoder_only: Whether only their encoder is taken, and the decoder and the classifier are
            drawn.
    """

    pairs: tuple[Pair, ...]
    pixels: np.ndarray
    classes: ClassTable
    backbone: str
    decoder: str
    input_size: tuple[int, int]
    recipe: Recipe
    seed: int
    device: torch.device
    precision: str
    init: RefineNet | None = None
    init_sha256: str = ""
    encoder_only: bool = False

    @property
    def origin(self) -> str:
        """Which weights it starts from, as text."""
        if not self.init_sha256:
            return "drawn"
        return f"encoder of {self.init_sha256}" if self.encoder_only else self.init_sha256

    @cached_property
    def contents(self) -> str:
        """Hash of the contents of the training pairs' files; read once."""
        digest = hashlib.sha256()
        for pair in self.pairs:
            for path in filter(None, (pair.image, pair.mask, pair.probabilities)):
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:12]

    def settings(self) -> dict[str, str]:
        """Return everything that the result depends on, as text."""
        listing = "\n".join(pair.name for pair in self.pairs)
        return {
            "backbone": self.backbone,
            "decoder": self.decoder,
            "classes": ", ".join(self.classes.names),
            "input size": f"{self.input_size[1]}x{self.input_size[0]}",
            "images": f"{len(self.pairs)} ({hashlib.sha256(listing.encode()).hexdigest()[:12]})",
            CONTENTS: self.contents,
            "stored probabilities": str(sum(pair.probabilities is not None for pair in self.pairs)),
            "pixels by class": ", ".join(map(str, self.pixels.tolist())),
            "seed": str(self.seed),
            "device": self.device.type,
            "precision": self.precision,
            "initial weights": self.origin,
            **{f"recipe.{name}": str(value) for name, value in asdict(self.recipe).items()},
        }


class Watcher(Protocol):
    """Who is told how a training goes."""

    def on_step(self, images: int, loss: float | None, rate: float) -> None:
        """Hear of a step; the loss is None where asking for it would wait for the device."""

    def on_epoch(self, rows: list[Row], average: RefineNet | None) -> None:
        """Hear of an epoch's end, with the averaged network where it was validated."""


Validate = Callable[[RefineNet], tuple[float, float]]


class Trainer:
    """Trains a network; its state can be saved and continued between any two steps.

    All random numbers of a step come from the seed and the step's number, so a continued
    training draws what an unbroken one draws. On a CPU, with the same number of threads, its
    result is the same to the bit.

    Args:
        task: What to train.
        cache_bytes: Memory for decoded images.
        workers: Threads that decode images.
    """

    def __init__(self, task: Task, cache_bytes: int, workers: int) -> None:
        recipe = task.recipe
        self._task = task
        self._device = task.device
        self._recipe = recipe
        self.network = _first_network(task).to(task.device)
        self.network.train()
        if recipe.frozen_norm:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.requires_grad_(False)
        weights = balanced_class_weights(torch.from_numpy(task.pixels), recipe.class_balance)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(task.seed)
            objective = Objective(self.network, weights, recipe)
        self._objective = objective.to(task.device).train()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimiser = build_optimiser(self.network, self._objective.heads, recipe)
        self.average = RunningAverage(self.network, recipe.average)
        self._mean = torch.tensor(self.network.mean, device=task.device)
        self._std = torch.tensor(self.network.std, device=task.device)
        self._feed = Feed(
            task.pairs,
            task.input_size,
            recipe.batch,
            task.seed,
            task.device,
            cache_bytes,
            workers,
            len(task.classes) if recipe.distill else 0,
        )
        self.steps_per_epoch = self._feed.steps_per_epoch
        self.total_steps = self.steps_per_epoch * recipe.epochs
        self.images_per_step = self._feed.batch
        self.step = 0
        self.rows: list[Row] = []
        self._losses: list[float] = []
        self._seconds = 0.0

    def run(
        self,
        watcher: Watcher,
        save: Callable[[Trainer], None],
        save_every_s: float,
        validate: Validate | None,
        validate_every: int,
    ) -> None:
        """Train to the end.

        Args:
            watcher: Is told of every step and epoch.
            save: Called to save the state, at the end of every epoch and every so often.
            save_every_s: Seconds between two savings within an epoch.
            validate: Gives mean IoU and pixel accuracy of a network, None without validation.
            validate_every: Epochs between two validations; the last epoch is always validated.
        """
        before = time.monotonic()
        saved = before
        # The losses of steps whose result is not waited for, oldest first.
        pending: list[torch.Tensor] = []
        for batch in self._feed.batches(self.step, self.total_steps):
            loss, rate = self._train_step(batch)
            pending.append(loss)
            self.step += 1
            at_end = self.step % self.steps_per_epoch == 0
            now = time.monotonic()
            self._seconds += now - before
            before = now
            shown = None
            # On a GPU, reading a loss waits for the step.
            due = self._device.type == "cpu" or self.step % _READ_EVERY == 0
            if at_end or due or now - saved > save_every_s:
                self._losses += torch.stack(pending).tolist()
                pending.clear()
                shown = self._losses[-1]
                self._raise_if_diverged()
            watcher.on_step(self.images_per_step, shown, rate)
            if at_end:
                self._end_epoch(rate, watcher, validate, validate_every)
            if at_end or now - saved > save_every_s:
                save(self)
                saved = time.monotonic()

    def state(self) -> dict[str, Any]:
        """Return everything that `restore` needs to continue after the last step."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "heads": self._objective.heads.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "average": self.average.state(),
            "rows": [asdict(row) for row in self.rows],
            "losses": self._losses,
            "seconds": self._seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state` returned."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self._objective.heads.load_state_dict(state["heads"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.average.restore(state["average"])
        self.rows = [Row(**row) for row in state["rows"]]
        self._losses = list(state["losses"])
        self._seconds = state["seconds"]

    def save(self, path: Path) -> None:
        """Write the state to a file."""
        save_state(path, self._task.settings(), self.state())

    def load(self, path: Path) -> None:
        """Continue from a file.

        Raises:
            ResumeError: If it is damaged or belongs to another training.
        """
        self.restore(load_state(path, self._task.settings()))

    def averaged_network(self) -> RefineNet:
        """Return a network with the averaged weights, for validation or to be saved."""
        task = self._task
        network = build_network(task.backbone, len(task.classes), task.decoder)
        self.average.copy_to(network)
        network.mean, network.std = self.network.mean, self.network.std
        network.input_size = task.input_size
        return network

    def _train_step(self, batch: Batch) -> tuple[torch.Tensor, float]:
        """Do one step; on a GPU nothing here waits for it."""
        recipe, step = self._recipe, self.step
        in_crops = step < recipe.crop_share * self.total_steps
        view = View(
            (recipe.zoom_min if in_crops else recipe.frame_zoom_min, recipe.zoom_max),
            recipe.flip,
            recipe.colour,
        )
        size = _crop_size(self._task.input_size, recipe.crop) if in_crops else self._task.input_size
        generator = torch.Generator().manual_seed(_mixed(self._task.seed, _AUGMENTATION, step))
        torch.manual_seed(_mixed(self._task.seed, _DROPOUT, step))
        views = random_views(
            batch.images, batch.masks, view, size, self._mean, generator, batch.soft
        )
        if recipe.mix:
            classes = len(self._task.classes)
            views = mix_views(views, recipe.mix, classes, generator)
        images = (views.images - self._mean.view(1, 3, 1, 1)) / self._std.view(1, 3, 1, 1)
        set_rate(self._optimiser, recipe.rate_factor((step + 1) / self.total_steps))
        self.network.train()
        if recipe.frozen_norm:
            _freeze_norms(self.network)
        mixed = self._task.precision == "bf16"
        with torch.autocast(self._device.type, torch.bfloat16) if mixed else nullcontext():
            logits = self.network(images.contiguous(memory_format=torch.channels_last))
            loss = self._objective(logits, views.labels, views.soft)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        # A guard against a rare outlier; common gradients are far below.
        parameters = [p for group in self._optimiser.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(parameters, _MAX_GRADIENT_NORM)
        self._optimiser.step()
        self.average.update()
        return loss.detach(), self._optimiser.param_groups[0]["lr"]

    def _end_epoch(
        self, rate: float, watcher: Watcher, validate: Validate | None, validate_every: int
    ) -> None:
        epoch = self.step // self.steps_per_epoch
        due = epoch % validate_every == 0 or epoch == self._recipe.epochs
        average = self.averaged_network() if due else None
        scores = validate(average) if validate is not None and average is not None else None
        mean_iou, pixel_accuracy = scores or (None, None)
        self.rows.append(
            Row(
                epoch,
                self.step,
                float(np.mean(self._losses)),
                rate,
                mean_iou,
                pixel_accuracy,
                self._seconds,
            )
        )
        self._losses.clear()
        watcher.on_epoch(self.rows, average)

    def _raise_if_diverged(self) -> None:
        if not np.isfinite(self._losses[-1]):
            raise DivergedError(
                f"the loss is {self._losses[-1]} at step {self.step}: the training has diverged; "
                "start again with lower rates (--set encoder_rate=… --set decoder_rate=…)"
            )


def _first_network(task: Task) -> RefineNet:
    """Build the network that the training starts from."""
    network = build_network(task.backbone, len(task.classes), task.decoder)
    initialise(network, torch.Generator().manual_seed(task.seed))
    if task.init is not None:
        given = task.init.state_dict()
        if task.encoder_only:
            given = {k: v for k, v in given.items() if k.startswith("encoder.")}
        elif task.init.num_classes != network.num_classes:
            # Another table: the classifier stays as it was drawn.
            given = {k: v for k, v in given.items() if not k.startswith("classifier.")}
        network.load_state_dict(given, strict=False)
        network.mean, network.std = task.init.mean, task.init.std
    return network


def _freeze_norms(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _crop_size(size: tuple[int, int], share: float) -> tuple[int, int]:
    """Return the crop's size, in whole strides of the deepest tap and no less than the least."""
    height, width = (
        min(side, max(MIN_SIDE_PX, round(side * share / MIN_SIDE_PX) * MIN_SIDE_PX))
        for side in size
    )
    return height, width


def _mixed(*numbers: int) -> int:
    """Return one seed of several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
