# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Start the segmentation node: `ros2 launch lwrf_ros segment.launch.py --show-args`."""

from __future__ import annotations

import atexit
import difflib
import gc
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.logging import get_logger
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from launch_ros.actions import Node
from launch_ros.utilities import make_namespace_absolute, prefix_namespace

from lwrf_ros.configuration.parameters import FIELDS, ParameterError, coerce
from lwrf_ros.machine.dds_profile import our_profile, profile_environment
from lwrf_ros.node.rviz import rviz_config
from lwrf_ros.package_data import config_path

PACKAGE = "lwrf_ros"
EXECUTABLE = "segmenter"
NOT_GIVEN = ""
# However people, YAML and other launch files write them, in any case.
TRUE = ("true", "1", "yes", "on", "y", "t")
FALSE = ("false", "0", "no", "off", "n", "f")
LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")
RESPAWN_DELAY_S = 2.0
# Arguments beside the node's parameters.
OWN_ARGUMENTS = {
    "image_topic": "The image topic of a single camera; short for image_topics.",
    "params_file": "YAML file of parameters, as config/segmenter.yaml.",
    "name": f"Name of the node. Not given: {EXECUTABLE}.",
    "namespace": "Namespace of the node.",
    "use_sim_time": "Take the time from /clock: true or false.",
    "log_level": f"Least severity that is logged: {', '.join(LOG_LEVELS)}.",
    "rviz": "Show camera, overlay, labels and the classes' colours in RViz: true or false.",
    "respawn": f"Start the node again {RESPAWN_DELAY_S:g} s after its process has ended: true or "
    "false.",
}
_Entity = TypeVar("_Entity")


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, one for each parameter of the node and a few of ROS itself."""
    return LaunchDescription(
        [*_arguments(), *_large_image_profile(), OpaqueFunction(function=_node)]
    )


def _arguments() -> list[DeclareLaunchArgument]:
    arguments = [
        DeclareLaunchArgument(name, default_value=NOT_GIVEN, description=description)
        for name, description in OWN_ARGUMENTS.items()
    ]
    for name, entry in FIELDS.items():
        choices: tuple[str, ...] = tuple(entry.metadata["choices"])
        kind = " true or false." if isinstance(entry.default, bool) else ""
        shown = list(entry.default) if isinstance(entry.default, tuple) else entry.default
        arguments.append(
            DeclareLaunchArgument(
                name,
                default_value=NOT_GIVEN,
                description=f"{entry.metadata['description']}{kind} Not given: as in params_file, "
                f"else {shown!r}.",
                choices=tuple(dict.fromkeys((NOT_GIVEN, *choices))) if choices else None,
            )
        )
    return arguments


def _warn_of_near_misses(context: LaunchContext) -> None:
    """Warn of arguments that look like ours and are not; launch ignores them without a word.

    Only what is handed to this file, and what was typed and nobody declares: under another launch
    file all of its own arguments are seen here as well.
    """
    declared = {action.name for action in _alive(DeclareLaunchArgument)}
    typed = {text.partition(":=")[0] for text in context.argv if ":=" in text}
    known = [*OWN_ARGUMENTS, *FIELDS]
    for name in sorted(_handed_over(context) | (typed - declared)):
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if name not in known and close:
            get_logger(PACKAGE).warning(
                f"there is no argument {name!r}, it is ignored; did you mean {close[0]!r}?"
            )


def _handed_over(context: LaunchContext) -> set[str]:
    """Return the names of the arguments with which this file is included; `ros2 launch` does it so.

    launch has no other way to tell them from those of the files around it.
    """
    return {
        perform_substitutions(context, normalize_to_list_of_substitutions(name))
        for include in _alive(IncludeLaunchDescription)
        if Path(include.launch_description_source.location).resolve() == Path(__file__).resolve()
        for name, _ in include.launch_arguments
    }


def _alive(kind: type[_Entity]) -> Iterator[_Entity]:
    """Return the launch entities of a kind that there are in this process."""
    return (one for one in gc.get_objects() if issubclass(type(one), kind))


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
    _warn_of_near_misses(context)
    if "image_topic" in given:
        if "image_topics" in given:
            raise ParameterError(
                f"image_topic is {given['image_topic']!r} and image_topics is "
                f"{given['image_topics']!r}; wanted one of the two"
            )
        parameters["image_topics"] = (given["image_topic"],)
    if "use_sim_time" in given:
        parameters["use_sim_time"] = _boolean("use_sim_time", given["use_sim_time"])
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
    log_level = ["--log-level", _log_level(given["log_level"])] if "log_level" in given else []
    actions: list[LaunchDescriptionEntity] = []
    if _boolean("rviz", given.get("rviz", "false")):
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
            respawn=_boolean("respawn", given.get("respawn", "false")),
            respawn_delay=RESPAWN_DELAY_S,
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
        value = _boolean(name, text)
    elif isinstance(default, (int, float)):
        with suppress(ValueError):  # coerce says what is wrong with it
            value = type(default)(text)
    return coerce(name, value)


def _boolean(name: str, text: str) -> bool:
    """Read a truth value as people write it."""
    word = text.strip().lower()
    if word not in (*TRUE, *FALSE):
        raise ParameterError(f"{name} is {text!r}; wanted true or false")
    return word in TRUE


def _log_level(text: str) -> str:
    """Read a severity in any case, and `warning` as well."""
    level = "warn" if text.strip().lower() == "warning" else text.strip().lower()
    if level not in LOG_LEVELS:
        raise ParameterError(f"log_level is {text!r}; wanted one of {', '.join(LOG_LEVELS)}")
    return level


def _temporary_file(suffix: str, content: bytes) -> str:
    """Write a file that is there until launch ends, a node that respawns included; return its path.

    Args:
        suffix: End of its name.
        content: What to write.
    """
    with tempfile.NamedTemporaryFile(prefix="lwrf_ros_", suffix=suffix, delete=False) as file:
        file.write(content)
    atexit.register(Path(file.name).unlink, missing_ok=True)
    return file.name


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
    return _temporary_file(".yaml", "\n".join([*lines, ""]).encode(errors="surrogateescape"))


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
    return Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", _temporary_file(".rviz", config.encode())],
        # Not as `parameters`, which launch would write into a file that it leaves behind.
        ros_arguments=["-p", f"use_sim_time:={str(parameters.get('use_sim_time', False)).lower()}"],
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
