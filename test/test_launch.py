# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The launch file: its arguments, and what the real `ros2 launch` makes of them at the node."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

pytest.importorskip("launch_ros", reason="launch_ros is not installed: the launch file cannot run")
pytest.importorskip("rclpy", reason="rclpy is not installed: the node cannot run")

from lwrf_ros.configuration.parameters import FIELDS, Parameters
from lwrf_ros.package_data import config_path
from lwrf_ros.processes.domain import reserve_domain_id

REPOSITORY = Path(__file__).resolve().parents[1]
LAUNCH_FILE = REPOSITORY / "launch" / "segment.launch.py"
PATIENCE_S = 60.0
OF_ROS = ("image_topic", "params_file", "name", "namespace", "use_sim_time", "log_level", "rviz")
OF_ROS += ("respawn",)
PROFILES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")
# Stands in for the node's executable: writes down what reached it through rcl, and ends.
RECORDER = """
import json, os, sys
import rclpy
from lwrf_ros.node.compat import parameter_overrides
rclpy.init(args=sys.argv)
node = rclpy.create_node("segmenter")
seen = {
    "name": node.get_name(),
    "namespace": node.get_namespace(),
    "level": node.get_logger().get_effective_level().name,
    "overrides": parameter_overrides(node),
    "environment": dict(os.environ),
}
with open(os.environ["RECORD"], "w") as file:
    json.dump(seen, file, default=list)
"""
REAL = "from lwrf_ros.node.main import main; main()"


@pytest.fixture(scope="module")
def launch_file() -> ModuleType:
    """The launch file as a module."""
    spec = importlib.util.spec_from_file_location("segment_launch", LAUNCH_FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def arguments(launch_file: ModuleType) -> dict[str, Any]:
    """The declared arguments by name."""
    declared = launch_file.generate_launch_description().get_launch_arguments()
    return {argument.name: argument for argument in declared}


def test_an_argument_for_every_parameter_and_for_ros(arguments: dict[str, Any]) -> None:
    assert set(arguments) == {*FIELDS, *OF_ROS}


def test_every_argument_is_described_and_may_be_left_out(arguments: dict[str, Any]) -> None:
    for name, argument in arguments.items():
        sentences = argument.description.split(" Valid choices are:")[0]  # launch adds these
        assert sentences.endswith(".")
        assert "no description given" not in argument.description
        assert "".join(part.perform(None) for part in argument.default_value) == ""
        if name in FIELDS:
            assert FIELDS[name].metadata["description"] in argument.description
            shown = FIELDS[name].default
            shown = list(shown) if isinstance(shown, tuple) else shown
            assert f"else {shown!r}." in argument.description


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("backbone", FIELDS["backbone"].metadata["choices"]),
        ("decoder", FIELDS["decoder"].metadata["choices"]),
        ("precision", ("auto", "fp32", "fp16", "bf16")),
        ("image_qos", ("auto", "reliable", "best_effort")),
    ],
)
def test_finite_arguments_have_choices(
    arguments: dict[str, Any], name: str, choices: tuple[str, ...]
) -> None:
    assert set(arguments[name].choices) == {"", *choices}


def test_other_arguments_have_no_choices(arguments: dict[str, Any]) -> None:
    for name in ("weights", "classes", "input_width", "max_rate", "device", "image_topics", "name"):
        assert arguments[name].choices is None
    # Whose choices would end a launch that says True where launch wants true.
    for name in ("autostart", "use_sim_time", "rviz", "respawn", "log_level"):
        assert arguments[name].choices is None


def test_truth_values_as_people_write_them(launch_file: ModuleType) -> None:
    for text in ("true", "True", "TRUE", "1", "yes", "Yes", "on", "y", "t", " true "):
        assert launch_file._read("autostart", text) is True
    for text in ("false", "False", "FALSE", "0", "no", "NO", "off", "n", "f"):
        assert launch_file._read("autostart", text) is False
    assert [launch_file._log_level(text) for text in ("INFO", "Warning")] == ["info", "warn"]


