# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""`lwrf info` where everything is installed, where nothing is, and where a part is broken."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lwrf_ros.machine import collection, dds
from lwrf_ros.machine.collection import without_home
from lwrf_ros.machine.dds_profile import PROFILE_VARIABLES, profile_variable
from lwrf_ros.machine.part_probe import NOT_INSTALLED, look_at, probe
from lwrf_ros.package_data import bundled_weights, config_path
from lwrf_ros.weights.summary import summaries

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("torch", *collection.ROS_MODULES, *collection.MODULES)


def info(python: str | Path, *arguments: str, **environment: str) -> str:
    """Run `lwrf info` from the sources in an interpreter, and return what it prints."""
    done = subprocess.run(
        [str(python), "-m", "lwrf_ros.cli.main", "info", *arguments],
        # HOME, or standard error says what takes its place.
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(REPOSITORY.parent),
            "PYTHONPATH": str(REPOSITORY),
            **environment,
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_where_everything_is_installed() -> None:
    pytest.importorskip("rclpy", reason="rclpy is not installed")
    home = str(REPOSITORY.parent)
    said = info(sys.executable, "--json", **dict(os.environ, HOME=home, ROS_DOMAIN_ID="7"))
    found = json.loads(said)
    assert home + os.sep not in said
    assert found["lwrf_ros"]["folder"] == f"~/{REPOSITORY.name}/lwrf_ros"
    assert found["lwrf_ros"]["version"] == metadata.version("lwrf_ros")
    assert found["ros"]["rclpy"]["version"] == metadata.version("rclpy")
    assert found["ros"]["rclpy"]["middleware"].startswith("rmw_")
    assert found["ros"]["distribution"].split(",")[0] in ("jazzy", "kilted")
    assert found["dds"]["ROS_DOMAIN_ID"] == "7"
    assert found["torch"]["version"] == metadata.version("torch")
    assert found["machine"]["cores"] >= 1
    assert found["class_tables"]["camvid"] == 11
    (weights,) = [one for one in found["weights"] if one["short_name"] == "camvid"]
    path = next(path for path in bundled_weights() if path.name == Path(weights["file"]).name)
    assert weights["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (weights["classes"], weights["license"]) == ("camvid", "CC-BY-NC-4.0")
    assert 0.5 < max(score["value"] for score in weights["scores"]) < 1.0
    # The same function tells `lwrf weights`.
    listed = without_home([one.as_json() for one in summaries()], [home])
    assert found["weights"] == listed


def test_where_nothing_is_installed(tmp_path: Path) -> None:
    # An interpreter that sees the standard library and these sources, and no package.
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    python = tmp_path / "bare" / "bin" / "python"
    found = json.loads(info(python, "--json"))
    parts = {**found["ros"], **found["libraries"], "torch": found["torch"]}
    assert {name for name in PARTS if parts[name] == {"problem": NOT_INSTALLED}} == set(PARTS)
    assert len(found["weights"]) == len(bundled_weights())
    weights = found["weights"][0]
    assert len(weights["sha256"]) == 64
    assert "safetensors" in weights["problem"]
    text = info(python)
    assert "is ROS sourced?" in text
    assert text.count(NOT_INSTALLED) == len(PARTS)
    assert weights["sha256"] in text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os; os.abort()", "does not import: signal 6"),
        ("raise ImportError('libfoo.so.3: no such file')", "does not import: ImportError: libfoo"),
        ("import no_such_thing_at_all", "No module named 'no_such_thing_at_all'"),
        ("print('hello'); __version__ = '1.2'", ""),
    ],
)
def test_a_broken_part_takes_only_itself_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    (tmp_path / "part_of_test.py").write_text(source)
    paths = [str(tmp_path), str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    found = probe("part_of_test")
    if not said:
        assert found == {"version": "1.2"}
    else:
        assert said in found["problem"]
        assert found["problem"] != NOT_INSTALLED


def cuda_torch(**cuda: Any) -> Any:
    """Stand in for a torch that is built for CUDA, which this machine need not have."""
    return SimpleNamespace(
        __version__="2.9.0+cu128",
        version=SimpleNamespace(cuda="12.8"),
        backends=SimpleNamespace(cudnn=SimpleNamespace(version=lambda: 91002)),
        cuda=SimpleNamespace(**cuda),
    )


def test_a_gpu_and_its_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    properties = SimpleNamespace(name="Orin", total_memory=8 * 2**30, major=8, minor=7)
    there = cuda_torch(
        init=lambda: None, device_count=lambda: 1, get_device_properties=lambda index: properties
    )
    monkeypatch.setitem(sys.modules, "torch", there)
    assert look_at("torch") == {
        "version": "2.9.0+cu128",
        "cuda": "12.8",
        "cudnn": 91002,
        "devices": ["cuda:0 Orin, 8.0 GiB, compute capability 8.7"],
    }

    def fail() -> None:
        raise RuntimeError("No CUDA GPUs are available\nmore")

    monkeypatch.setitem(sys.modules, "torch", cuda_torch(init=fail))
    assert look_at("torch")["cuda_problem"] == "No CUDA GPUs are available"


@pytest.fixture
def no_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in PROFILE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    # Whatever this machine has of it is enough.
    monkeypatch.setattr(dds, "SEGMENT_MIB", 0)


def test_the_profile_in_force(no_profile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rclpy", reason="rclpy is not installed")
    assert dds.describe_dds()[0]["profile"] == "none set"
    remarks = json.loads(info(sys.executable, "--json"))["remarks"]
    assert any(
        "some 640x480 images between processes started here (900 KiB) will be lost" in one
        for one in remarks
    )

    read = profile_variable()
    (other,) = set(PROFILE_VARIABLES) - {read}
    monkeypatch.setenv(read, str(config_path(dds.OUR_PROFILE)))
    found, remarks = dds.describe_dds()
    assert "the same as lwrf_ros' fastdds_large_images.xml" in found["profile"]
    assert remarks == []

    monkeypatch.delenv(read)
    monkeypatch.setenv(other, "/nowhere.xml")
    found, remarks = dds.describe_dds()
    assert found["profile"] == f"{other}=/nowhere.xml, no such file"
    assert f"{other} names /nowhere.xml, and there is no such file" in remarks


def test_a_profile_of_another_release_or_in_the_folder(
    no_profile: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rclpy", reason="rclpy is not installed")
    read = profile_variable()
    (other,) = set(PROFILE_VARIABLES) - {read}
    mine = Path("mine.xml").resolve()
    mine.write_text("<profiles/>")
    monkeypatch.setenv(other, str(mine))
    Path("DEFAULT_FASTDDS_PROFILES.xml").write_text("<profiles/>")
    found, remarks = dds.describe_dds()
    assert found["profile"] == (
        f"{other}={mine}, not lwrf_ros' fastdds_large_images.xml; "
        "DEFAULT_FASTDDS_PROFILES.xml in this folder"
    )
    assert remarks == [f"{other} is set, and the rclpy installed reads {read}"]


def test_addresses_are_not_told(no_profile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DISCOVERY_SERVER", "10.1.2.3:11811")
    found, _ = dds.describe_dds()
    assert found["ROS_DISCOVERY_SERVER"] == "set"
    assert "10.1.2.3" not in json.dumps(found)


def test_little_shared_memory_is_worth_a_look(
    no_profile: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dds, "SHARED_MEMORY", tmp_path / "nowhere")
    assert dds.describe_dds()[0]["shared_memory"].endswith("is not there")
    monkeypatch.setattr(dds, "SHARED_MEMORY", tmp_path)
    monkeypatch.setattr(dds, "SEGMENT_MIB", 2**40)
    assert any("--shm-size" in remark for remark in dds.describe_dds()[1])


def test_the_home_folder_is_not_told() -> None:
    given = {
        "a": "/home/ann/ws/x and /home/ann",
        "b": ["/home/anna/x", "/home/ann.old/x", 3, {"c": "file=/home/ann/y"}],
    }
    assert without_home(given, ["/home/ann"]) == {
        "a": "~/ws/x and ~",
        "b": ["/home/anna/x", "/home/ann.old/x", 3, {"c": "file=~/y"}],
    }


def test_the_segment_is_that_of_the_profile() -> None:
    profile = config_path(dds.OUR_PROFILE).read_text()
    assert f"<segment_size>{dds.SEGMENT_MIB * 2**20}</segment_size>" in profile
