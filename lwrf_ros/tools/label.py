# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf label``: masks, and probabilities, of a larger network that one has, to train on."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.tools.arguments import fixed_size, positive_float, positive_int
from lwrf_ros.tools.evaluation.options import fraction
from lwrf_ros.tools.extraction.options import FrameChoice, add_frame_choice

NAME = "label"
HELP = "label the images of a bag, a video or a folder by a teacher network (ONNX or TFLite)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_frame_choice(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DATASET",
        help="data set to write into: images/, masks/, classes.yaml, probabilities/; what is there "
        "already stays as it is, so the same command goes on after an interruption",
    )
    parser.add_argument(
        "--classes",
        required=True,
        help="class table of the masks: the name of a bundled one or a YAML file",
    )
    parser.add_argument(
        "--model",
        action="append",
        type=Path,
        required=True,
        metavar="FILE",
        help="the teacher, .onnx or .tflite; several times for several",
    )
    parser.add_argument("--mapping", help="teacher's classes to those of --classes")
    parser.add_argument("--probabilities", action="store_true", help="store probabilities too")
    parser.add_argument("--threads", type=positive_int, metavar="N")
    parser.add_argument("--min-confidence", type=fraction, default=0.0, metavar="0..1")
    parser.add_argument("--mirror", action="store_true")
    parser.add_argument("--agree", action="store_true")
    parser.add_argument("--scales", nargs="+", type=positive_float, default=[1.0])
    parser.add_argument("--range")
    parser.add_argument("--size", type=fixed_size, metavar="WxH")


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say how many there are, also when it is cut short."""
    from lwrf_ros.labelling.description import RANGES, Description
    from lwrf_ros.labelling.labeller import LabellerOptions
    from lwrf_ros.tools.benchmarking.machine import cores
    from lwrf_ros.tools.teaching.account import LabelAccount
    from lwrf_ros.tools.teaching.run import LabelOptions, label

    mean, std = RANGES[arguments.range] if arguments.range else (None, None)
    options = LabelOptions(
        choice=FrameChoice.of(arguments),
        output=arguments.output.expanduser(),
        classes=arguments.classes,
        teachers=[
            Description(model, mean, std, mapping=arguments.mapping, size=arguments.size)
            for model in arguments.model
        ],
        labeller=LabellerOptions(
            scales=tuple(arguments.scales),
            mirror=arguments.mirror,
            min_confidence=arguments.min_confidence,
            agree=arguments.agree,
        ),
        probabilities=arguments.probabilities,
        threads=arguments.threads or cores(),
    )
    account = LabelAccount()
    try:
        label(options, account)
    finally:
        if account.read:
            print(f"{arguments.output}: {account}", flush=True)
    return 0
