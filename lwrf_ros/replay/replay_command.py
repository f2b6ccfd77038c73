# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf replay`` to an output folder and what is said of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.replay.compare_command import FOLDER, compare_folders
from lwrf_ros.replay.comparison import Limits
from lwrf_ros.replay.ground_truth import read_scores, scores_as_text
from lwrf_ros.replay.label_bag import LabelBag
from lwrf_ros.replay.replay_run import ReplayOptions, replay
from lwrf_ros.replay.report.write import REPORT_FILE, plotting_library, write_report
from lwrf_ros.replay.run_record import RECORD_FILE, RunRecord
from lwrf_ros.replay.summary import as_text
from lwrf_ros.terminal.options import options_of


def replay_command(arguments: argparse.Namespace) -> int:
    """Replay as the arguments say, print, and return the exit code."""
    options = ReplayOptions(
        input=Path(arguments.input).expanduser(),
        output=arguments.output.expanduser(),
        topics=arguments.bag_topic,
        camera_names=arguments.camera_name,
        engine=options_of(EngineOptions, arguments),
        ground_truth=arguments.ground_truth,
        keep=None if arguments.keep else arguments.keep_topic,
        max_frames=arguments.max_frames,
        overwrite=arguments.overwrite,
    )
    golden = arguments.against and arguments.against.expanduser()
    if golden is not None:
        # Before the work: a wrong path shall not be found out after an hour.
        LabelBag(golden)
    if arguments.report:
        plotting_library()
    try:
        record = replay(options)
    except KeyboardInterrupt:
        if (options.output / RECORD_FILE).is_file():
            done = RunRecord.read(options.output)
            print("\n" + as_text(done, options.output), file=sys.stderr, flush=True)
        raise
    # With --json only the comparison goes to stdout.
    to = sys.stderr if arguments.json else sys.stdout
    print(as_text(record, options.output), file=to, flush=True)
    scores = read_scores(options.output)
    if scores is not None:
        print("\n" + scores_as_text(scores, record.class_names), file=to, flush=True)
    code = 0
    if golden is not None:
        print(file=to)
        limits = options_of(Limits, arguments)
        folder = options.output / FOLDER
        code = compare_folders(golden, options.output, limits, folder, arguments.json)
    if arguments.report:
        print(write_report(options.output, options.output / REPORT_FILE), file=to, flush=True)
    return code