class Launch:
    """`ros2 launch` on a domain of its own, with an executable of the test as the node.

    Args:
        folder: For the executable, the log and the record.
        arguments: Arguments of the launch file.
        source: Python source of the executable.
        file: The launch file.
        variables: Changes of the environment.
    """

    def __init__(
        self,
        folder: Path,
        domain_id: int,
        *arguments: str,
        source: str = RECORDER,
        file: Path = LAUNCH_FILE,
        **variables: str,
    ) -> None:
        self._record = folder / "record.json"
        self._record.unlink(missing_ok=True)
        self._log = folder / "launch.log"
        program = folder / "bin" / "segmenter"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
        program.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if name not in PROFILES}
        prefixes = environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
        environment.update(
            PATH=os.pathsep.join((str(program.parent), environment["PATH"])),
            # An installed lwrf_ros would bring its own executable.
            AMENT_PREFIX_PATH=os.pathsep.join(
                prefix for prefix in prefixes if not Path(prefix, "lib/lwrf_ros").exists()
            ),
            PYTHONPATH=os.pathsep.join(
                path for path in (str(REPOSITORY), environment.get("PYTHONPATH", "")) if path
            ),
            PYTHONUNBUFFERED="1",
            ROS_DOMAIN_ID=str(domain_id),
            ROS_LOG_DIR=str(folder / "log"),
            RECORD=str(self._record),
            TMPDIR=str(folder),
        )
        environment.update(variables)
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                ["ros2", "launch", str(file), *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8")

    def result(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(PATIENCE_S)

    def seen(self) -> dict[str, Any]:
        """Wait for its end; return what the executable saw."""
        assert self.result() == 0, self.output
        return json.loads(self._record.read_text(encoding="utf-8"))

    def overrides(self) -> dict[str, Any]:
        """Wait for its end; return the parameters that reached the executable."""
        overrides = self.seen()["overrides"]
        overrides.pop("use_sim_time", None)
        return overrides

    def wait_for(self, text: str) -> None:
        """Wait until something has been written."""
        until = time.monotonic() + PATIENCE_S
        while text not in self.output:
            assert time.monotonic() < until, f"waited in vain for {text!r}:\n{self.output}"
            assert self.process.poll() is None, self.output
            time.sleep(0.05)

    def node_pid(self) -> int:
        """Return the process id of the node."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        assert len(children) == 1, children
        return int(children[0])

    def kill(self) -> None:
        """End it and its nodes, whatever they do."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)


Launcher = Callable[..., Launch]


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    """Run the real `ros2 launch` with arguments."""
    if shutil.which("ros2") is None:
        pytest.skip("ros2 is not installed: the launch file is not run as a user does")
    launches: list[Launch] = []
    with reserve_domain_id() as domain_id:

        def start(*arguments: str, **options: Any) -> Launch:
            launches.append(Launch(tmp_path, domain_id, *arguments, **options))
            return launches[-1]

        yield start
        for launch in launches:
            launch.kill()


def test_an_argument_that_is_not_given_is_not_passed(launcher: Launcher) -> None:
    seen = launcher().seen()
    assert set(seen["overrides"]) <= {"use_sim_time"}
    assert (seen["name"], seen["namespace"], seen["level"]) == ("segmenter", "/", "INFO")
    profiles = [seen["environment"][name] for name in PROFILES if name in seen["environment"]]
    assert profiles == [str(config_path("fastdds_large_images.xml"))]


@pytest.mark.parametrize("variable", PROFILES)
def test_a_users_own_profile_is_kept(launcher: Launcher, tmp_path: Path, variable: str) -> None:
    path = tmp_path / "mine.xml"
    shutil.copy(config_path("fastdds_large_images.xml"), path)
    environment = launcher(**{variable: str(path)}).seen()["environment"]
    assert {name: environment.get(name) for name in PROFILES} == {
        **dict.fromkeys(PROFILES),
        variable: str(path),
    }


def test_every_argument_reaches_the_node_in_its_type(launcher: Launcher) -> None:
    given = {
        "image_topics": "front,/rear/compressed",
        "camera_names": "[front, 'rear']",
        "camera_info_topics": "/front/info,/rear/info",
        "image_qos": "reliable",
        "backbone": "resnet50",
        "decoder": "light_weight",
        "classes": "./1e3",
        "class_groups": "nan.yaml",
        "weights": "random",
        "device": "cuda:1",
        "precision": "bf16",
        "input_width": "640",
        "input_height": "480",
        "label_size": "network",
        "min_confidence": "1",
        "overlay_alpha": "2.5e-1",
        "regions": "yes.yaml",
        "coverage_alerts": '["car>0.5", "road@way > 1e-2 clear<5e-3, hold=3"]',
        "max_rate": "5",
        "stale_after": "3",
        "min_image_rate": "1e1",
        "max_latency": "0.5",
        "max_dropped": "0",
        "max_lost": "1",
        "max_pixels": "1000000",
        "max_bytes": "3000000",
        "max_value_16bit": "4095",
        "autostart": "false",
    }
    assert set(given) == set(FIELDS)
    arguments = [f"{name}:={value}" for name, value in given.items()]
    launch = launcher(*arguments, "use_sim_time:=true", "log_level:=debug", "name:=eyes")
    overrides = launch.overrides()
    expected = {
        "image_topics": ["front", "/rear/compressed"],
        "camera_names": ["front", "rear"],
        "camera_info_topics": ["/front/info", "/rear/info"],
        "image_qos": "reliable",
        "backbone": "resnet50",
        "decoder": "light_weight",
        "classes": "./1e3",
        "class_groups": "nan.yaml",
        "weights": "random",
        "device": "cuda:1",
        "precision": "bf16",
        "input_width": 640,
        "input_height": 480,
        "label_size": "network",
        "min_confidence": 1.0,
        "overlay_alpha": 0.25,
        "regions": "yes.yaml",
        "coverage_alerts": ["car>0.5", "road@way > 1e-2 clear<5e-3, hold=3"],
        "max_rate": 5.0,
        "stale_after": 3.0,
        "min_image_rate": 10.0,
        "max_latency": 0.5,
        "max_dropped": 0.0,
        "max_lost": 1.0,
        "max_pixels": 1000000,
        "max_bytes": 3000000,
        "max_value_16bit": 4095,
        "autostart": False,
    }
    assert overrides == expected
    # 1 == 1.0 == True for Python, not for ROS.
    assert {k: type(v) for k, v in overrides.items()} == {k: type(v) for k, v in expected.items()}
    seen = launch.seen()
    assert (seen["name"], seen["level"]) == ("eyes", "DEBUG")
    assert seen["overrides"]["use_sim_time"] is True


@pytest.mark.parametrize(
    ("weights", "classes"),
    [
        ("1e3", "yes"),
        ("007", "nan"),
        ("0x10", "~"),
        (".5", "null"),
        ("true", "12:30"),
        ('it\'s "a" \\ #b: {c}', "é😀"),
    ],
)
def test_texts_stay_texts(launcher: Launcher, weights: str, classes: str) -> None:
    topics = ["yes", "y", "n", "off", "nan", "inf", "true", "null", "NO"]
    overrides = launcher(
        f"weights:={weights}", f"classes:={classes}", f"image_topics:={','.join(topics)}"
    ).overrides()
    assert overrides == {"weights": weights, "classes": classes, "image_topics": topics}


FILE = """
/**:
  ros__parameters:
    overlay_alpha: 0.75
    max_rate: 5.0
    camera_names: [front]
/robot/eyes:
  ros__parameters:
    max_rate: 7.0
    weights: of_the_file
    precision: fp32
    image_topics: [of_the_file]
"""


def test_an_argument_wins_over_the_file_and_the_file_over_the_default(
    launcher: Launcher, tmp_path: Path
) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(FILE, encoding="utf-8")
    overrides = launcher(
        f"params_file:={path}",
        "name:=eyes",
        "namespace:=robot",
        "max_rate:=3",
        "weights:=of_the_argument",
        "image_topic:=/front/image_raw",
    ).overrides()
    assert overrides == {
        "overlay_alpha": 0.75,
        "max_rate": 3.0,
        "camera_names": ["front"],
        "weights": "of_the_argument",
        "precision": "fp32",
        "image_topics": ["/front/image_raw"],
    }


def test_the_file_that_documents_the_parameters_gives_the_defaults(launcher: Launcher) -> None:
    overrides = launcher(f"params_file:={config_path('segmenter.yaml')}").overrides()
    assert set(overrides) == set(FIELDS)
    for name, value in overrides.items():
        default = getattr(Parameters(), name)
        assert value == (list(default) or None if isinstance(default, tuple) else default)


def test_included_under_a_namespace_the_arguments_still_win(
    launcher: Launcher, tmp_path: Path
) -> None:
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text(FILE, encoding="utf-8")
    outer = tmp_path / "outer.launch.py"
    outer.write_text(
        "from launch import LaunchDescription\n"
        "from launch.actions import GroupAction, IncludeLaunchDescription\n"
        "from launch_ros.actions import PushRosNamespace\n"
        "def generate_launch_description():\n"
        "    return LaunchDescription([GroupAction([\n"
        "        PushRosNamespace('robot'),\n"
        f"        IncludeLaunchDescription({str(LAUNCH_FILE)!r}, launch_arguments=[\n"
        f"            ('params_file', {str(parameters)!r}), ('name', 'eyes'), ('max_rate', '3'),\n"
        "        ]),\n"
        "    ])])\n",
        encoding="utf-8",
    )
    launch = launcher(file=outer)
    overrides = launch.overrides()
    assert (overrides["max_rate"], overrides["weights"]) == (3.0, "of_the_file")
    assert (launch.seen()["name"], launch.seen()["namespace"]) == ("eyes", "/robot")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["backbone:=resnet34"], ["backbone", "resnet34", "mobilenet_v2"]),
        (["input_width:=500.5"], ["input_width is '500.5'; wanted 0, -1, or 32 to 8192 pixels"]),
        (["input_width:=wide"], ["input_width is 'wide'; wanted 0, -1, or 32 to 8192 pixels"]),
        (["max_rate:=nan"], ["max_rate is nan; wanted a number from 0 to 1000 Hz"]),
        (["autostart:=maybe"], ["autostart is 'maybe'; wanted true or false"]),
        (["respawn:=2"], ["respawn is '2'; wanted true or false"]),
        (["log_level:=loud"], ["log_level is 'loud'; wanted one of debug, info, warn, error"]),
        (["camera_names:=[1]"], ["camera_names is [1]; wanted a list of different names"]),
        (["image_topics:=[a"], ["image_topics is '[a'; wanted a list of topic names"]),
        (["params_file:=/nowhere.yaml"], ["params_file is /nowhere.yaml; there is no such file"]),
        (
            [f"params_file:={config_path('segmenter.yaml')}", "coverage_alerts:=[]"],
            ["coverage_alerts is '[]'; an empty list does not reach the node past a params_file"],
        ),
        (
            ["image_topic:=a", "image_topics:=b"],
            ["image_topic is 'a' and image_topics is 'b'; wanted one of the two"],
        ),
    ],
)
def test_a_wrong_argument_ends_with_a_clear_message(
    launcher: Launcher, arguments: list[str], expected: list[str]
) -> None:
    launch = launcher(*arguments)
    assert launch.result() == 1
    for text in expected:
        assert text in launch.output
    assert "process started" not in launch.output


