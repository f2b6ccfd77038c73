# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Options of an archive, and how they are shipped to other machines."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.classes.regions import load_regions
from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.configuration.parameters import Parameters

# Options that name a file; what is bundled is there on every machine of the same version.
_FILES = ("weights", "classes", "class_groups")


@dataclass(frozen=True)
class ArchiveOptions:
    """Options that apply to every recording.

    Attributes:
        engine: Which network makes the labels, and how.
        regions: Path of a YAML file of regions; empty for none.
        alerts: As the node's ``coverage_alerts``.
        topics: Image topics of the bags; none takes all that a bag has.
        labels: Whether a bag of labels is written for each recording, as by ``lwrf replay``.
        threads: Threads of a worker on a CPU.
        robot: Regular expression whose group ``robot`` finds the robot in a recording's path;
            empty for what the recording says itself.
    """

    engine: EngineOptions = field(default_factory=EngineOptions)
    regions: str = ""
    alerts: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    labels: bool = False
    threads: int = 1
    robot: str = ""

    def settings(self, weights_sha256: str) -> dict[str, Any]:
        """Return all that the rows depend on, beside the recording: it goes into the tasks' keys.

        Args:
            weights_sha256: Hash of the weights, which their name does not say.
        """
        engine = self.engine
        return {
            "weights_sha256": weights_sha256,
            "classes": _content(engine.classes),
            "class_groups": _content(engine.class_groups),
            "precision": engine.precision,
            "input_size": list(engine.input_size) if engine.input_size else None,
            "min_confidence": engine.min_confidence,
            "regions": _content(self.regions),
            "alerts": list(self.alerts),
            "topics": list(self.topics),
            "labels": self.labels,
            "robot": self.robot,
        }

    def check(self, class_names: tuple[str, ...]) -> None:
        """Check the alerts against the classes and regions.

        Raises:
            LwrfError: If one is about what there is not.
        """
        regions = load_regions(self.regions) if self.regions else ()
        parameters = Parameters(coverage_alerts=self.alerts)
        if len(parameters.alerts) < len(self.alerts):
            raise ArchiveError(
                f"the alerts are {', '.join(self.alerts)}; wanted each as person>0.05 or "
                "person@path>0.05 hold=3"
            )
        parameters.check_alerts(class_names, [region.name for region in regions])


@dataclass(frozen=True)
class Shipment:
    """Options with the content of the files that they name, for a machine that has none of these.

    Attributes:
        options: The options; what names a file names it as of here.
        files: Content by the option that names the file.
        suffixes: The files' endings by the same.
    """

    options: ArchiveOptions
    files: Mapping[str, bytes]
    suffixes: Mapping[str, str]

    @classmethod
    def of(cls, options: ArchiveOptions) -> Shipment:
        """Read the files."""
        named = {name: str(getattr(options.engine, name)) for name in _FILES}
        named["regions"] = options.regions
        paths = {name: Path(text).expanduser() for name, text in named.items() if text}
        paths = {name: path for name, path in paths.items() if path.is_file()}
        return cls(
            options,
            {name: path.read_bytes() for name, path in paths.items()},
            {name: path.suffix for name, path in paths.items()},
        )

    def unpacked(self) -> ArchiveOptions:
        """Return the options over files of this machine, which are written once."""
        here: dict[str, Any] = {}
        for name, content in self.files.items():
            digest = hashlib.sha256(content).hexdigest()[:24]
            path = Path(tempfile.gettempdir()) / f"lwrf_archive_{digest}{self.suffixes[name]}"
            if not path.is_file() or path.stat().st_size != len(content):
                with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                    file.write(content)
                Path(file.name).replace(path)
            here[name] = str(path)
        regions = here.pop("regions", self.options.regions)
        return replace(self.options, engine=replace(self.options.engine, **here), regions=regions)


def _content(text: str) -> str:
    """Return what stands for a named table in a key: its name, or the hash of its file."""
    path = Path(text).expanduser() if text else None
    if path is not None and path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return text
