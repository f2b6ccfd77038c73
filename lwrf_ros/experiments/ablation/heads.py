# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Heads on features of a network that stays as it is (paper, section 5.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.datasets.dataset import Pair, read_image, read_truth
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix
from lwrf_ros.network.decoder import Level
from lwrf_ros.network.probe import Probe, TapPlace
from lwrf_ros.network.refinenet import Encoder, RefineNet
from lwrf_ros.segmentation.preprocess import Normalisation
from lwrf_ros.training.feed import stretch
from lwrf_ros.training.objective import mean_cross_entropy
from lwrf_ros.training.optimiser import choose_optimiser, set_rate
from lwrf_ros.training.recipe import Recipe

_Loss = Callable[[Tensor, NDArray[np.int64]], Tensor]


def unit_places(network: RefineNet) -> list[TapPlace]:
    """Return the places around the residual units and CRP of the deepest level.

    Returns:
        "before RCU", "after RCU" and "after CRP"; of a decoder without units, where the first two
        are the same, "before CRP" and "after CRP".
    """
    stride = cast("Encoder", network.encoder).taps[-1].stride
    deepest = cast("Level", network.decoder.levels[0])
    after = TapPlace("after CRP", stride, deepest.crp, True)
    if not len(deepest.rcus_in):
        return [TapPlace("before CRP", stride, deepest.reduce, True), after]
    return [
        TapPlace("before RCU", stride, deepest.reduce, True),
        TapPlace("after RCU", stride, deepest.rcus_in, True),
        after,
    ]


@dataclass(frozen=True, eq=False)
class Frozen:
    """Features of a data set from a frozen network, kept.

    Attributes:
        features: ``(N, C, h, w) float16`` by the name of the place.
        masks: ``(N, H, W) uint8`` at the network's input size.
        present: ``(N, classes) bool``: whether an image shows a class.
    """

    features: dict[str, Tensor]
    masks: Tensor
    present: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of images; a mirrored one is one of its own."""
        return len(self.masks)


def freeze(
    network: RefineNet,
    places: Sequence[TapPlace],
    pairs: Sequence[Pair],
    num_classes: int,
    size: tuple[int, int],
    mirrored: bool,
    room_bytes: int,
    on_done: Callable[[], object] = lambda: None,
) -> Frozen:
    """Run a network over a data set and keep what it makes at some places.

    Args:
        network: The network, in evaluation mode.
        places: Where to look.
        pairs: Images and masks.
        num_classes: Number of the masks' classes.
        size: ``(height, width)`` in pixels that every pair is stretched to.
        mirrored: Whether every pair is also taken mirrored.
        room_bytes: Memory that may be used.
        on_done: Called after each pair.

    Raises:
        LwrfError: If the memory does not suffice; nothing but one image was run then.
    """
    device = network.classifier.weight.device
    normalisation = Normalisation(network.mean, network.std, device)
    batch = torch.empty(1 + mirrored, 3, *size, device=device)
    count = len(pairs) * len(batch)
    features: dict[str, Tensor] = {}
    masks = torch.empty(count, *size, dtype=torch.uint8)
    present = np.zeros((count, num_classes), dtype=np.bool_)
    with Probe(network, places) as probe:
        for index, pair in enumerate(pairs):
            truth = read_truth(pair)
            image, mask = stretch(read_image(pair.image), truth, size)
            normalisation.apply(torch.from_numpy(image).to(device), "rgb8", batch[0])
            if mirrored:
                batch[1] = batch[0].flip(2)
            found = probe(batch)
            if not features:
                _refuse_too_much(found, masks, count, room_bytes)
                features = {
                    name: torch.empty(count, *values.shape[1:], dtype=torch.float16)
                    for name, values in found.items()
                }
            here = slice(index * len(batch), (index + 1) * len(batch))
            for name, values in found.items():
                features[name][here] = values.cpu()
            np.copyto(masks[here.start].numpy(), mask)
            if mirrored:
                masks[here.start + 1] = masks[here.start].flip(1)
            shown = np.bincount(truth.ravel(), minlength=UNLABELLED + 1)
            present[here] = shown[:num_classes] > 0
            on_done()
    return Frozen(features, masks, present)


class Standardised(nn.Module):
    """A head behind channels of mean 0 and deviation 1, so that no place gains by its scale.

    Args:
        head: The head.
        features: ``(N, C, h, w)`` of the training set that give mean and deviation.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, head: nn.Module, features: Tensor) -> None:
        super().__init__()
        channels = features.shape[1]
        sums = torch.zeros(2, channels, dtype=torch.float64)
        for image in features:
            values = image.double().flatten(1)
            sums += torch.stack([values.sum(1), values.square().sum(1)])
        mean, square = sums * channels / features.numel()
        deviation = (square - mean.square()).clamp_min(0).sqrt().clamp_min(1e-6)
        self.register_buffer("mean", mean.float().view(1, -1, 1, 1))
        self.register_buffer("deviation", deviation.float().view(1, -1, 1, 1))
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(N, C, h, w)`` of any precision to what the head makes of them."""
        out: Tensor = self.head((features.float() - self.mean) / self.deviation)
        return out


def segmentation_head(channels: int, classes: int) -> nn.Module:
    """Build a 3x3 convolution to logits, as the network's own classifier."""
    return nn.Conv2d(channels, classes, 3, padding=1)


def classification_head(channels: int, classes: int) -> nn.Module:
    """Build a linear classifier of the mean over an image: a logit for every class."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def train_head(
    head: nn.Module,
    features: Tensor,
    loss_of: _Loss,
    recipe: Recipe,
    seed: int,
    on_step: Callable[[float], object] = lambda loss: None,
) -> None:
    """Train a head alone.

    Args:
        head: The head, on its device.
        features: ``(N, C, h, w)`` of the training set.
        loss_of: The loss of what the head makes of some images, and the numbers of these.
        recipe: Of it are used epochs, batch, optimiser, decoder_rate, momentum, weight_decay,
            schedule and warm_up.
        seed: Seed of the order.
        on_step: Called with the loss after each step.
    """
    device = next(head.parameters()).device
    rate = recipe.decoder_rate
    group = {"params": list(head.parameters()), "lr": rate, "peak": rate}
    optimiser = choose_optimiser([{**group, "weight_decay": recipe.weight_decay}], recipe)
    steps_per_epoch = max(1, len(features) // recipe.batch)
    total = steps_per_epoch * recipe.epochs
    head.train()
    for epoch in range(recipe.epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(features))
        for step in range(steps_per_epoch):
            chosen = order[step * recipe.batch : (step + 1) * recipe.batch]
            done = epoch * steps_per_epoch + step + 1
            set_rate(optimiser, recipe.rate_factor(done / total))
            loss = loss_of(head(features[chosen].to(device)), chosen)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            on_step(float(loss.detach()))
    head.eval()


def segmentation_loss(frozen: Frozen, class_weights: Tensor) -> _Loss:
    """Return the mean cross entropy over labelled pixels, at the network's input size."""

    def loss_of(scores: Tensor, chosen: NDArray[np.int64]) -> Tensor:
        target = frozen.masks[chosen].to(scores.device).long()
        fine = interpolate(scores, size=target.shape[1:], mode="bilinear", align_corners=False)
        return mean_cross_entropy(fine, target, class_weights)

    return loss_of


def classification_loss(frozen: Frozen) -> _Loss:
    """Return the mean binary cross entropy over classes and images."""

    def loss_of(logits: Tensor, chosen: NDArray[np.int64]) -> Tensor:
        target = torch.from_numpy(frozen.present[chosen]).to(logits.device)
        return binary_cross_entropy_with_logits(logits, target.float())

    return loss_of


@torch.inference_mode()
def score_segmentation(
    head: nn.Module, features: Tensor, pairs: Sequence[Pair], num_classes: int
) -> float:
    """Return the mean IoU of a head's labels, each at its mask's own size.

    Args:
        head: A trained segmentation head.
        features: ``(N, C, h, w)`` of the pairs, none of them mirrored.
        pairs: Whose masks are the truth.
        num_classes: Number of classes.
    """
    device = next(head.parameters()).device
    matrix = ConfusionMatrix(num_classes)
    for values, pair in zip(features, pairs, strict=True):
        truth = read_truth(pair)
        scores = head(values.unsqueeze(0).to(device))
        fine = interpolate(scores, size=truth.shape, mode="bilinear", align_corners=False)
        matrix.add(fine[0].argmax(0).to(torch.uint8).cpu().numpy(), truth)
    return matrix.mean_iou()


@torch.inference_mode()
def predict_presence(head: nn.Module, features: Tensor) -> NDArray[np.bool_]:
    """Return ``(N, classes) bool``: which classes a trained classification head finds."""
    device = next(head.parameters()).device
    found = [head(values.unsqueeze(0).to(device))[0] > 0 for values in features]
    return torch.stack(found).cpu().numpy()


def multi_label_accuracy(
    found: NDArray[np.bool_], truth: NDArray[np.bool_], counted: Sequence[int]
) -> float:
    """Return the share of right answers to "does the image show the class?".

    Args:
        found: ``(N, classes)`` answers.
        truth: ``(N, classes)``.
        counted: The classes that count; the paper leaves the background out.
    """
    return float((found == truth)[:, list(counted)].mean())


def _refuse_too_much(found: dict[str, Tensor], masks: Tensor, count: int, room_bytes: int) -> None:
    values = sum(int(np.prod(tensor.shape[1:])) for tensor in found.values())
    wanted = count * 2 * values + masks.nbytes
    if wanted > room_bytes:
        raise LwrfError(
            f"the features of {count} images take {wanted / 2**20:.0f} MiB, and "
            f"{room_bytes / 2**20:.0f} MiB may be used; raise --cache-mib, or lower --input-size"
        )
