# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The other side of the node in tests: its process, and a peer that talks to it over DDS."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState, GetState
from numpy.typing import NDArray
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosbags.highlevel import AnyReader
from sensor_msgs.msg import CompressedImage, Image
from warm_process import WarmProcess, fits

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
EXECUTABLE = ("-m", "lwrf_ros.node.main")
# Small and quick: what these tests are about is the node, not the network.
# Reliable, because best effort may lose what is sent before both sides know each other.
QUICK = {
    "weights": "random",
    "input_width": "64",
    "input_height": "64",
    "device": "cpu",
    "image_qos": "reliable",
}


def image(
    pixels: NDArray[Any], encoding: str = "rgb8", stamp_ns: int = 0, frame_id: str = "camera"
) -> Image:
    """Build an image message from ``(H, W)`` or ``(H, W, channels)`` values."""
    pixels = np.ascontiguousarray(pixels)
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding)
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
    message.header.frame_id = frame_id
    message.step = pixels.strides[0]
    message.data = array("B", pixels.tobytes())
    return message


def recorded_images(bag: Path) -> list[tuple[str, Image | CompressedImage]]:
    """Read a rosbag's images, with their topics, as messages of rclpy."""
    images: list[tuple[str, Image | CompressedImage]] = []
    with AnyReader([bag]) as reader:
        for connection, _, content in reader.messages():
            read: Any = reader.deserialize(content, connection.msgtype)
            message: Image | CompressedImage
            if connection.msgtype.endswith("CompressedImage"):
                message = CompressedImage(format=read.format)
            else:
                message = Image(
                    height=read.height,
                    width=read.width,
                    encoding=read.encoding,
                    is_bigendian=read.is_bigendian,
                    step=read.step,
                )
            message.data = array("B", read.data.tobytes())
            message.header.frame_id = read.header.frame_id
            message.header.stamp.sec = read.header.stamp.sec
            message.header.stamp.nanosec = read.header.stamp.nanosec
            images.append((connection.topic, message))
    return images


def stamp_ns(message: Any) -> int:
    """Return the stamp of a message's header in nanoseconds."""
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


class NodeProcess:
    """The node in a process of its own.

    Args:
        environment: Environment of the process, ROS_DOMAIN_ID included.
        parameters: Parameters by name, given on the command line as YAML.
        arguments: Further ROS arguments.
        log: File that its output goes to.
        executable: The node's, or that of a test around it, as arguments of Python. None is the
            node as a fork that has its imports behind it, see warm_process.py.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        parameters: Mapping[str, str],
        arguments: list[str],
        log: Path,
        executable: Sequence[str] | None = None,
    ) -> None:
        given = ["--ros-args"]
        for name, value in parameters.items():
            given += ["-p", f"{name}:={value}"]
        given += arguments
        self._log = log
        self.process: WarmProcess | subprocess.Popen[bytes]
        if executable is None and fits(environment):
            log.touch()
            self.process = WarmProcess(environment, given, log)
            return
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, *(executable or EXECUTABLE), *given],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        """What it has logged so far."""
        return self._log.read_text()

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds that the end took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        return code, time.monotonic() - begun

    def kill(self) -> None:
        """End it whatever it does, and gently if it lets us: killed, it leaves shared memory."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait(PATIENCE_S)


StartNode = Callable[..., NodeProcess]
StartDdsProcess = Callable[..., "subprocess.Popen[bytes]"]


