# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Start the segmentation node: `ros2 launch lwrf_ros segment.launch.py --show-args`."""

from __future__ import annotations

import difflib
import json
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.logging import get_logger
from launch_ros.actions import Node
from launch_ros.utilities import make_namespace_absolute, prefix_namespace

from lwrf_ros.configuration.parameters import FIELDS, ParameterError, coerce
from lwrf_ros.machine.dds_profile import our_profile, profile_environment
from lwrf_ros.node.rviz import rviz_config
from lwrf_ros.package_data import config_path

PACKAGE = "lwrf_ros"
EXECUTABLE = "segmenter"
NOT_GIVEN = ""
BOOLEANS = (NOT_GIVEN, "true", "false")
LOG_LEVELS = (NOT_GIVEN, "debug", "info", "warn", "error", "fatal")
# Arguments beside the node's parameters: description and choices.
OWN_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "image_topic": ("The image topic of a single camera; short for image_topics.",),
    "params_file": ("YAML file of parameters, as config/segmenter.yaml.",),
    "name": (f"Name of the node. Not given: {EXECUTABLE}.",),
    "namespace": ("Namespace of the node.",),
    "use_sim_time": ("Take the time from /clock.", BOOLEANS),
    "log_level": ("Least severity that is logged.", LOG_LEVELS),
    "rviz": ("Show camera, overlay, labels and the classes' colours in RViz.", BOOLEANS),
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, one for each parameter of the node and a few of ROS itself."""
    return LaunchDescription(
        [*_arguments(), *_large_image_profile(), OpaqueFunction(function=_node)]
    )


def _arguments() -> list[DeclareLaunchArgument]:
    arguments = [_argument(name, *rest) for name, rest in OWN_ARGUMENTS.items()]
    for name, entry in FIELDS.items():
        choices: tuple[str, ...] = tuple(entry.metadata["choices"])
        if isinstance(entry.default, bool):
            choices = BOOLEANS
        shown = list(entry.default) if isinstance(entry.default, tuple) else entry.default
        arguments.append(
            _argument(
                name,
                f"{entry.metadata['description']} Not given: as in params_file, else {shown!r}.",
                choices=tuple(dict.fromkeys((NOT_GIVEN, *choices))) if choices else None,
            )
        )
    return arguments


def _argument(
    name: str, description: str, choices: tuple[str, ...] | None = None
) -> DeclareLaunchArgument:
    return DeclareLaunchArgument(
        name, default_value=NOT_GIVEN, description=description, choices=choices
    )


def _warn_of_near_misses(given: Iterable[str]) -> None:
    """Warn of arguments that look like ours and are not; launch ignores them without a word.

    No error: under another launch file its own arguments are seen here as well.
    """
    known = [*OWN_ARGUMENTS, *FIELDS]
    for name in given:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if name not in known and close:
            get_logger(PACKAGE).warning(
                f"there is no argument {name!r}, it is ignored; did you mean {close[0]!r}?"
            )


def _large_image_profile() -> list[SetEnvironmentVariable]:
    """Give the node the DDS profile for large images, unless the user has a profile."""
    variables = profile_environment(our_profile())
    return [SetEnvironmentVariable(variable, path) for variable, path in variables.items()]


def _node(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Build the node's action from the arguments that were given."""
    given = {
        name: text for name, text in context.launch_configurations.items() if text != NOT_GIVEN
    }
    parameters: dict[str, Any] = {
        name: _read(name, text) for name, text in given.items() if name in FIELDS
    }
    _warn_of_near_misses(given)
    if "image_topic" in given:
        if "image_topics" in given:
            raise ParameterError(
                f"image_topic is {given['image_topic']!r} and image_topics is "
                f"{given['image_topics']!r}; wanted one of the two"
            )
        parameters["image_topics"] = (given["image_topic"],)
    if "use_sim_time" in given:
        parameters["use_sim_time"] = given["use_sim_time"] == "true"
    sources: list[Any] = []
    if "params_file" in given:
        path = Path(given["params_file"]).expanduser()
        if not path.is_file():
            raise ParameterError(f"params_file is {path}; there is no such file")
        sources.append(str(path))
        for name, value in parameters.items():
            if value == ():
                raise ParameterError(
                    f"{name} is {given[name]!r}; an empty list does not reach the node past a "
                    "params_file: take it out of the file instead"
                )
    name = given.get("name", EXECUTABLE)
    namespace = given.get("namespace", "")
    pushed = context.launch_configurations.get("ros_namespace")
    full_name = f"{make_namespace_absolute(prefix_namespace(pushed, namespace)) or '/'}/{name}"
    full_name = full_name.replace("//", "/")
    if parameters:
        sources.append(_parameter_file(full_name, parameters))
    log_level = ["--log-level", given["log_level"]] if "log_level" in given else []
    actions: list[LaunchDescriptionEntity] = []
    if given.get("rviz") == "true":
        cameras = {**_cameras_of_file(given.get("params_file"), full_name), **parameters}
        actions.append(_rviz(full_name, cameras))
    return [
        *actions,
        Node(
            **_executable(),
            name=name,
            namespace=namespace,
            parameters=sources,
            ros_arguments=log_level,
            output="screen",
            emulate_tty=True,
        ),
    ]


