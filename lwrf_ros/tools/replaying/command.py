# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf replay`` to an output folder and what is said of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.tools.replaying.engine import EngineOptions
from lwrf_ros.tools.replaying.run import ReplayOptions, replay
from lwrf_ros.tools.replaying.summary import as_text


def replay_command(arguments: argparse.Namespace) -> int:
    """Replay as the arguments say, print, and return the exit code."""
    options = ReplayOptions(
        input=Path(arguments.input).expanduser(),
        output=arguments.output.expanduser(),
        topics=arguments.bag_topic,
        camera_names=arguments.camera_name,
        engine=EngineOptions(
            weights=arguments.weights,
            backbone=arguments.backbone,
            decoder=arguments.decoder,
            classes=arguments.classes,
            device=arguments.device,
            precision=arguments.precision,
            input_size=arguments.input_size,
            min_confidence=arguments.min_confidence,
        ),
        max_frames=arguments.max_frames,
        overwrite=arguments.overwrite,
    )
    record = replay(options)
    print(as_text(record, options.output), flush=True)
    return 0