class Peer:
    """A ROS node in the test's process, spun by the test itself.

    Args:
        domain_id: The domain to talk on.
        target: Full name of the node under test.
    """

    def __init__(self, domain_id: int, target: str = "/segmenter") -> None:
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self.node = rclpy.create_node("peer", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._target = target
        self._statuses: dict[str, Any] = {}
        self.diagnostics_count = 0
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._take_statuses, 10)
        self._get_state = self.node.create_client(GetState, f"{target}/get_state")
        self._change_state = self.node.create_client(ChangeState, f"{target}/change_state")
        self._set_atomically = self.node.create_client(
            SetParametersAtomically, f"{target}/set_parameters_atomically"
        )

    def close(self) -> None:
        """Leave the domain."""
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def spin_until(
        self, done: Callable[[], Any], what: str, patience_s: float = PATIENCE_S
    ) -> None:
        """Handle messages until something holds; fail if it never does."""
        assert self._comes_true(done, patience_s), f"waited {patience_s:.0f} s in vain for {what}"

    def _comes_true(self, done: Callable[[], Any], patience_s: float) -> bool:
        until = time.monotonic() + patience_s
        while not done():
            if time.monotonic() > until:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True

    def spin_for(self, seconds: float) -> None:
        """Handle messages for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left)

    def call(self, client: Any, request: Any, attempts: int = 1) -> Any:
        """Call a service of the node under test; several attempts are for what may be repeated."""
        self.spin_until(client.service_is_ready, f"the service {client.srv_name}")
        for _ in range(attempts):
            future = client.call_async(request)
            if self._comes_true(future.done, PATIENCE_S / attempts):
                return future.result()
            client.remove_pending_request(future)
        raise AssertionError(f"{client.srv_name} did not answer within {PATIENCE_S:.0f} s")

    def state(self) -> str:
        """Ask the node under test for its lifecycle state."""
        # Asked again if need be: an answer is lost if the node does not know its reader yet, which
        # a client cannot tell from service_is_ready.
        return self.call(self._get_state, GetState.Request(), attempts=15).current_state.label

    def wait_for_state(self, label: str) -> None:
        """Wait until the node under test is in a lifecycle state."""
        self.spin_until(lambda: self.state() == label, f"the state {label}")

    def change_state(self, label: str) -> bool:
        """Ask for a transition; return whether it succeeded."""
        request = ChangeState.Request()
        request.transition.label = label
        return self.call(self._change_state, request).success

    def set_parameters(self, **values: Any) -> tuple[bool, str]:
        """Set parameters of the node under test at once; return success and reason."""
        request = SetParametersAtomically.Request()
        request.parameters = [
            Parameter(name, value=value).to_parameter_msg() for name, value in values.items()
        ]
        result = self.call(self._set_atomically, request).result
        return result.successful, result.reason

    def collect(self, topic: str, message_type: type, depth: int = 1000) -> list[Any]:
        """Subscribe; return the list that messages will be added to."""
        messages: list[Any] = []
        qos = QoSProfile(depth=depth, reliability=ReliabilityPolicy.RELIABLE)
        self.node.create_subscription(message_type, topic, messages.append, qos)
        self.spin_until(lambda: self.node.count_publishers(topic), f"a publisher of {topic}")
        return messages

    def publisher(
        self,
        topic: str,
        message_type: type = Image,
        reliable: bool = True,
        matched: int = 1,
        depth: int = 10,
    ) -> Any:
        """Make a publisher, and wait until the node under test listens to it."""
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        publisher = self.node.create_publisher(
            message_type, topic, QoSProfile(depth=depth, reliability=reliability)
        )
        self.spin_until(
            lambda: publisher.get_subscription_count() >= matched, f"a subscriber of {topic}"
        )
        return publisher

    def status(self, name: str = "segmenter", newer: bool = True) -> Any:
        """Return a status of /diagnostics; with `newer` one that comes after this call."""
        if newer:
            self._statuses.pop(name, None)
        self.spin_until(lambda: name in self._statuses, f"the diagnostic status {name}")
        return self._statuses[name]

    def account(self, label: str) -> dict[str, str]:
        """Return the key-values of a camera's status."""
        status = self.status(f"segmenter: {label}")
        return {entry.key: entry.value for entry in status.values}

    def _take_statuses(self, message: DiagnosticArray) -> None:
        self.diagnostics_count += 1
        for status in message.status:
            self._statuses[status.name] = status


class LocalNode(NamedTuple):
    """A ROS node in the test's process, spun by the test itself.

    Attributes:
        node: The node.
        spin_until: Handles messages until something holds; fails if it never does.
    """

    node: Any
    spin_until: Callable[..., None]


@contextmanager
def open_node(
    domain_id: int,
    name: str = "segmenter",
    node_type: type = Node,
    patience_s: float = PATIENCE_S,
    **options: Any,
) -> Iterator[LocalNode]:
    """Make a node in a context of its own, and end both afterwards.

    Args:
        domain_id: The domain to talk on.
        name: Name of the node.
        node_type: Its class.
        patience_s: How long to wait for what a test waits for.
        options: Further arguments of the class, parameter_overrides for example.
    """
    context = Context()
    rclpy.init(context=context, domain_id=domain_id)
    node = node_type(name, context=context, **options)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)

    def spin_until(done: Callable[[], Any], what: str) -> None:
        until = time.monotonic() + patience_s
        while not done():
            assert time.monotonic() < until, f"waited {patience_s:.0f} s in vain for {what}"
            executor.spin_once(timeout_sec=0.02)

    try:
        yield LocalNode(node, spin_until)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)


def locks_of(process: int) -> list[Path]:
    """Return the locks that a process holds on its segments of shared memory."""
    paths = []
    for link in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            paths.append(link.readlink())
    return [path for path in paths if re.fullmatch(r"fast(dds|rtps)_[0-9a-f]{16}_el", path.name)]


def account_adds_up(values: Mapping[str, str]) -> bool:
    """Tell whether the account of DESIGN holds for a camera's status."""
    parts = (
        "processed",
        "superseded",
        "refused",
        "throttled",
        "unwatched",
        "inactive",
        "failed",
        "waiting",
    )
    by_reason = sum(int(v) for k, v in values.items() if k.startswith("refused."))
    return (
        int(values["received"]) == sum(int(values[part]) for part in parts)
        and int(values["refused"]) == by_reason
    )


def environment_on(domain_id: int) -> dict[str, str]:
    """Return the environment of a node on a domain, importing the sources under test."""
    environment = dict(os.environ, ROS_DOMAIN_ID=str(domain_id), PYTHONUNBUFFERED="1")
    paths = [str(REPOSITORY), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment
