# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The package as it is installed: by colcon into a workspace, by pip into an environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
EXECUTABLES = ("lwrf", "segmenter")
SHARED_FILES = (
    "package.xml",
    "launch/segment.launch.py",
    "config/segmenter.yaml",
    "config/fastdds_large_images.xml",
    "config/segment.rviz",
    "config/foxglove_layout.json",
    "config/nav2_segmentation_layer.yaml",
    "config/regions.yaml",
    "config/segmenter.policy.xml",
)
LICENSES = ["Apache-2.0", "CC-BY-NC-4.0"]
# What an installation has to find, wherever it lies; run outside the sources.
PROBE = """
import lwrf_ros.package_data
from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.classes.class_table import ClassTable
print(lwrf_ros.package_data.__file__)
print(lwrf_ros.package_data.config_path("fastdds_large_images.xml"))
camvid = ClassTable.load("camvid")
assert len(camvid) == 11
assert len(ClassGroups.load("camvid_navigation", camvid).table) == 4
path = lwrf_ros.package_data.find_weights("mobilenet_v2", "light_weight", "camvid")
assert path is not None and path.stat().st_size > 1e6
assert path.with_suffix(".md").is_file()
assert (path.parent / "LICENSE.md").is_file()
from importlib import resources
assert (resources.files("lwrf_ros.replay.report") / "page" / "report.js").is_file()
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the repository tracks, as a clone would have it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip(f"not a git checkout: {listed.stderr.strip()}")
    target = tmp_path_factory.mktemp("workspace") / "src" / "lwrf_ros"
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    return target


def run(command: list[str] | str, folder: Path, **environment: str) -> str:
    """Run a command outside the sources and return its output; fail with it if it fails."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "AMENT_PREFIX_PATH": sys.prefix, **environment},
        shell=isinstance(command, str),
        executable="/bin/bash" if isinstance(command, str) else None,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_colcon_builds_an_ament_package(sources: Path) -> None:
    if shutil.which("colcon") is None:
        pytest.skip("colcon is not installed")
    workspace = sources.parents[1]
    assert run(["colcon", "list"], workspace).split() == [
        "lwrf_ros",
        str(sources.relative_to(workspace)),
        "(ros.ament_python)",
    ]
    run(["colcon", "build"], workspace)
    prefix = workspace / "install" / "lwrf_ros"
    for executable in EXECUTABLES:
        assert os.access(prefix / "lib" / "lwrf_ros" / executable, os.X_OK)
    for name in SHARED_FILES:
        assert (prefix / "share" / "lwrf_ros" / name).is_file()
    setup = "source install/setup.bash && "
    module, profile = run(
        setup + f"{sys.executable} -c '{PROBE}'", workspace, PYTHONPATH=""
    ).splitlines()
    assert Path(module).is_relative_to(prefix)
    assert Path(profile).is_relative_to(prefix)
    ask = 'from ament_index_python import get_package_prefix as f; print(f("lwrf_ros"))'
    assert run(setup + f"{sys.executable} -c '{ask}'", workspace).strip() == str(prefix)
    help_text = run(setup + "install/lwrf_ros/lib/lwrf_ros/lwrf --help", workspace)
    assert all(name in help_text for name in ("demo", "play", "record"))


def test_pip_installs_executables_and_data(sources: Path, tmp_path: Path) -> None:
    # --prefix stands for another virtual environment; its packages are those of this one.
    prefix = tmp_path / "prefix"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    run([*pip, "--ignore-installed", "--prefix", str(prefix), str(sources)], tmp_path)
    for executable in EXECUTABLES:
        assert os.access(prefix / "bin" / executable, os.X_OK)
    for name in SHARED_FILES:
        assert (prefix / "share" / "lwrf_ros" / name).is_file()
    marker = prefix / "share" / "ament_index" / "resource_index" / "packages" / "lwrf_ros"
    assert marker.is_file()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = prefix / "lib" / version / "site-packages"
    module, profile = run([sys.executable, "-c", PROBE], tmp_path, PYTHONPATH=str(packages)).split()
    assert Path(module).is_relative_to(prefix)
    assert Path(profile).is_relative_to(prefix)
    (about,) = packages.glob("lwrf_ros-*.dist-info")
    assert re.search(rf"^License(-Expression)?: {' AND '.join(LICENSES)}$", metadata(about), re.M)
    texts = {path.name: path.read_text(encoding="utf-8") for path in about.rglob("LICENSE*")}
    assert "Apache License" in texts["LICENSE"]
    assert "CC BY-NC 4.0" in texts["LICENSE.md"]


def metadata(about: Path) -> str:
    return (about / "METADATA").read_text(encoding="utf-8")


def test_every_import_of_ros_is_declared() -> None:
    manifest = ElementTree.parse(REPOSITORY / "package.xml").getroot()
    declared = {element.text for element in manifest.iter("exec_depend")}
    imported = set()
    for path in [*REPOSITORY.glob("lwrf_ros/**/*.py"), *REPOSITORY.glob("launch/*.py")]:
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                imported.add(words[1].split(".")[0])
    ros = {"launch", "launch_ros", "ament_index_python", "rclpy"}
    ros |= {name for name in imported if name.endswith(("_msgs", "_interfaces"))}
    assert {"rclpy", "sensor_msgs", "launch"} <= imported & ros
    assert imported & ros <= declared


def test_the_manifest_is_one_that_ros_reads() -> None:
    catkin_pkg = pytest.importorskip("catkin_pkg.package", reason="catkin_pkg is not installed")
    package = catkin_pkg.parse_package(str(REPOSITORY / "package.xml"))
    assert package.package_format == 3
    assert package.get_build_type() == "ament_python"
    assert package.licenses == LICENSES
    for licence in package.licenses:
        assert (REPOSITORY / licence.file).is_file()
    package.validate()