# Stands in for RViz: writes down what it was given to show, and ends.
RVIZ = """
import os, shutil, sys
shutil.copy(sys.argv[sys.argv.index("-d") + 1], os.environ["RECORD"] + ".rviz")
"""


@pytest.fixture
def rviz_prefix(tmp_path: Path) -> str:
    """A prefix for AMENT_PREFIX_PATH in which there is an executable rviz2."""
    prefix = tmp_path / "with_rviz"
    marker = prefix / "share/ament_index/resource_index/packages/rviz2"
    marker.parent.mkdir(parents=True)
    marker.touch()
    program = prefix / "lib/rviz2/rviz2"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable}\n{RVIZ}", encoding="utf-8")
    program.chmod(0o755)
    return str(prefix)


@pytest.mark.parametrize(
    ("arguments", "topics"),
    [
        (
            ["image_topic:=/front/image_raw", "name:=eyes", "namespace:=robot"],
            ["/front/image_raw", *(f"/robot/eyes/{o}" for o in ("overlay", "labels", "legend"))],
        ),
        (
            ["params_file:=FILE", "camera_names:=[left,right]"],
            [
                "/l/image",
                *("/segmenter/left/overlay", "/segmenter/left/labels", "/r/compressed"),
                *("/segmenter/right/overlay", "/segmenter/right/labels", "/segmenter/legend"),
            ],
        ),
    ],
)
def test_rviz_shows_the_topics_of_this_node(
    launcher: Launcher, rviz_prefix: str, tmp_path: Path, arguments: list[str], topics: list[str]
) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(
        "/**:\n  ros__parameters: {image_topics: [of_all], max_rate: 1.0}\n"
        "segmenter:\n  ros__parameters: {image_topics: [l/image, r/compressed]}\n"
    )
    launch = launcher(
        "rviz:=true",
        *(argument.replace("FILE", str(path)) for argument in arguments),
        AMENT_PREFIX_PATH=rviz_prefix,
    )
    launch.seen()
    config = yaml.safe_load((tmp_path / "record.json.rviz").read_text(encoding="utf-8"))
    displays = config["Visualization Manager"]["Displays"]
    assert [display["Topic"]["Value"] for display in displays] == topics


