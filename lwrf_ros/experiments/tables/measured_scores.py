# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Mean IoU of given weights on given data sets, through the node's own engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lwrf_ros.backbones import BACKBONES, DECODERS, DEFAULT_DECODER
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.dataset import Pair
from lwrf_ros.datasets.published import LAYOUTS
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.loading import load_pairs
from lwrf_ros.evaluation.prediction import as_the_node_does
from lwrf_ros.evaluation.scores import score
from lwrf_ros.experiments.tables.paper import Network
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.weights.loading import Loaded, load

INCLUDES = "one scale, each image at its own size, as `lwrf evaluate --input-size image`"
_WANTED = "wanted BACKBONE[:DECODER]:DATASET=FILE, resnet50:voc=rf_lw50.pth for example"


@dataclass(frozen=True)
class Weights:
    """Weights that are to be scored.

    Attributes:
        network: What they are for.
        dataset: Name of the data set and of its class table.
        path: The file.
    """

    network: Network
    dataset: str
    path: str


@dataclass(frozen=True)
class Measured:
    """A mean IoU that was measured.

    Attributes:
        mean_iou: 0..1.
        frames: Images that it is of.
        data: The data set as it was given.
        weights: Where the weights came from.
        sha256: Hash of their file.
    """

    mean_iou: float
    frames: int
    data: str
    weights: str
    sha256: str


def read_weights(texts: Sequence[str]) -> list[Weights]:
    """Read BACKBONE[:DECODER]:DATASET=FILE texts.

    Raises:
        LwrfError: If one is not of that form, names what there is not, or comes twice.
    """
    found: list[Weights] = []
    for text in texts:
        key, equals, path = text.partition("=")
        backbone, *decoder, dataset = key.split(":") if key.count(":") in (1, 2) else ("", "")
        if not (equals and path and dataset):
            raise LwrfError(f"--weights is {text!r}; {_WANTED}")
        network = Network(backbone, decoder[0] if decoder else DEFAULT_DECODER)
        for what, name, names in (
            ("backbone", network.backbone, tuple(BACKBONES)),
            ("decoder", network.decoder, DECODERS),
            ("data set", dataset, tuple(LAYOUTS)),
        ):
            if name not in names:
                raise LwrfError(
                    f"--weights is {text!r} with the {what} {name!r}; wanted one of "
                    f"{', '.join(names)}"
                )
        if any((one.network, one.dataset) == (network, dataset) for one in found):
            raise LwrfError(f"--weights has {key} twice; wanted one file for each")
        found.append(Weights(network, dataset, path))
    return found


def read_data(texts: Sequence[str], weights: Sequence[Weights]) -> dict[str, str]:
    """Read DATASET:FOLDER[:SPLIT] texts; return them by data set.

    Raises:
        LwrfError: If one is not of that form or comes twice, or if data have no weights to be
            scored on them or weights no data.
    """
    found: dict[str, str] = {}
    for text in texts:
        name = text.partition(":")[0]
        if ":" not in text or name not in LAYOUTS:
            raise LwrfError(
                f"--data is {text!r}; wanted DATASET:FOLDER[:SPLIT] with one of "
                f"{', '.join(LAYOUTS)}: voc:VOCdevkit/VOC2012 for example"
            )
        if name in found:
            raise LwrfError(f"--data has {name} twice; wanted one folder for each")
        found[name] = text
    wanted = [one.dataset for one in weights]
    for name in wanted:
        if name not in found:
            raise LwrfError(
                f"--weights has a file for {name}, and there are no data: add --data {name}:FOLDER"
            )
    for name in found:
        if name not in wanted:
            raise LwrfError(
                f"--data has {name}, and there are no weights for it: add --weights "
                f"BACKBONE:{name}=FILE"
            )
    return found


def check(
    weights: Sequence[Weights], data: dict[str, str], max_frames: int | None
) -> dict[str, list[Pair]]:
    """Look at everything that is to be scored, before anything is; return the pairs by data set.

    Raises:
        LwrfError: If weights or data cannot be used.
    """
    for one in weights:
        _load(one)
    return {
        name: load_pairs(Path(source), ClassTable.load(name), max_frames)
        for name, source in data.items()
    }


def measure(
    weights: Weights,
    source: str,
    pairs: Sequence[Pair],
    device: str,
    precision: str,
    on_done: Callable[[], object],
) -> Measured:
    """Score weights on all pairs.

    Args:
        weights: What is scored.
        source: The data set as it was given.
        pairs: Its images and masks.
        device: Where the network runs.
        precision: fp32, fp16 or bf16.
        on_done: Called after each image.
    """
    loaded = _load(weights)
    segmenter = Segmenter(loaded.network, loaded.classes, device, precision, "image")
    try:
        scores = score(
            pairs, as_the_node_does(segmenter), len(loaded.classes), precision, 0, on_done
        )
    finally:
        segmenter.close()
    return Measured(
        scores.matrix.mean_iou(), len(pairs), source, loaded.weights.source, loaded.weights.sha256
    )


def _load(weights: Weights) -> Loaded:
    network = weights.network
    return load(weights.path, weights.dataset, network.backbone, network.decoder)
