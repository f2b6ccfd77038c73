# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Publishes the frames of a recording at their pace."""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import rclpy
from rclpy.duration import Duration
from rclpy.exceptions import InvalidNodeNameException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.utilities import get_rmw_implementation_identifier
from sensor_msgs.msg import CompressedImage as CompressedImageMessage
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from lwrf_ros.errors import LwrfError
from lwrf_ros.machine.middleware import active_middleware
from lwrf_ros.node.start import start_rclpy
from lwrf_ros.recordings import (
    CompressedImage,
    DamagedImage,
    Frame,
    FrameSource,
    RawImage,
    open_frames,
)
from lwrf_ros.terminal.progress import progress_bar

COMPRESSED_SUFFIX = "/compressed"
JPEG_QUALITY = 90
# Deep enough that a reliable subscriber which stalls for two seconds misses nothing at 10 Hz.
QUEUE_DEPTH = 20
GRAPH_POLL_S = 0.02
ACKNOWLEDGE_S = 5.0
# Nobody acknowledges a best-effort message: the last one needs the writer to live a little longer.
BEST_EFFORT_LINGER_S = 0.3
# Between two rounds of a recording of one image.
_ROUND_PAUSE_NS = 100_000_000


class PlayError(LwrfError):
    """A recording cannot be played as asked."""


@dataclass(frozen=True)
class PlayOptions:
    """Options of playing: the recording, the topics and the rate.

    Attributes:
        input: Path of the recording.
        topic: Topic to publish on; CompressedImage where it ends in ``/compressed``.
        bag_topic: Image topic of a bag, None for the only one.
        speed: Multiple of the recorded speed.
        max_frames: Number of frames to stop after, None for all.
        stamp: ``now``, ``recorded``, or None for what suits the recording.
        wait_s: Seconds to wait for a subscriber; 0 starts at once.
        reliable: Reliability of the publisher.
        loop: Whether to begin again at the recording's end.
        name: Name of the node.
    """

    input: str
    topic: str = "/camera/image_raw"
    bag_topic: str | None = None
    speed: float = 1.0
    max_frames: int | None = None
    stamp: str | None = None
    wait_s: float = 0.0
    reliable: bool = True
    loop: bool = False
    name: str = "lwrf_play"


@dataclass(frozen=True)
class Played:
    """The messages that were published.

    Attributes:
        frames: Number of messages.
        topic: Resolved name of the topic.
        seconds: Time from the first to the last publication.
        refused: Frames that cannot be decoded and were left out, by reason.
    """

    frames: int
    topic: str
    seconds: float
    refused: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Say it in one line."""
        rate = f" ({(self.frames - 1) / self.seconds:.1f} Hz)" if self.seconds > 0.0 else ""
        reasons = ", ".join(f"{reason} {count}" for reason, count in self.refused.most_common())
        refused = f", {self.refused.total()} refused ({reasons})" if self.refused else ""
        return (
            f"published {self.frames} frames on {self.topic} in {self.seconds:.1f} s{rate}{refused}"
        )


def play(options: PlayOptions) -> Played:
    """Publish a recording once, from its first frame on.

    Args:
        options: What to play and how.

    Returns:
        What was published.

    Raises:
        FrameError: The recording cannot be opened or read.
        PlayError: The recording and the topic are of different kinds, or no subscriber came.
    """
    with open_frames(options.input, options.bag_topic) as source:
        return play_frames(source, options)


def play_frames(source: FrameSource, options: PlayOptions) -> Played:
    """Publish frames that are open already; otherwise as `play`.

    Args:
        source: The frames.
        options: How to play them; what belongs to opening a recording is not looked at.

    Returns:
        What was published.

    Raises:
        FrameError: The frames cannot be read.
        PlayError: The frames and the topic are of different kinds, no subscriber came, or the name
            is none of a node.
    """
    check_kind(source, options.topic)
    # Which leaves signals to Python: Ctrl-C has to end a wait between two frames as well.
    start_rclpy()
    try:
        return _publish(_node(options.name), source, options)
    finally:
        rclpy.shutdown()


def _node(name: str) -> Node:
    try:
        return rclpy.create_node(name)
    except InvalidNodeNameException as error:
        raise PlayError(
            f"--name is {name!r}, which is no name of a node; wanted letters, digits and _, not "
            "beginning with a digit"
        ) from error


def check_kind(source: FrameSource, topic: str) -> None:
    """Refuse to publish raw images of a bag as compressed ones, or the reverse.

    Args:
        source: The recording.
        topic: Topic to publish on.

    Raises:
        PlayError: A bag's messages would have to be converted.
    """
    compressed_topic = topic.endswith(COMPRESSED_SUFFIX)
    if source.compressed and not compressed_topic:
        raise PlayError(
            f"{source.description} holds CompressedImage messages, which are played as recorded, "
            f"but --topic {topic} names raw images; give --topic {topic}{COMPRESSED_SUFFIX}"
        )
    if compressed_topic and source.has_stamps and not source.compressed:
        raise PlayError(
            f"{source.description} holds raw Image messages, which are played as recorded, but "
            f"--topic {topic} names compressed ones; give --topic "
            f"{topic.removesuffix(COMPRESSED_SUFFIX)}"
        )


def to_message(
    frame: Frame, stamp_ns: int, compressed: bool
) -> ImageMessage | CompressedImageMessage:
    """Turn a frame into a message.

    Args:
        frame: The frame; a bag's goes into the message unchanged.
        stamp_ns: Stamp of the header, nanoseconds.
        compressed: True for a CompressedImage; a raw frame (bgr8) becomes a JPEG then.

    Returns:
        A message that owns its data.

    Raises:
        PlayError: If the frame is damaged and there is no image.
    """
    image = frame.image
    if isinstance(image, DamagedImage):
        raise PlayError(image.detail)
    if isinstance(image, RawImage) and compressed:
        image = _to_jpeg(image)
    message: ImageMessage | CompressedImageMessage
    if isinstance(image, CompressedImage):
        message = CompressedImageMessage(format=image.format)
    else:
        message = ImageMessage(
            encoding=image.encoding,
            width=image.width,
            height=image.height,
            step=image.step,
            is_bigendian=int(image.is_bigendian),
        )
    # One copy; assigning an array makes the message copy it again, and any other type would be
    # copied element by element, a hundred times slower.
    message.data.frombytes(image.data.data)
    message.header = header_of(frame, stamp_ns)
    return message


def header_of(frame: Frame, stamp_ns: int) -> Header:
    """Return the header of a frame's message, with a stamp in nanoseconds."""
    header = Header(frame_id=frame.frame_id)
    header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
    return header