def test_without_rviz_installed_its_argument_says_so(launcher: Launcher, tmp_path: Path) -> None:
    launch = launcher("rviz:=true", AMENT_PREFIX_PATH=str(tmp_path))
    assert launch.result() == 1
    assert "rviz2 is not installed" in launch.output
    assert "process started" not in launch.output


def test_an_argument_that_looks_like_another_is_warned_about(launcher: Launcher) -> None:
    launch = launcher("backbon:=resnet50", "of_another_launch_file:=1")
    assert "backbone" not in launch.overrides()
    assert (
        "there is no argument 'backbon', it is ignored; did you mean 'backbone'?" in launch.output
    )
    assert "of_another_launch_file" not in launch.output


OUTER = f"""
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.actions import SetLaunchConfiguration
from launch_ros.actions import PushRosNamespace
def generate_launch_description():
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=value) for name, value in (
            ("camera_name", "front"), ("params_files", "x"), ("use_sim_time", "True"),
            ("autostart", "False"), ("log_level", "WARN"), ("weight", "3"),
        )),
        SetLaunchConfiguration("name_space", "x"),
        GroupAction([
            PushRosNamespace("robot"),
            IncludeLaunchDescription({str(LAUNCH_FILE)!r}, launch_arguments=[
                ("image_topic", "/x"), ("clases", "camvid"),
            ]),
        ]),
    ])
"""


