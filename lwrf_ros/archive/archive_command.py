# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The work of ``lwrf archive`` from its parsed arguments."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lwrf_ros.archive.archive_run import archive, describe
from lwrf_ros.archive.differences import compare_archives
from lwrf_ros.archive.differences_page import PAGE_FILE, as_text, write_page
from lwrf_ros.archive.errors import ArchiveError
from lwrf_ros.archive.frame_extraction import extract_frames
from lwrf_ros.archive.options import ArchiveOptions
from lwrf_ros.archive.pools import Pool, ProcessPool, RayPool
from lwrf_ros.archive.store import Store
from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.extraction.destination import Target
from lwrf_ros.files import replace_file
from lwrf_ros.processes.interruption import interrupted_once
from lwrf_ros.segmentation.device import choose_device
from lwrf_ros.terminal.options import options_of

EXIT_DIFFERENT = 1


def archive_command(arguments: argparse.Namespace) -> int:
    """Bring an archive up to date, compare it, or extract frames; return the exit code.

    Raises:
        LwrfError: If it cannot be done; the message says what to do.
    """
    if arguments.frames is not None:
        return _extract(arguments)
    if not arguments.sources and arguments.against is None:
        raise ArchiveError("there is nothing to do; give recordings, folders or a bucket")
    code = 0
    store = Store(arguments.output)
    if arguments.sources:
        options = _options(arguments)
        with interrupted_once():
            report = archive(arguments.sources, options, store, lambda: _pool(arguments, options))
        print(describe(report, store))
        code = EXIT_DIFFERENT if report.failed else 0
    if arguments.against is not None:
        found = compare_archives(arguments.against, arguments.output)
        write_page(found, arguments.output / PAGE_FILE)
        replace_file(arguments.output / "differences.json", found.as_json().encode())
        print(as_text(found))
        print(f"page: {arguments.output / PAGE_FILE}")
        beyond = found.beyond(arguments.max_coverage_change)
        if beyond:
            print(f"beyond {arguments.max_coverage_change:g}: {'; '.join(beyond)}")
            code = EXIT_DIFFERENT
    return code


def _extract(arguments: argparse.Namespace) -> int:
    if len(arguments.sources) != 1:
        raise ArchiveError("--frames asks one archive; give its folder as SOURCE")
    labels = options_of(EngineOptions, arguments)
    target = Target(arguments.output)
    written, missing = extract_frames(Path(arguments.sources[0]), arguments.frames, target, labels)
    print(f"{arguments.output}: {written} frames with first masks: look at some before training")
    for reason in missing:
        print(f"not extracted: {reason}", file=sys.stderr)
    return EXIT_DIFFERENT if missing else 0


def _options(arguments: argparse.Namespace) -> ArchiveOptions:
    return ArchiveOptions(
        engine=options_of(EngineOptions, arguments),
        regions=arguments.regions,
        alerts=tuple(arguments.alert),
        topics=tuple(arguments.bag_topic),
        labels=arguments.labels,
        threads=arguments.threads,
        robot=arguments.robot,
    )


def _pool(arguments: argparse.Namespace, options: ArchiveOptions) -> Pool:
    if arguments.ray is not None:
        # Of the cluster's machines, not of this one: only who asks for a GPU takes one.
        gpu = arguments.device.startswith("cuda")
        return RayPool(options, arguments.output, arguments.ray, gpu)
    gpu = choose_device(arguments.device).type == "cuda"
    cores = len(os.sched_getaffinity(0))
    workers = arguments.workers or (1 if gpu else max(1, cores // options.threads))
    return ProcessPool(options, arguments.output, workers)
