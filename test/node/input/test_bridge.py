# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""cv_bridge is used where it works, and nothing happens where it does not: no crash, no change."""

from __future__ import annotations

import importlib.util
import os
import sys
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from encodings_table import EVEN_WIDTH, SAMPLES, difference, message_of, seen_in
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from lwrf_ros.machine import bridge_trial
from lwrf_ros.node.input import bridge
from lwrf_ros.node.input.image_messages import check, decode

Install = Callable[[str], None]
# What the real one does: it knows the channel orders, mistakes padded rows, fails on big-endian
# data under NumPy 2, and raises for what it does not know.
WORKING = """
    import numpy as np

    CHANNELS = {"bgra8": 4, "rgba8": 4, "8UC4": 4, "bgra16": 4, "rgba16": 4, "mono16": 1}
    converted = []

    class CvBridge:
        def imgmsg_to_cv2(self, message, target):
            if message.encoding not in CHANNELS or message.encoding == "8UC4":
                raise RuntimeError(f"[{message.encoding}] is not a color format")
            if message.is_bigendian:
                raise AttributeError("`newbyteorder` was removed from the ndarray class")
            dtype = np.dtype("<u2" if message.encoding.endswith("16") else "u1")
            channels = CHANNELS[message.encoding]
            values = np.frombuffer(bytes(message.data), dtype, message.height * message.width
                                   * channels)
            values = values.reshape(message.height, message.width, channels)
            if dtype.itemsize == 2:
                values = np.round(values / 257.0).astype(np.uint8)
            converted.append(message.encoding)
            if target == "mono8":
                return values[:, :, 0]
            return values[:, :, 2::-1] if message.encoding[0] == "b" else values[:, :, :3]
"""
BROKEN = {
    "ImportError": "raise ImportError('numpy.core.multiarray failed to import')",
    "AttributeError": "raise AttributeError('_ARRAY_API not found')",
    "abort on import": "import os; os.abort()",
    "exit on import": "raise SystemExit(3)",
    "nothing in it": "",
    "not a class": "CvBridge = None",
    "constructor raises": """
        class CvBridge:
            def __init__(self):
                raise RuntimeError("no")
    """,
    "abort on use": """
        import os

        class CvBridge:
            def imgmsg_to_cv2(self, message, target):
                os.abort()
    """,
    "raises on use": """
        class CvBridge:
            def imgmsg_to_cv2(self, message, target):
                raise KeyError(16)
    """,
    "wrong pixels": """
        import numpy as np

        class CvBridge:
            def imgmsg_to_cv2(self, message, target):
                return np.zeros((message.height, message.width, 3), np.uint8)
    """,
    "wrong order": """
        import numpy as np

        class CvBridge:
            def imgmsg_to_cv2(self, message, target):
                values = np.frombuffer(bytes(message.data), np.uint8)
                return values.reshape(message.height, message.width, 4)[:, :, :3]
    """,
    "works elsewhere alone": """
        import sys
        import numpy as np

        if "pytest" in sys.modules:
            raise RuntimeError("another OpenCV is loaded already")

        class CvBridge:
            def imgmsg_to_cv2(self, message, target):
                values = np.frombuffer(bytes(message.data), np.uint8)
                return values.reshape(message.height, message.width, 4)[:, :, 2::-1]
    """,
}


