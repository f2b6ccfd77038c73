# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The weights that come with the package, by name, and what is taken unless told otherwise."""

from __future__ import annotations

import difflib
from pathlib import Path

from lwrf_ros.backbones import DEFAULT_BACKBONE, DEFAULT_DECODER
from lwrf_ros.errors import LwrfError
from lwrf_ros.package_data import bundled_weights, find_weights

DEFAULT_CLASSES = "ade31"
# Instead of weights: an untrained network, to try things out.
RANDOM = "random"
# What people may write for empty, the bundled weights of a network and classes; read by `resolve`.
BUNDLED = "bundled"
# By difflib "camvit" is like camvid by 0.83, mobilenet-camvid like the whole stem by 0.67, and
# cityscapes like camvid by 0.25.
_LIKE = 0.5


class WeightsChoiceError(LwrfError):
    """Weights, classes and network that are not to be had or do not go together."""


def is_path(weights: str) -> bool:
    """Tell whether a text is the path of a weights file: it has a slash or a suffix.

    Any other is a name; a file of that name in the current folder is ``./name``.
    """
    return "/" in weights or "." in weights


def names() -> dict[str, Path]:
    """Return the bundled weights by every name that they have.

    Each has its file's stem, ``<backbone>-<decoder>-<classes>``. Those of the default backbone and
    decoder can be called by their class table's name alone.
    """
    found = {path.stem: path for path in bundled_weights()}
    start = f"{DEFAULT_BACKBONE}-{DEFAULT_DECODER}-"
    short = {
        stem.removeprefix(start): path for stem, path in found.items() if stem.startswith(start)
    }
    return found | short


def find(name: str) -> Path:
    """Return the file of bundled weights by name.

    Raises:
        WeightsChoiceError: If none are called so; the message has the nearest names.
    """
    known = names()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=2, cutoff=_LIKE)
    hint = f"did you mean {' or '.join(close)}? There are" if close else "there are"
    raise WeightsChoiceError(
        f"no weights called {name!r} come with lwrf_ros; {hint}: {listed()}. A file of yours is "
        f"meant by a path with a slash or a suffix: ./{name}"
    )


def find_for(backbone: str, decoder: str, classes: str) -> Path:
    """Return the bundled weights for a network and classes.

    Raises:
        WeightsChoiceError: If there are none; the message lists those that there are.
    """
    path = find_weights(backbone, decoder, classes)
    if path is None:
        raise WeightsChoiceError(
            f"no weights come with lwrf_ros for backbone {backbone}, decoder {decoder} and classes "
            f"{classes} (bundled: {listed()}); name one of these as weights, or the path of a "
            f"file, or {RANDOM} to try things out with an untrained network"
        )
    return path


def listed() -> str:
    """Return the names of all bundled weights, for people."""
    return ", ".join(path.stem for path in bundled_weights()) or "none at all"