def _to_jpeg(image: RawImage) -> CompressedImage:
    pixels = image.data.reshape(image.height, image.width, 3)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return CompressedImage("jpeg", np.asarray(data, dtype=np.uint8).reshape(-1))


def _publish(node: Node, source: FrameSource, options: PlayOptions) -> Played:
    compressed = options.topic.endswith(COMPRESSED_SUFFIX)
    reliability = ReliabilityPolicy.RELIABLE if options.reliable else ReliabilityPolicy.BEST_EFFORT
    publisher = node.create_publisher(
        CompressedImageMessage if compressed else ImageMessage,
        options.topic,
        QoSProfile(depth=QUEUE_DEPTH, reliability=reliability),
    )
    stamp_now = (options.stamp or ("recorded" if source.has_stamps else "now")) == "now"
    if options.wait_s > 0.0:
        _wait_for_subscriber(publisher, options.wait_s)
    published = 0
    refused: Counter[str] = Counter()
    start_s = last_s = time.monotonic()
    first_ns: int | None = None
    most = options.max_frames
    length = None if options.loop else source.count
    counts = [count for count in (length, most) if count is not None]
    description = f"playing {source.description}"
    with progress_bar(description, min(counts, default=None), in_logs=True) as bar:
        for frame, time_ns, stamp_ns in itertools.islice(_looped(source, options.loop), most):
            if first_ns is None:
                first_ns = time_ns
                start_s = time.monotonic()
            if isinstance(frame.image, DamagedImage):
                refused[frame.image.reason] += 1
                bar.write(f"lwrf play: left out: {frame.image.detail}", file=sys.stderr)
                continue
            due_s = start_s + (time_ns - first_ns) * 1e-9 / options.speed
            message = to_message(frame, stamp_ns, compressed)
            if not published:
                _warn_of_losses(node, len(message.data), publisher.topic_name)
            time.sleep(max(0.0, due_s - time.monotonic()))
            if stamp_now:
                message.header.stamp = node.get_clock().now().to_msg()
            publisher.publish(message)
            last_s = time.monotonic()
            published += 1
            bar.update()
    if options.reliable:
        publisher.wait_for_all_acked(Duration(seconds=ACKNOWLEDGE_S))
    elif published:
        time.sleep(BEST_EFFORT_LINGER_S)
    return Played(published, publisher.topic_name, last_s - start_s, refused)


def _looped(source: FrameSource, loop: bool) -> Iterator[tuple[Frame, int, int]]:
    """Return frames with their times and stamps, nanoseconds, which go on growing in every round.

    Args:
        source: The recording.
        loop: Whether to begin again at its end.
    """
    offset_ns = 0
    before_ns: int | None = None
    while True:
        first_ns: int | None = None
        last_ns: int | None = None
        for frame in source:
            first_ns = frame.time_ns if first_ns is None else first_ns
            before_ns, last_ns = last_ns, frame.time_ns
            yield frame, frame.time_ns + offset_ns, frame.stamp_ns + offset_ns
        if not loop or first_ns is None or last_ns is None:
            return
        # From the last frame to the first of the next round it is as long as between the last two.
        pause_ns = last_ns - before_ns if before_ns is not None else _ROUND_PAUSE_NS
        offset_ns += max(0, last_ns - first_ns) + max(0, pause_ns)


def _warn_of_losses(node: Node, size_bytes: int, topic: str) -> None:
    """Say before the first image that this process's settings of DDS cannot carry such ones."""
    middleware = active_middleware(get_rmw_implementation_identifier())
    if lost := middleware.loses(size_bytes, f"images on {topic}"):
        node.get_logger().warning(lost)


def _wait_for_subscriber(publisher: Publisher[Any], wait_s: float) -> None:
    deadline_s = time.monotonic() + wait_s
    while publisher.get_subscription_count() == 0:
        if time.monotonic() > deadline_s:
            raise PlayError(
                f"no subscriber of {publisher.topic_name} came within {wait_s:g} s; start the node "
                "(with this topic in image_topics), or leave --wait-for-subscribers out"
            )
        time.sleep(GRAPH_POLL_S)