def forget() -> None:
    """Let the next question be tried anew."""
    bridge.working_bridge.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "cv_bridge"]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide a cv_bridge that is installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "cv_bridge" else find(name)
    )


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a cv_bridge of the test in front of every other, for child processes as well."""

    def put(source: str) -> None:
        package = tmp_path / "cv_bridge"
        package.mkdir()
        (package / "__init__.py").write_text(dedent(source), encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        paths = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))

    return put


def decoded(message: Image) -> NDArray[np.uint8]:
    check(message)
    return seen_in(decode(message))


@pytest.mark.usefixtures("without")
def test_without_cv_bridge() -> None:
    assert bridge.working_bridge() is None
    assert bridge.convert(message_of("bgra8", SAMPLES["bgra8"](4, 6)), "rgb8") is None


def test_a_working_one_is_used(install: Install) -> None:
    install(WORKING)
    assert type(bridge.working_bridge()).__module__ == "cv_bridge"
    assert bridge.working_bridge() is bridge.working_bridge()
    sample = SAMPLES["bgra8"](24, 32)
    assert (decoded(message_of("bgra8", sample)) == sample.seen).all()
    assert sys.modules["cv_bridge"].converted == ["bgra8"]


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_one_is_not_used_and_does_no_harm(install: Install, fault: str) -> None:
    install(BROKEN[fault])
    assert bridge.working_bridge() is None
    sample = SAMPLES["bgra8"](24, 32)
    assert (decoded(message_of("bgra8", sample)) == sample.seen).all()


def test_one_that_hangs_is_given_up(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("import time; time.sleep(600)")
    monkeypatch.setattr(bridge_trial, "_TRIAL_LIMIT_S", 1.0)
    assert bridge.working_bridge() is None


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "mono8"])
def test_what_needs_no_conversion_does_not_go_through_it(install: Install, encoding: str) -> None:
    install(WORKING)
    message = message_of(encoding, SAMPLES[encoding](4, 6))
    check(message)
    assert np.shares_memory(decode(message).array, np.frombuffer(message.data, np.uint8))
    assert bridge.working_bridge() is not None
    assert sys.modules["cv_bridge"].converted == []


@pytest.mark.parametrize(
    "returned",
    [
        np.zeros((4, 6), np.uint8),
        np.zeros((4, 5, 3), np.uint8),
        np.zeros((4, 6, 4), np.uint8),
        np.zeros((4, 6, 3), np.uint16),
        np.zeros((4, 6, 3), np.float32),
    ],
)
def test_a_result_of_another_form_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, returned: NDArray[Any]
) -> None:
    class Odd:
        def imgmsg_to_cv2(self, message: Image, target: str) -> NDArray[Any]:
            return returned

    monkeypatch.setattr(bridge, "working_bridge", Odd)
    sample = SAMPLES["bgra8"](4, 6)
    message = message_of("bgra8", sample)
    assert bridge.convert(message, "rgb8") is None
    assert (decoded(message) == sample.seen).all()


def all_samples() -> Iterator[tuple[str, Image, Any]]:
    """Every encoding in every form that a message can have, with what is to be seen."""
    for encoding, sample_of in SAMPLES.items():
        for height, width in ((24, 32), (23, 31), (1, 7), (7, 1)):
            if encoding in EVEN_WIDTH and (height % 2 or width % 2):
                continue
            sample = sample_of(height, width)
            for padding in (0, 5, 12):
                for big_endian in (False, True):
                    message = message_of(encoding, sample, padding, big_endian)
                    yield f"{encoding} {width}x{height} +{padding} {big_endian}", message, sample


def test_every_encoding_looks_the_same_through_it(install: Install) -> None:
    install(WORKING)
    assert bridge.working_bridge() is not None
    for name, message, sample in all_samples():
        assert difference(decoded(message), sample.seen).max() <= sample.tolerance, name
    # What 16 bits mean is a parameter, which it does not know.
    assert set(sys.modules["cv_bridge"].converted) == {"bgra8", "rgba8"}


def test_every_encoding_looks_the_same_through_the_installed_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = bridge.working_bridge()
    if installed is None:
        pytest.skip("cv_bridge is not installed, or does not work here")
    converted = set()

    class Noting:
        def imgmsg_to_cv2(self, message: Image, target: str) -> Any:
            result = installed.imgmsg_to_cv2(message, target)
            converted.add(message.encoding)
            return result

    monkeypatch.setattr(bridge, "working_bridge", Noting)
    for name, message, sample in all_samples():
        assert difference(decoded(message), sample.seen).max() <= sample.tolerance + 1, name
    assert converted >= {"bgra8", "rgba8", "bayer_rggb8", "yuv422"}


def test_an_array_of_the_real_kind_is_what_the_trial_gives() -> None:
    """The trial's image, by the formula: B, G, R, A in memory."""
    message = Image(width=2, height=1, step=8, encoding="bgra8")
    message.data = array("B", [1, 2, 3, 255, 4, 5, 6, 255])
    assert decoded(message).tolist() == [[[3, 2, 1], [6, 5, 4]]]
