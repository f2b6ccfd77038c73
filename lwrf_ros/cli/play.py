# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf play``: publishes a recording as if a camera were there."""

from __future__ import annotations

import argparse

from lwrf_ros.terminal.arguments import add_playback, non_negative_float

NAME = "play"
HELP = "publish a bag, a video or a folder of images on a camera topic"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("input", metavar="INPUT", help="ROS bag, video file or folder of images")
    parser.add_argument(
        "--topic",
        default="/camera/image_raw",
        help="topic to publish on; a name ending in /compressed publishes CompressedImage "
        "(default: %(default)s)",
    )
    add_playback(parser)
    parser.add_argument(
        "--loop", action="store_true", help="begin again at its end, until Ctrl-C or --max-frames"
    )
    parser.add_argument(
        "--name",
        default="lwrf_play",
        help="name of the node that publishes, one for each of several (default: %(default)s)",
    )
    parser.add_argument(
        "--stamp",
        choices=("now", "recorded"),
        help="stamp of the headers: the system time at publication, or the recorded one "
        "(default: recorded for a bag, now for a video or a folder)",
    )
    parser.add_argument(
        "--wait-for-subscribers",
        type=non_negative_float,
        default=0.0,
        metavar="SECONDS",
        help="wait up to this many seconds for a subscriber, and fail if there is none "
        "(default: start at once)",
    )
    parser.add_argument(
        "--qos",
        choices=("reliable", "best_effort"),
        default="reliable",
        help="reliability of the publisher (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Publish the recording."""
    from lwrf_ros.processes.player import PlayOptions, play

    played = play(
        PlayOptions(
            input=arguments.input,
            topic=arguments.topic,
            bag_topic=arguments.bag_topic,
            speed=arguments.rate,
            max_frames=arguments.max_frames,
            stamp=arguments.stamp,
            wait_s=arguments.wait_for_subscribers,
            reliable=arguments.qos == "reliable",
            loop=arguments.loop,
            name=arguments.name,
        )
    )
    print(f"{played}", flush=True)
    return 0
