# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Small recordings, and a network that is quick at them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from small_bags import frames, jpeg_image, raw_image, write_bag

from lwrf_ros.archive.identity import Identities, key_of
from lwrf_ros.archive.options import ArchiveOptions
from lwrf_ros.archive.recording_files import find_recordings
from lwrf_ros.archive.store import Store
from lwrf_ros.configuration.engine_options import EngineOptions

if TYPE_CHECKING:
    from lwrf_ros.archive.analysis import Task

QUICK = ArchiveOptions(EngineOptions(weights="voc", device="cpu", input_size=(32, 32)))
MakeTask = Callable[[Path], Any]


@pytest.fixture
def bags(tmp_path: Path) -> Path:
    """A folder with two bags, one of them with two cameras."""
    folder = tmp_path / "bags"
    write_bag(folder / "one", {"/front/image_raw": frames(raw_image, 3)})
    rear = [(time, jpeg_image(number + 7)) for number, (time, _) in enumerate(frames(raw_image, 2))]
    write_bag(
        folder / "two",
        {"/front/image_raw": frames(raw_image, 4), "/rear/image_raw/compressed": rear},
    )
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An archive that is begun, without rows."""
    store = Store(tmp_path / "archive")
    with store.claimed():
        store.describe({"settings": {}, "classes": [], "weights": ""})
    return store


@pytest.fixture
def task_of(store: Store) -> MakeTask:
    """Make the task of a recording."""

    # Only here: it needs what is not installed with the package alone.
    from lwrf_ros.archive.analysis import Task

    def make(path: Path) -> Task:
        (found,) = find_recordings([str(path)])
        identity = Identities(store.folder).of(found)
        return Task(key_of(identity, {}), identity, found)

    return make
