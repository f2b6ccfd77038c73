# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Every parameter of the node: type, default, range and description in one place, without ROS."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

from lwrf_ros.backbones import BACKBONES, DECODERS, DEFAULT_BACKBONE, DEFAULT_DECODER
from lwrf_ros.configuration.alerts import EXAMPLES, WHOLE_IMAGE, Alert, parse_alert
from lwrf_ros.errors import LwrfError
from lwrf_ros.input_size import MAX_SIDE_PX, MIN_SIDE_PX

IMAGE_QOS = ("auto", "reliable", "best_effort")
LABEL_SIZES = ("camera", "network")
PRECISIONS = ("auto", "fp32", "fp16", "bf16")
CAMERA_SIZE = -1
_MOST_PIXELS = 2**30  # beyond it OpenCV decodes nothing
_MOST_BYTES = 2**32  # of a message
_INTEGER_LIMIT = 2**63  # of ROS; far beyond it a float cannot hold an integer
_TOPIC = re.compile(r"(~/|/)?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
_CAMERA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class ParameterError(LwrfError):
    """A parameter that cannot be used; the message says name, value and what is allowed."""


def _parameter(
    default: Any,
    description: str,
    allowed: str,
    accepts: Callable[[Any], bool] = lambda value: True,
    choices: Iterable[str] = (),
    limits: tuple[float, float] | None = None,
    live: bool = False,
) -> Any:
    """Declare a parameter.

    Args:
        default: Its default; the default's type is the parameter's.
        description: One sentence or two for `ros2 param describe` and the launch file.
        allowed: What a value has to be, completing "wanted ...".
        accepts: Tells whether a value of the right type is allowed.
        choices: All allowed values, where they are finite.
        limits: Least and greatest allowed number.
        live: Whether a change takes effect on the next frame of the running node.
    """
    metadata = {
        "description": description,
        "allowed": allowed,
        "accepts": accepts,
        "choices": tuple(choices),
        "limits": limits,
        "live": live,
    }
    return field(default=default, metadata=metadata)


def _one_of(names: Iterable[str]) -> dict[str, Any]:
    names = tuple(names)
    return {
        "allowed": f"one of {', '.join(names)}",
        "accepts": lambda value: value in names,
        "choices": names,
    }


def _number(low: float, high: float, unit: str = "") -> dict[str, Any]:
    return {
        "allowed": f"a number from {low:g} to {high:g}{unit}",
        "accepts": lambda value: low <= value <= high,
        "limits": (low, high),
    }


def _whole_number(low: int, high: int, unit: str) -> dict[str, Any]:
    return {
        "allowed": f"a whole number from {low} to {high} {unit}".rstrip(),
        "accepts": lambda value: low <= value <= high,
        "limits": (low, high),
    }


def _is_side(value: int) -> bool:
    return value in (0, CAMERA_SIZE) or MIN_SIDE_PX <= value <= MAX_SIDE_PX


_SIDE = f"0, {CAMERA_SIZE}, or {MIN_SIDE_PX} to {MAX_SIDE_PX} pixels"


@dataclass(frozen=True)
class Parameters:
    """The node's parameters; this is the only place that holds a default."""

    image_topics: tuple[str, ...] = _parameter(
        ("image",),
        "Image topics to segment, one for each camera. A name that ends in /compressed (after "
        "remapping) is a sensor_msgs/CompressedImage, any other a sensor_msgs/Image.",
        "a list of topic names like image or /camera/image_raw",
        lambda topics: all(_TOPIC.fullmatch(topic) for topic in topics),
    )
    camera_names: tuple[str, ...] = _parameter(
        (),
        "A name for each of image_topics; outputs are then under ~/<name>/ instead of ~/. Required "
        "if there are several topics.",
        "a list of different names of letters, digits and underscores, beginning with a letter",
        lambda names: (
            all(_CAMERA_NAME.fullmatch(name) for name in names) and len(set(names)) == len(names)
        ),
    )
    camera_info_topics: tuple[str, ...] = _parameter(
        (),
        "A topic of sensor_msgs/CameraInfo for each of image_topics, republished with the labels. "
        "Empty: the topic camera_info beside each image topic, as cameras publish it.",
        "a list of topic names like /camera/camera_info",
        lambda topics: all(_TOPIC.fullmatch(topic) for topic in topics),
    )
    image_qos: str = _parameter(
        "auto",
        "Reliability of the image subscriptions. auto is best effort, and becomes reliable as soon "
        "as every publisher of the topic is.",
        **_one_of(IMAGE_QOS),
    )
    backbone: str = _parameter(
        DEFAULT_BACKBONE,
        "Encoder of the network. Not set: the one that the weights name.",
        **_one_of(BACKBONES),
    )
    decoder: str = _parameter(
        DEFAULT_DECODER,
        "Decoder of the network: the paper's, the paper's with residual units, or the original "
        "RefineNet's. Not set: the one that the weights name.",
        **_one_of(DECODERS),
    )
    classes: str = _parameter(
        "",
        "Class table: the name of a bundled one, or the path of a YAML file. Empty: the one that "
        "the weights name; if they name none or weights is empty, that of the default weights.",
        "the name of a bundled class table, the path of a YAML file or an empty text",
        lambda value: value == "" or bool(value.strip()),
    )
    class_groups: str = _parameter(
        "",
        "Publish groups of classes instead of the classes: the name of bundled groups "
        "(camvid_navigation, ...), or the path of a YAML file. Empty: the classes.",
        "the name of bundled class groups, the path of a YAML file or an empty text",
    )
    weights: str = _parameter(
        "",
        "Weights: the name of bundled ones (a file's stem, or just the name of its class table), "
        "or the path, with a slash or a suffix, of a file (safetensors, .pth, .pth.tar, .ckpt). "
        "Empty: the bundled ones for this backbone and these classes. random: an untrained "
        "network, to try things out.",
        "a bundled name, a path, an empty text or random",
    )
    device: str = _parameter(
        "auto",
        "Where the network runs: auto (a GPU if there is one), cpu, cuda or cuda:N.",
        "auto, cpu, cuda or cuda:N",
        lambda value: re.fullmatch(r"auto|cpu|cuda(:\d+)?", value) is not None,
    )
    precision: str = _parameter(
        "auto",
        "Arithmetic of the network. auto is fp16 on a GPU and fp32 on a CPU.",
        **_one_of(PRECISIONS),
    )
    input_width: int = _parameter(
        0,
        "Width in pixels that images are stretched to for the network. 0: the size the weights "
        "were trained at (the camera's, if they name none); -1: the camera's.",
        _SIDE,
        _is_side,
    )
    input_height: int = _parameter(
        0, "Height in pixels that images are stretched to; see input_width.", _SIDE, _is_side
    )
    label_size: str = _parameter(
        "camera",
        "Size of labels, confidence and overlay: that of the camera's images, or that of the "
        "network's input, with camera_info scaled to it.",
        **_one_of(LABEL_SIZES),
    )
    min_confidence: float = _parameter(
        0.0,
        "Pixels whose class is less probable than this become 255, unlabelled.",
        **_number(0, 1),
        live=True,
    )
    overlay_alpha: float = _parameter(
        0.5,
        "Weight of the classes' colours in the overlay: 0 shows only the frame, 1 only colours.",
        **_number(0, 1),
        live=True,
    )
    regions: str = _parameter(
        "",
        "YAML file of regions, parts of the image whose coverage is published in addition to the "
        "whole image's; see config/regions.yaml. Empty: none.",
        "the path of a YAML file or an empty text",
    )
    coverage_alerts: tuple[str, ...] = _parameter(
        (),
        'Classes to warn about, as "name>fraction": ["person>0.05"] sets the coverage to WARN when '
        'people cover more than 5 % of the image. "person@path>0.05" is about a region; '
        '"person>0.05 clear<0.03" clears only below 3 %; "person>0.05 hold=3" is raised and '
        "cleared only after three frames in a row (hold=0.5s: after half a second).",
        f"a list of texts like {EXAMPLES} with fractions from 0 up to 1",
        lambda alerts: all(parse_alert(alert) is not None for alert in alerts),
        live=True,
    )
    max_rate: float = _parameter(
        0.0,
        "Most images per second that are taken from each camera; 0: all of them.",
        **_number(0, 1000, " Hz"),
        live=True,
    )
    stale_after: float = _parameter(
        2.0,
        "Seconds without an image after which a camera is STALE on /diagnostics; 0: never.",
        **_number(0, 3600, " s"),
        live=True,
    )
    min_image_rate: float = _parameter(
        0.0,
        "Images per second below which a camera is WARN on /diagnostics; 0: never.",
        **_number(0, 1000, " Hz"),
        live=True,
    )
    max_latency: float = _parameter(
        0.0,
        "Seconds from an image's arrival to the publication of its labels. A camera whose 99th "
        "percentile is above this is WARN on /diagnostics; 0: never.",
        **_number(0, 3600, " s"),
        live=True,
    )
    max_dropped: float = _parameter(
        1.0,
        "Share of a camera's frames that may be dropped for newer ones; a camera above it is WARN "
        "on /diagnostics. 1: never, because a camera may well be faster than the network.",
        **_number(0, 1),
        live=True,
    )
    max_lost: float = _parameter(
        0.1,
        "Share of a camera's images that may be lost on their way to the node, over some seconds; "
        "above it is WARN on /diagnostics and on the log, with what may help. 1: never.",
        **_number(0, 1),
        live=True,
    )
    max_pixels: int = _parameter(
        33_554_432,
        "Most pixels that an image may have, according to its header; larger ones are refused "
        "before anything is decoded. The default allows 8K.",
        **_whole_number(1, _MOST_PIXELS, "pixels"),
        live=True,
    )
    max_bytes: int = _parameter(
        268_435_456,
        "Most bytes of data that an image message may have; larger ones are refused. The default "
        "is 8 bytes for each pixel of the default max_pixels.",
        **_whole_number(1, _MOST_BYTES, "bytes"),
        live=True,
    )
    max_value_16bit: int = _parameter(
        65_535,
        "Greatest value that the camera gives in images of 16 bits (mono16, bayer_rggb16, ...), "
        "which becomes white: 4095 for a sensor of 12 bits, 16383 for one of 14.",
        **_whole_number(1, 65_535, ""),
        live=True,
    )
    autostart: bool = _parameter(
        True,
        "Whether the node configures and activates itself when it starts; false leaves that to a "
        "lifecycle manager.",
        "true or false",
    )

    @property
    def input_size(self) -> tuple[int, int] | Literal["image"] | None:
        """The size for `Segmenter`: ``(height, width)`` in pixels, "image" or None."""
        if self.input_width == CAMERA_SIZE:
            return "image"
        return (self.input_height, self.input_width) if self.input_width else None

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts, read."""
        return tuple(filter(None, map(parse_alert, self.coverage_alerts)))

    def check_together(self) -> None:
        """Check what depends on several parameters.

        Raises:
            ParameterError: If two parameters contradict each other.
        """
        if self.camera_names and len(self.camera_names) != len(self.image_topics):
            raise ParameterError(
                f"camera_names has {len(self.camera_names)} names and image_topics has "
                f"{len(self.image_topics)} topics; wanted one name for each topic"
            )
        if len(self.image_topics) > 1 and not self.camera_names:
            raise ParameterError(
                f"image_topics has {len(self.image_topics)} topics and camera_names is empty; "
                "several topics need a name each"
            )
        infos = self.camera_info_topics
        if infos and len(infos) != len(self.image_topics):
            raise ParameterError(
                f"camera_info_topics has {len(infos)} topics and image_topics has "
                f"{len(self.image_topics)}; wanted one for each, or none for the default"
            )
        width, height = self.input_width, self.input_height
        if width != height and min(width, height) <= 0:
            raise ParameterError(
                f"input_width is {width} and input_height is {height}; wanted two sizes in pixels, "
                f"both 0 or both {CAMERA_SIZE}"
            )

    def check_alerts(self, class_names: Iterable[str], region_names: Iterable[str]) -> None:
        """Check that every alert is about a class and a region that there are.

        Raises:
            ParameterError: If coverage_alerts names one that is not among them.
        """
        class_names, region_names = tuple(class_names), tuple(region_names)
        for alert in self.alerts:
            if alert.class_name not in class_names:
                raise ParameterError(
                    f"coverage_alerts names the class {alert.class_name!r}; "
                    f"wanted one of {', '.join(class_names)}"
                )
            if alert.region != WHOLE_IMAGE and alert.region not in region_names:
                wanted = "wanted a file with it as the parameter regions, which is empty"
                if region_names:
                    wanted = f"wanted one of {', '.join(region_names)}"
                raise ParameterError(f"coverage_alerts names the region {alert.region!r}; {wanted}")


FIELDS = {entry.name: entry for entry in fields(Parameters)}


def coerce(name: str, value: Any) -> Any:
    """Bring a value as ROS and YAML give it to the parameter's type, and check it alone.

    Integers are taken where floats are meant; nothing and the empty list are the default of a
    list.

    Args:
        name: Name of the parameter.
        value: The value given.

    Returns:
        The value as `Parameters` holds it.

    Raises:
        ParameterError: If there is no such parameter or the value is not allowed.
    """
    if name not in FIELDS:
        close = difflib.get_close_matches(name, FIELDS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"wanted one of {', '.join(FIELDS)}"
        raise ParameterError(f"there is no parameter {name}; {hint}")
    default, metadata = FIELDS[name].default, FIELDS[name].metadata
    converted = _convert(value, default)
    if converted is None or not metadata["accepts"](converted):
        shown = list(converted) if isinstance(converted, tuple) else value
        raise ParameterError(f"{name} is {shown!r}; wanted {metadata['allowed']}")
    return converted


def _convert(value: Any, default: Any) -> Any:
    """Return the value with the default's type, None if it cannot have it."""
    if isinstance(default, tuple):
        is_empty = isinstance(value, Sized) and not isinstance(value, str) and len(value) == 0
        if value is None or is_empty:
            return default
        is_list = isinstance(value, (list, tuple))
        return tuple(value) if is_list and all(isinstance(v, str) for v in value) else None
    if isinstance(default, float) and type(value) is int:
        return float(value) if abs(value) < _INTEGER_LIMIT else None
    return value if type(value) is type(default) else None
