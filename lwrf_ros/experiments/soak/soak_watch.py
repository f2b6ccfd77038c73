# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The watch over a node with several cameras: its accounts, its state, and commands to it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.client import Client
from rclpy.parameter import Parameter

from lwrf_ros.node.health.diagnostics import OUTCOMES
from lwrf_ros.processes.node_watch import NodeWatch, NodeWatchError

_ANSWER_S = 60.0
_REPORT_S = 30.0


class SoakWatch(NodeWatch):
    """Watches every camera of the segmentation node.

    Attributes:
        accounts: What each camera said last of its frames, by camera.
        checked: Number of accounts that were read and added up.
        wrong: Those that did not, in words.
        reports: Number of reports on /diagnostics.
    """

    def __init__(self, name: str, domain_id: int, check: Callable[[], None]) -> None:
        self.accounts: dict[str, Counter[str]] = {}
        self.checked = 0
        self.wrong: list[str] = []
        self.reports = 0
        super().__init__(name, domain_id, check)
        self._change_state: Client[Any, Any] = self._node.create_client(
            ChangeState, f"/{name}/change_state"
        )
        self._set: Client[Any, Any] = self._node.create_client(
            SetParametersAtomically, f"/{name}/set_parameters_atomically"
        )

    def spin(self, seconds: float) -> None:
        """Receive for a while."""
        self._spin(seconds)

    def change_state(self, label: str) -> None:
        """Make a transition of the node.

        Raises:
            NodeWatchError: It failed, or there was no answer.
        """
        request = ChangeState.Request()
        request.transition.label = label
        if not self._call(self._change_state, request).success:
            raise NodeWatchError(f"the node refused to {label}; see its log")

    def set_parameters(self, **values: Any) -> None:
        """Set parameters of the node.

        Raises:
            NodeWatchError: It refused, or there was no answer.
        """
        request = SetParametersAtomically.Request()
        request.parameters = [Parameter(n, value=v).to_parameter_msg() for n, v in values.items()]
        result = self._call(self._set, request).result
        if not result.successful:
            raise NodeWatchError(f"the node refused {values}: {result.reason}")

    def fresh_accounts(self, settled: bool = False) -> Mapping[str, Counter[str]]:
        """Wait for two further reports, the second of which is from after this call.

        Args:
            settled: Whether to wait until nothing waits and the reports say the same.

        Raises:
            NodeWatchError: None came.
        """
        until_s = time.monotonic() + _REPORT_S
        previous: Mapping[str, Counter[str]] = {}
        while time.monotonic() < until_s:
            seen = self.reports
            left_s = max(0.1, until_s - time.monotonic())
            self.wait_for(lambda: self.reports > seen, "a report", left_s)  # noqa: B023
            same = previous == self.accounts
            if previous and (
                not settled or (same and not any(a["waiting"] for a in previous.values()))
            ):
                return self.accounts
            previous = dict(self.accounts)
        raise NodeWatchError(f"frames still wait after {_REPORT_S:g} s; see the node's log")

    def _client(self, service: type, name: str) -> Client[Any, Any]:
        return self._node.create_client(service, name)

    def _call(self, client: Any, request: Any) -> Any:
        answer = client.call_async(request)
        self.wait_for(answer.done, client.srv_name, _ANSWER_S)
        return answer.result()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        super()._on_diagnostics(message)
        found = 0
        for status in message.status:
            _, colon, camera = status.name.partition(f"{self._name}: ")
            if colon:
                values = {value.key: value.value for value in status.values}
                self._take(camera, values)
                found += 1
        self.reports += 1

    def _take(self, camera: str, values: Mapping[str, str]) -> None:
        keys = ("received", "waiting", "refused", *OUTCOMES)
        account = Counter({key: int(values[key]) for key in keys})
        reasons = {k: int(v) for k, v in values.items() if k.startswith("refused.")}
        ends = sum(account[key] for key in (*OUTCOMES, "refused", "waiting"))
        if account["received"] != ends or account["refused"] != sum(reasons.values()):
            self.wrong.append(f"{camera}: {dict(values)}")
        account.update(reasons)
        self.accounts[camera] = account
        self.checked += 1
