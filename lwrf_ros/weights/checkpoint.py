# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Any layout, file or mapping to a network's weights, strictly and without running code."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from lwrf_ros.backbones import BACKBONES, DECODERS
from lwrf_ros.files import replace_file
from lwrf_ros.input_size import MAX_SIDE_PX, MIN_SIDE_PX
from lwrf_ros.network.refinenet import TEMPERATURES, RefineNet, build_network
from lwrf_ros.weights.layouts import from_reference, is_own_layout
from lwrf_ros.weights.licence import terms_of
from lwrf_ros.weights.weights_file import CheckpointError, read_weights_file, sha256_of

_WRAPPERS = ("state_dict", "model", "segmenter")
_PREFIXES = ("module.", "model.", "segmenter.")
_LISTED = 4
_MAX_WRAPPERS = 8
# What weights may be written in.
_STORED = (torch.float32, torch.float16, torch.bfloat16)
# No number of a card is as large: not a mean or deviation of 0..1, not a size in pixels.
_CARD_LIMIT = 1e6


@dataclass(frozen=True)
class WeightsInfo:
    """Facts about weights that were loaded.

    Attributes:
        source: The file's path, or "mapping".
        layout: "own" or "reference" (the authors' names).
        sha256: Hash of the file, empty for a mapping.
        card: The text entries that the file carries beside the tensors (safetensors metadata).
    """

    source: str
    layout: str
    sha256: str = ""
    card: Mapping[str, str] = field(default_factory=dict)

    @property
    def terms(self) -> str:
        """The licence of the weights according to their card, for people; empty if it has none."""
        return terms_of(self.card)


def load_weights(
    network: RefineNet, source: str | PathLike[str] | Mapping[str, Any]
) -> WeightsInfo:
    """Load weights into a network; on an error the network stays as it was.

    Args:
        network: The network to fill.
        source: Path of a safetensors file or of a PyTorch file (``.pth``, ``.pth.tar``, ``.ckpt``;
            what counts is the content, not the name), or a mapping of names to tensors or arrays.
            Names may be this project's or the authors', and be wrapped (an entry ``state_dict``,
            ``model`` or ``segmenter``; a ``module.`` prefix).

    Returns:
        Where the weights came from.

    Raises:
        CheckpointError: If the file cannot be read as weights, if reading it would run code, or
            if a parameter is missing, unexpected, not finite or of another shape.
    """
    tensors, info = read_tensors(source)
    wanted = _wanted(network)
    given, unexpected = _in_own_names(tensors, network.backbone, info.layout)
    fits = given.keys() == wanted.keys() and not unexpected
    _check_class_count(given, network, info.source, only_problem=fits)
    # Read before anything is taken over: on an error the network stays as it was.
    attributes = read_card(info.card, info.source)
    take_over(
        network,
        given,
        wanted,
        unexpected,
        info.source,
        lambda: _advice(tensors, network, info.layout),
    )
    # What the card does not name is the encoder's own, not that of weights loaded before.
    description = {
        "mean": network.encoder.mean,
        "std": network.encoder.std,
        "input_size": None,
        "temperature": 1.0,
        **attributes,
    }
    for attribute, value in description.items():
        setattr(network, attribute, value)
    return info


def read_tensors(
    source: str | PathLike[str] | Mapping[str, Any],
) -> tuple[dict[str, Tensor], WeightsInfo]:
    """Read the named tensors of a weights file or mapping, without wrappers and prefixes.

    Raises:
        CheckpointError: If it cannot be read as weights, or if reading it would run code.
    """
    card: Mapping[str, str] = {}
    sha256 = ""
    if isinstance(source, Mapping):
        name, content = "mapping", source
    else:
        path = _expanded(source)
        name = str(path)
        content, card = read_weights_file(path)
        sha256 = sha256_of(path)
    tensors = _unwrap(content, name)
    layout = "own" if is_own_layout(tensors) else "reference"
    return tensors, WeightsInfo(name, layout, sha256, dict(card))