def _read(name: str, text: str) -> Any:
    """Read an argument's text by the parameter's own type, never by what YAML makes of it."""
    default = FIELDS[name].default
    value: Any = text
    if isinstance(default, tuple):
        value = text if text.lstrip().startswith("[") else text.split(",")
        with suppress(yaml.YAMLError):  # coerce says what is wrong with it
            value = yaml.safe_load(text) if value is text else value
    elif isinstance(default, bool):
        value = text == "true"
    elif isinstance(default, (int, float)):
        with suppress(ValueError):  # coerce says what is wrong with it
            value = type(default)(text)
    return coerce(name, value)


def _parameter_file(node: str, parameters: dict[str, Any]) -> str:
    """Write the arguments as a parameter file of their own and return its path.

    Texts are quoted in it: launch, even with ParameterValue(value_type=str), would write `1e3`,
    `y` or `nan` bare, and rcl reads those as numbers and truth values. The file names the node in
    full: in rcl that wins over a wildcard as well as over the files before.
    """
    lines = [f"{json.dumps(node)}:", "  ros__parameters:"]
    # Not as ASCII: JSON's escapes for what is beyond 16 bits are none of YAML.
    lines += [
        f"    {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in parameters.items()
    ]
    with tempfile.NamedTemporaryFile(prefix="lwrf_ros_", suffix=".yaml", delete=False) as file:
        file.write("\n".join([*lines, ""]).encode(errors="surrogateescape"))
    return file.name


def _rviz(node: str, parameters: dict[str, Any]) -> Node:
    """Start RViz on the topics of the node; it may be closed and the node goes on."""
    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        raise ParameterError(
            "rviz is 'true', and rviz2 is not installed or its workspace not sourced; install it "
            "(apt install ros-$ROS_DISTRO-rviz2), or leave rviz out and look at "
            f"{node}/overlay in another way"
        ) from None
    topics = parameters.get("image_topics", FIELDS["image_topics"].default)
    names = parameters.get("camera_names", FIELDS["camera_names"].default)
    config = rviz_config(config_path("segment.rviz"), node, topics, names)
    with tempfile.NamedTemporaryFile(prefix="lwrf_ros_", suffix=".rviz", delete=False) as file:
        file.write(config.encode())
    return Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", file.name],
        parameters=[{"use_sim_time": parameters.get("use_sim_time", False)}],
        output="screen",
    )


def _cameras_of_file(path: str | None, node: str) -> dict[str, Any]:
    """Return the image topics and camera names that a parameter file gives the node."""
    found: dict[str, Any] = {}
    if path is None:
        return found
    content = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8")) or {}
    # As rcl: what names the node in full wins over a wildcard.
    for key in ("/**", f"/**/{node.rpartition('/')[2]}", node.lstrip("/"), node):
        given = (content.get(key) or {}).get("ros__parameters") or {}
        found.update(
            (name, coerce(name, given[name]))
            for name in ("image_topics", "camera_names")
            if name in given
        )
    return found


def _executable() -> dict[str, str]:
    """Name the executable: by package from a colcon install, by path from a pip install."""
    try:
        installed = Path(get_package_prefix(PACKAGE), "lib", PACKAGE, EXECUTABLE).is_file()
    except PackageNotFoundError:
        installed = False
    path = shutil.which(EXECUTABLE)
    if installed or path is None:
        return {"package": PACKAGE, "executable": EXECUTABLE}
    return {"executable": path}
