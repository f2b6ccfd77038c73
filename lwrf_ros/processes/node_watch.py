# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Asks the running node for its state and its account."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy

from lwrf_ros.errors import LwrfError
from lwrf_ros.node.start import start_rclpy
from lwrf_ros.processes.commands import CONNECT_S
from lwrf_ros.processes.node_account import Account

SPIN_S = 0.1
ASK_EVERY_S = 0.25
# Deep enough that nothing is lost while this process looks after others.
QUEUE_DEPTH = 50


class NodeWatchError(LwrfError):
    """The node does not do what it should in time."""


class NodeWatch:
    """A node of this process that watches the segmentation node, which has one camera.

    Args:
        name: Name of the segmentation node, in the root namespace.
        domain_id: The ROS domain.
        check: Called again and again while waiting; raises if a process died.

    Attributes:
        values: What the node said last of its camera on /diagnostics, by key.
    """

    def __init__(self, name: str, domain_id: int, check: Callable[[], None]) -> None:
        self._name = name
        self._check = check
        self.values: dict[str, str] = {}
        self._accounts = 0
        self._error = ""
        self._context = Context()
        start_rclpy(context=self._context, domain_id=domain_id)
        self._node = rclpy.create_node("lwrf_demo", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._get_state: Any = self._node.create_client(GetState, f"/{name}/get_state")
        self._node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def listen(self, message_type: type, topic: str, callback: Callable[[Any, Any], None]) -> None:
        """Subscribe to an output of the segmentation node, and wait until it is there.

        Args:
            message_type: Type of the topic.
            topic: Name of the topic under the node's.
            callback: Called with every message and rclpy's information about it, while this object
                waits for something.

        Raises:
            NodeWatchError: Nobody publishes it.
        """
        full = f"/{self._name}/{topic}"
        qos = QoSProfile(depth=QUEUE_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
        self._node.create_subscription(message_type, full, callback, qos)
        self.wait_for(
            lambda: self._node.count_publishers(full) > 0, f"a publisher of {full}", CONNECT_S
        )

    def wait_active(self, timeout_s: float) -> None:
        """Wait until the node is active.

        Args:
            timeout_s: Seconds to wait at most.

        Raises:
            NodeWatchError: It is not, or it says that it failed to configure.
        """
        deadline_s = time.monotonic() + timeout_s
        label = "not there"
        while time.monotonic() < deadline_s:
            answer = self._ask_state()
            if answer is not None:
                label = answer.label
                if answer.id == State.PRIMARY_STATE_ACTIVE:
                    return
                if answer.id == State.PRIMARY_STATE_UNCONFIGURED and self._error:
                    raise NodeWatchError(f"the node could not be configured: {self._error}")
            self._spin(ASK_EVERY_S)
        raise NodeWatchError(
            f"the node /{self._name} is {label} after {timeout_s:g} s, wanted active; see its log"
        )

    def wait_for(
        self, condition: Callable[[], bool], what: str, timeout_s: float = math.inf
    ) -> None:
        """Wait for something outside of this node.

        Args:
            condition: True once it is there.
            what: What is waited for, for the message.
            timeout_s: Seconds to wait at most.

        Raises:
            NodeWatchError: It did not come.
        """
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline_s:
                raise NodeWatchError(f"{what} did not happen within {timeout_s:g} s; see the logs")
            self._spin(SPIN_S)

    def settled_account(self, timeout_s: float) -> Account:
        """Wait until the node has dealt with every frame that it received.

        Args:
            timeout_s: Seconds to wait at most.

        Returns:
            The account: nothing waits, it adds up, and two reports in a row say the same.

        Raises:
            NodeWatchError: The node says nothing, or frames still wait.
        """
        # One report alone may have been on its way since before the last frame.
        previous: Account | None = None
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            seen = self._accounts
            while self._accounts == seen and time.monotonic() < deadline_s:
                self._spin(SPIN_S)
            if self._accounts > seen:
                account = Account.read(self.values)
                if account == previous and previous.settled:
                    return account
                previous = account
        if previous is None:
            raise NodeWatchError(
                f"no report of /{self._name} on /diagnostics within {timeout_s:g} s; see its log"
            )
        raise NodeWatchError(
            f"the node still works after {timeout_s:g} s ({previous.waiting} frames waiting, "
            f"{previous.processed} processed); see its log"
        )

    def close(self) -> None:
        """Leave the ROS graph."""
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _spin(self, seconds: float) -> None:
        """Receive for a while, in pieces, and look after the processes."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=min(left_s, SPIN_S))
        self._check()

    def _ask_state(self) -> State | None:
        if not self._get_state.service_is_ready():
            return None
        answer = self._get_state.call_async(GetState.Request())
        self._executor.spin_until_future_complete(answer, timeout_sec=1.0)
        if not answer.done():
            # The node answers nothing during a transition; the next request will do.
            self._get_state.remove_pending_request(answer)
            return None
        return answer.result().current_state

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == self._name:
                failed = status.level == DiagnosticStatus.ERROR
                self._error = status.message if failed else ""
            elif status.name.startswith(f"{self._name}: "):
                self.values = {value.key: value.value for value in status.values}
                self._accounts += 1
