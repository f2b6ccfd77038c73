# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Installation by colcon or pip; name, version and description stand in package.xml."""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent
MANIFEST = ElementTree.parse(HERE / "package.xml").getroot()
NAME = MANIFEST.findtext("name")
# The code's, and that of bundled weights whose cards name another: whoever distributes the package
# distributes both.
LICENSES = [element.text for element in MANIFEST.iter("license")]
LICENSE_FILES = [element.get("file") for element in MANIFEST.iter("license")]


def files(folder: str) -> list[str]:
    """Return the files of a folder beside this one."""
    return sorted(str(path.relative_to(HERE)) for path in (HERE / folder).iterdir())


ROS = [
    "ros-rclpy[fastrtps]",
    "ros-ament-index-python",
    "ros-diagnostic-msgs",
    "ros-lifecycle-msgs",
    "ros-rcl-interfaces",
    "ros-sensor-msgs",
    "ros-std-msgs",
]
# Of `lwrf export` to ONNX.
EXPORT = ["onnx>=1.17", "onnxruntime>=1.18", "onnxscript>=0.2"]
# What runs the teachers of `lwrf label`.
LABEL = ["ai-edge-litert>=1.2", "onnxruntime>=1.18"]
# What `lwrf benchmark` measures beside this package, where it is there.
BENCHMARK = [*EXPORT, "openvino>=2024.4"]
# What compiles a GPU's kernels and runs them in its interpreter: for tests, where no CUDA build of
# torch has brought it.
TRITON = ["triton>=3.2; sys_platform == 'linux' and platform_machine == 'x86_64'"]
# What `lwrf archive` reads from, writes to and answers with; Ray where there is a cluster.
ARCHIVE = ["duckdb>=1.0", "fsspec>=2023.1", "pyarrow>=14", "ray>=2.9"]
# Beside it for its tests: a server that speaks S3, and what talks to it.
TEST_ARCHIVE = [*ARCHIVE, "flask>=2", "flask-cors>=4", "moto[s3]>=5", "s3fs>=2023.1"]
TEST = [
    *BENCHMARK,
    *LABEL,
    "colcon-common-extensions",
    "hypothesis>=6",
    "mypy>=1.10",
    "pytest>=7",
    "ruff>=0.6",
    "selenium>=4.10",
    "types-PyYAML",
]

setup(
    name=NAME,
    version=MANIFEST.findtext("version"),
    description=MANIFEST.findtext("description"),
    license=" AND ".join(LICENSES),
    license_files=LICENSE_FILES,
    author=MANIFEST.findtext("maintainer"),
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={
        f"{NAME}.data": ["classes/*.yaml", "groups/*.yaml", "mappings/*.yaml", "weights/*"],
        f"{NAME}.archive": ["page/*"],
        f"{NAME}.replay.report": ["page/*"],
    },
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", files("launch")),
        (f"share/{NAME}/config", files("config")),
    ],
    python_requires=">=3.10",
    # Ranges, not pins: a Jetson brings its own torch. ROS itself comes by rosdep on a robot.
    install_requires=[
        "setuptools",
        "av>=12",
        "jinja2>=3",
        "lz4>=3.1",
        "matplotlib>=3.5",
        "mcap>=1.5",
        "numba>=0.58",
        "numpy>=1.21",
        "opencv-python-headless>=4.5",
        "pillow>=9",
        "plotly>=5.10",
        "PyYAML>=5.4",
        "rosbags>=0.11",
        "safetensors>=0.4",
        "simplejpeg>=1.7",
        "torch>=2.6",
        "tqdm>=4.57",
        "zstandard>=0.18",
    ],
    extras_require={
        "archive": ARCHIVE,
        "benchmark": BENCHMARK,
        "export": EXPORT,
        "label": LABEL,
        "ros": ROS,
        "test": TEST,
        "test-archive": TEST_ARCHIVE,
        "triton": TRITON,
    },
    entry_points={
        "console_scripts": [
            "segmenter = lwrf_ros.node.main:main",
            "lwrf = lwrf_ros.cli.main:main",
        ],
        # Named as the module, so that `pytest_plugins` may name it as well.
        "pytest11": ["lwrf_ros.replay.pytest_plugin = lwrf_ros.replay.pytest_plugin"],
    },
    zip_safe=False,
)