def test_in_a_foreign_launch_file_only_what_is_meant_for_this_one_is_warned_about(
    launcher: Launcher, tmp_path: Path
) -> None:
    outer = tmp_path / "outer.launch.py"
    outer.write_text(OUTER, encoding="utf-8")
    launch = launcher("camera_name:=rear", "max_rat:=3", file=outer)
    seen = launch.seen()
    assert seen["overrides"] == {"use_sim_time": True, "autostart": False, "image_topics": ["/x"]}
    assert (seen["namespace"], seen["level"]) == ("/robot", "WARN")
    warned = [line for line in launch.output.splitlines() if "did you mean" in line]
    assert len(warned) == 2, launch.output
    assert "no argument 'clases', it is ignored; did you mean 'classes'?" in warned[0]
    assert "no argument 'max_rat', it is ignored; did you mean 'max_rate'?" in warned[1]


def test_a_node_that_ends_is_started_again_with_its_arguments(
    launcher: Launcher, tmp_path: Path
) -> None:
    launch = launcher("respawn:=true", "max_rate:=3")
    record = tmp_path / "record.json"
    for _ in range(2):
        until = time.monotonic() + PATIENCE_S
        while not (record.exists() and record.stat().st_size):
            assert time.monotonic() < until, launch.output
            time.sleep(0.05)
        assert json.loads(record.read_text(encoding="utf-8"))["overrides"]["max_rate"] == 3.0
        record.unlink()
    launch.process.send_signal(signal.SIGINT)
    assert launch.result() == 0
    # What carried the arguments is gone with the launch.
    assert list(tmp_path.glob("*.yaml")) == []