def take_over(
    network: RefineNet,
    given: Mapping[str, Tensor],
    wanted: Collection[str],
    unexpected: Sequence[str],
    name: str,
    advice: Callable[[], str],
) -> None:
    """Check entries strictly and put them into a network; on an error it stays as it was.

    Args:
        network: The network.
        given: The entries, by this project's names.
        wanted: Which entries there have to be; batch norm's counters do not count.
        unexpected: Names in the source that mean nothing.
        name: Name of the source, for messages.
        advice: Gives the end of the message if they do not fit.

    Raises:
        CheckpointError: If an entry is missing, unexpected, not finite or of another shape.
    """
    own = _wanted(network)
    wanted = [key for key in wanted if key in own]
    missing = [key for key in wanted if key not in given]
    unexpected = [*unexpected, *(key for key in given if key not in wanted)]
    common = [key for key in wanted if key in given]
    mistyped = [f"{key} is {_kind(given[key])}" for key in common if not _is_plain(given[key])]
    misshapen = [
        f"{key} is {tuple(given[key].shape)}, wanted {tuple(own[key].shape)}"
        for key in common
        if _is_plain(given[key]) and given[key].shape != own[key].shape
    ]
    problems = [
        _listing(label, entries)
        for label, entries in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("not of dense floating-point numbers", mistyped),
            ("of another shape", misshapen),
        )
        if entries
    ]
    if problems:
        raise CheckpointError(
            f"{name} does not fit {_title(network)}: {'; '.join(problems)}{advice()}"
        )
    # As float32, which is what the network gets: float64 can hold values beyond it.
    values = {key: value.float() for key, value in given.items()}
    broken = [key for key, value in values.items() if not bool(torch.isfinite(value).all())]
    if broken:
        raise CheckpointError(
            f"{name} holds values that are not finite: {_listing('in', broken)}; the training that "
            "wrote it has diverged or the file is damaged: take an earlier checkpoint"
        )
    network.load_state_dict(values, strict=False)  # strictly checked above, counters left out


def count_classes(source: str | PathLike[str]) -> int | None:
    """Return how many classes a weights file was trained for, None if it does not tell.

    Args:
        source: Path of a file as `load_weights` takes it, for whatever backbone.

    Raises:
        CheckpointError: If the file cannot be read as weights.
    """
    path = _expanded(source)
    tensors = _unwrap(read_weights_file(path)[0], str(path))
    layout = "own" if is_own_layout(tensors) else "reference"
    for backbone in BACKBONES:
        bias = _in_own_names(tensors, backbone, layout)[0].get("classifier.bias")
        if bias is not None and bias.ndim == 1 and len(bias):
            return len(bias)
    return None


def save_weights(
    network: RefineNet,
    path: str | PathLike[str],
    card: Mapping[str, str] | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Write a network's weights as safetensors, with what is needed to use them.

    The network's backbone, decoder, mean, standard deviation, training size and temperature go
    into the file's metadata; `load_weights` takes them from there.

    Args:
        network: The network.
        path: The file to write.
        card: Further text entries for the file's metadata. Those named above are the network's,
            whatever the card of earlier weights says.
        dtype: float32, float16 or bfloat16 to write the weights in; None for the network's own.

    Raises:
        CheckpointError: If `dtype` is another, or cannot hold the weights; nothing is written.
    """
    tensors = {key: value.contiguous().cpu() for key, value in _wanted(network).items()}
    if dtype is not None:
        tensors = _converted(tensors, dtype, str(path))
    metadata = dict(card or {})
    metadata.pop("input_size", None)
    metadata.update(
        backbone=network.backbone,
        decoder=network.decoder_name,
        num_classes=str(network.num_classes),
        mean=json.dumps(network.mean),
        std=json.dumps(network.std),
        temperature=json.dumps(network.temperature),
    )
    if network.input_size is not None:
        metadata["input_size"] = json.dumps(network.input_size)
    # Not safetensors' save_file, whose files only their owner may read: a robot's node and the
    # training often run as different users.
    replace_file(Path(path), save(tensors, metadata))


def _converted(tensors: Mapping[str, Tensor], dtype: torch.dtype, name: str) -> dict[str, Tensor]:
    """Return the tensors in another type, if all their values stay finite."""
    if dtype not in _STORED:
        raise CheckpointError(
            f"the type to write {name} in is {dtype}; wanted one of {', '.join(map(str, _STORED))}"
        )
    converted = {key: value.to(dtype) for key, value in tensors.items()}
    beyond = [key for key, value in converted.items() if not bool(torch.isfinite(value).all())]
    if beyond:
        raise CheckpointError(
            f"{name} was not written: {dtype} ends at {torch.finfo(dtype).max:g}, and there are "
            f"values beyond: {_listing('in', beyond)}; write bfloat16 or float32, or, if they are "
            "not finite in the network, take an earlier checkpoint"
        )
    return converted


def _expanded(source: str | PathLike[str]) -> Path:
    try:
        return Path(source).expanduser()
    except RuntimeError:  # a ~ without a home folder: the file is looked for as it is written
        return Path(source)


def _wanted(network: RefineNet) -> dict[str, Tensor]:
    """List the entries that weights must have: all but batch norm's counter, never used here."""
    return {
        key: value
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }


def _unwrap(content: Mapping[str, Any], name: str) -> dict[str, Tensor]:
    """Take off wrappers and prefixes until only named tensors are left."""
    for _ in range(_MAX_WRAPPERS):  # a file may nest a mapping in itself
        inner = next(
            (content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping)), None
        )
        if inner is None:
            break
        content = inner
    tensors: dict[str, Tensor] = {}
    for key, value in content.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            # A copy: torch takes no foreign byte order, negative stride or read-only memory.
            with np.errstate(over="ignore"):
                value = torch.from_numpy(np.array(value, dtype=np.float32, order="C"))
        named_tensor = isinstance(key, str) and isinstance(value, Tensor)
        if named_tensor and not key.endswith("num_batches_tracked"):
            tensors[key] = value
    if not tensors:
        found = ", ".join(repr(key) for key in list(content)[:_LISTED]) or "nothing"
        raise CheckpointError(
            f"{name} holds no named tensors (found {found}); wanted a state_dict, bare or under "
            f"one of {', '.join(_WRAPPERS)}"
        )
    while prefix := next((p for p in _PREFIXES if all(k.startswith(p) for k in tensors)), None):
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors


def _in_own_names(
    tensors: Mapping[str, Tensor], backbone: str, layout: str
) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors by this project's names, and the names that mean nothing here."""
    if layout == "own":
        return dict(tensors), []
    given: dict[str, Tensor] = {}
    unexpected: list[str] = []
    for key, value in tensors.items():
        own = from_reference(key, backbone)
        if own is None:
            unexpected.append(key)
        else:
            given[own] = value
    return given, unexpected


def _check_class_count(
    given: Mapping[str, Tensor], network: RefineNet, name: str, only_problem: bool
) -> None:
    bias = given.get("classifier.bias")
    if not only_problem or bias is None or not _is_plain(bias) or bias.ndim != 1:
        return
    if bias.shape[0] != network.num_classes:
        raise CheckpointError(
            f"{name} was trained for {bias.shape[0]} classes, the network has "
            f"{network.num_classes}; use the class table that the weights were trained with, or "
            "fine-tune them for these classes"
        )


def _is_plain(value: Tensor) -> bool:
    """Tell whether a tensor is dense, has values, and holds floating-point numbers."""
    dense = value.layout == torch.strided and not value.is_nested and not value.is_meta
    return dense and value.is_floating_point()


def _kind(value: Tensor) -> str:
    if value.is_meta:
        return "without values"
    layout = "dense" if value.layout == torch.strided else str(value.layout)
    return f"{layout} {value.dtype}".replace("torch.", "")


def _title(network: RefineNet) -> str:
    return f"{network.decoder_name} {network.backbone} with {network.num_classes} classes"


def _listing(label: str, entries: list[str]) -> str:
    more = f" and {len(entries) - _LISTED} more" if len(entries) > _LISTED else ""
    return f"{len(entries)} {label} ({', '.join(entries[:_LISTED])}{more})"


def _advice(tensors: Mapping[str, Tensor], network: RefineNet, layout: str) -> str:
    """Say which network the weights are for, if it is one of this project's."""
    for decoder in DECODERS:
        for backbone in BACKBONES:
            if (backbone, decoder) == (network.backbone, network.decoder_name):
                continue
            given, unexpected = _in_own_names(tensors, backbone, layout)
            with torch.device("meta"):
                other = _wanted(build_network(backbone, network.num_classes, decoder))
            if not unexpected and given.keys() == other.keys():
                return f"; these are weights of {backbone} ({decoder}): choose those"
    return "; choose the backbone and decoder that the weights were trained with"


def read_card(card: Mapping[str, str], name: str) -> dict[str, Any]:
    """Read what travels with the weights for a network, without touching one.

    Args:
        card: Text entries by name.
        name: Name of the source, for messages.

    Returns:
        The attributes of `RefineNet` that the card names.

    Raises:
        CheckpointError: If an entry is not of its form or out of range.
    """
    attributes: dict[str, Any] = {}
    for key, length, kinds, (lowest, highest) in (
        ("mean", 3, (int, float), (-10.0, _CARD_LIMIT)),
        ("std", 3, (int, float), (1e-6, _CARD_LIMIT)),
        ("input_size", 2, (int,), (MIN_SIDE_PX, MAX_SIDE_PX)),
        ("temperature", None, (int, float), TEMPERATURES),
    ):
        if key not in card:
            continue
        try:
            content = json.loads(card[key])
            values = (content,) if length is None else tuple(content)
        except (ValueError, TypeError, RecursionError):
            values = ()
        fits = len(values) == (length or 1) and all(
            type(value) in kinds and lowest <= value <= highest for value in values
        )
        if not fits:
            form = f"JSON list of {length} numbers" if length else "JSON number"
            raise CheckpointError(
                f"{name} has a card whose {key} is {card[key][:60]!r}; wanted a {form} from "
                f"{lowest:g} to {highest:g}: save the weights again with save_weights"
            )
        attributes[key] = values if length else values[0]
    return attributes
