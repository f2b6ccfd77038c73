# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Three processes over DDS: a camera, the node and a recorder, started, watched and ended."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.errors import LwrfError
from lwrf_ros.output_folder import SHARED
from lwrf_ros.processes.children import Children
from lwrf_ros.processes.commands import (
    CAMERA_TOPIC,
    CONNECT_S,
    LWRF,
    NODE,
    node_command,
    play_command,
    run_environment,
)
from lwrf_ros.processes.demo_report import Report
from lwrf_ros.processes.domain import reserve_domain_id
from lwrf_ros.processes.interruption import terminated_like_interrupted
from lwrf_ros.processes.node_watch import NodeWatch
from lwrf_ros.recordings import open_frames
from lwrf_ros.terminal.arguments import size_text
from lwrf_ros.weights.choice import Choice

CLASS_TABLE = "classes.yaml"
RANDOM_NOTE = "RANDOM WEIGHTS: the labels mean nothing"
ACTIVE_S = 300.0
SETTLE_S = 120.0
NODE_STOP_S = 10.0
# The recorder turns what it collected into a video at the end.
RECORD_STOP_S, RECORD_STOP_PER_FRAME_S = 60.0, 0.2


class DemoError(LwrfError):
    """The demo did not come to a good end."""


@dataclass(frozen=True)
class DemoOptions:
    """Options of the demo; the names are those of the command line."""

    input: Path
    bag_topic: str | None
    output: Path
    engine: EngineOptions
    speed: float
    max_frames: int | None


def run_demo(options: DemoOptions) -> Report:
    """Run the demo once.

    Args:
        options: What to run on and with.

    Returns:
        How it went; its text is the closing table.

    Raises:
        LwrfError: The input cannot be read, or one of the processes failed.
    """
    with open_frames(options.input, options.bag_topic) as source:
        topic = CAMERA_TOPIC + ("/compressed" if source.compressed else "")
    choice = options.engine.choice
    note = note_on(choice)
    if note:
        line = "!" * (len(note) + 8)
        print(f"{line}\n!!! {note} !!!\n{line}", file=sys.stderr)
    with terminated_like_interrupted(), reserve_domain_id() as domain_id:
        environment = run_environment(domain_id)
        # This process takes part in the graph, too.
        os.environ.update(environment)
        # The recorder writes into the folder that this process has.
        shared = {**environment, SHARED: str(options.output.resolve())}
        with Children(shared) as children:
            return _run(options, choice, topic, note, domain_id, children)


def note_on(choice: Choice) -> str | None:
    """Return what has to be said of weights on screen and pictures, None for nothing."""
    return RANDOM_NOTE if choice.path is None else None


def record_command(options: DemoOptions, note: str | None) -> list[str]:
    """Make the command of the recorder.

    Args:
        options: What to run with.
        note: Sentence to draw into the pictures, None for nothing.
    """
    command = [*LWRF, "record", "--node", f"/{NODE}", "--output", str(options.output)]
    command += ["--classes", str(options.output / CLASS_TABLE)]
    command += ["--class-groups", options.engine.class_groups]
    return command + (["--note", note] if note else [])


def _run(
    options: DemoOptions,
    choice: Choice,
    topic: str,
    note: str | None,
    domain_id: int,
    children: Children,
) -> Report:
    folder = options.output
    # The recorder cannot ask the weights which classes they have.
    (folder / CLASS_TABLE).write_text(choice.classes.as_yaml(), encoding="utf-8")
    command = node_command(topic, options.engine.node_parameters)
    node = children.start("the node", command, folder / "node.log")
    with closing(NodeWatch(NODE, domain_id, children.check)) as watch:
        _say(
            f"starting the node ({choice.backbone} at {_size_text(options.engine.input_size)}); on "
            "a CPU the first start on a machine takes some seconds longer"
        )
        watch.wait_active(ACTIVE_S)
        recorder = children.start(
            "the recorder", record_command(options, note), folder / "record.log"
        )
        watch.wait_for(
            lambda: recorder.log_has(f"connected to /{NODE}"),
            "the recorder's connection",
            CONNECT_S,
        )
        # The only one that draws on the terminal: its progress bar is the demo's.
        # The time on the way can only be told from stamps of now.
        play = play_command(
            options.input, topic, "now", options.speed, options.bag_topic, options.max_frames
        )
        camera = children.start("the camera", play, None)
        camera.may_end = True
        watch.wait_for(lambda: camera.ended, "the end of the recording")
        played = camera.output()
        _say("waiting for the node to finish, then for the recorder to write its files")
        account = watch.settled_account(SETTLE_S)
    problems = []
    code = recorder.stop(RECORD_STOP_S + RECORD_STOP_PER_FRAME_S * account.processed)
    if code:
        raise DemoError(f"the recorder ended with code {code}; see {folder / 'record.log'}")
    code = node.stop(NODE_STOP_S)
    if code:
        problems.append(f"the node ended with code {code}, wanted 0; see {folder / 'node.log'}")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    if not summary["messages"]["labels"]:
        problems.append(f"no labels came out of the node; see {folder / 'node.log'}")
    report = Report(_published(played), account, summary, note, folder, tuple(problems))
    report.write(folder / "report.json")
    return report


def _published(output: str) -> int:
    found = re.search(r"published (\d+) frames", output)
    if not found:
        raise DemoError(f"the camera said {output!r}, wanted how many frames it published")
    return int(found[1])


def _size_text(size: tuple[int, int] | Literal["image"] | None) -> str:
    if size is None:
        return "the weights' own input size"
    return "the images' own size" if size == "image" else size_text(size)


def _say(text: str) -> None:
    print(f"lwrf demo: {text}", file=sys.stderr, flush=True)