def test_a_parameter_file_for_another_node_is_named(launcher: Launcher, tmp_path: Path) -> None:
    path = tmp_path / "nav2.yaml"
    path.write_text("/robot/eyes: {ros__parameters: {max_rate: 5.0}}\n", encoding="utf-8")
    launch = launcher(f"params_file:={path}", "backbone:=resnet50", source=REAL)
    launch.wait_for("is for this node: it is for /robot/eyes, and this one is /segmenter; write")
    launch.process.send_signal(signal.SIGINT)
    assert launch.result() == 0


def test_an_interruption_while_it_loads_ends_it_cleanly(launcher: Launcher) -> None:
    launch = launcher(source=REAL)
    launch.wait_for("segmenter: starting, loading libraries")
    begun_s = time.monotonic()
    launch.process.send_signal(signal.SIGINT)
    assert launch.result() == 0
    assert "process has finished cleanly" in launch.output
    assert "escalating" not in launch.output
    assert time.monotonic() - begun_s < 4.0  # launch takes some of it


def test_a_bare_launch_runs_on_the_bundled_weights(launcher: Launcher) -> None:
    launch = launcher(source=REAL)
    launch.wait_for("mobilenet_v2-light_weight-ade31.safetensors (sha256 ")
    launch.wait_for("listening to /image")
    launch.process.send_signal(signal.SIGINT)
    assert launch.result() == 0
    assert "process has finished cleanly" in launch.output


def test_without_weights_a_launch_says_the_way_out_and_the_node_stays(launcher: Launcher) -> None:
    launch = launcher("backbone:=resnet50", source=REAL)
    launch.wait_for("configure failed: no weights come with lwrf_ros for backbone resnet50")
    launch.wait_for("name one of these as weights")
    pid = launch.node_pid()
    environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    assert [entry.split("=")[1] for entry in environment if entry.startswith(PROFILES)] == [
        str(config_path("fastdds_large_images.xml"))
    ]
    launch.process.send_signal(signal.SIGINT)
    assert launch.result() == 0
    # Had it ended before the signal, launch would have ended too, or said that it has died.
    assert "process has finished cleanly" in launch.output
    assert "process has died" not in launch.output


def test_a_node_that_runs_ends_with_the_launch(launcher: Launcher) -> None:
    launch = launcher(
        "weights:=random",
        "input_width:=64",
        "input_height:=64",
        "image_topic:=/front/image_raw",
        "device:=cpu",
        source=REAL,
    )
    launch.wait_for("listening to /front/image_raw")
    launch.process.send_signal(signal.SIGINT)
    assert launch.result() == 0
    assert "process has finished cleanly" in launch.output
