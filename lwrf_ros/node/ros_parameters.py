# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The parameters as ROS sees them: declared, overridden, set; one validator at start and later."""

from __future__ import annotations

from dataclasses import Field, replace
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from lwrf_ros.configuration.parameters import FIELDS, ParameterError, Parameters, coerce
from lwrf_ros.node.compat import parameter_overrides

_OF_RCLPY = ("use_sim_time", "start_type_description_service", "qos_overrides.")


class ParameterServer:
    """Declares the parameters on a node and holds the values in force.

    A value at start that is not allowed does not end the node: it is remembered, `checked` raises
    it, and setting the parameter to an allowed value heals it.

    Attributes:
        current: The values in force. Replaced as a whole, so any thread may read it.
        given: Names of the parameters that somebody has set, at start or later.
        state: The node's lifecycle state; decides what may change.
        class_names: Names of the classes while configured, to check alerts against.
        region_names: Names of the regions, likewise.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._refused: dict[str, str] = {}
        self.state = "unconfigured"
        self.class_names: tuple[str, ...] | None = None
        self.region_names: tuple[str, ...] = ()
        self.current = Parameters()
        self.given: set[str] = set()
        for name, entry in FIELDS.items():
            # Overrides are applied below: rclpy would raise at the first one that it dislikes.
            node.declare_parameter(name, "", _descriptor(entry), ignore_override=True)
            node.set_parameters([_to_ros(name, entry.default)])
        self._apply_overrides()
        node.add_on_set_parameters_callback(self._check_change)
        node.add_post_set_parameters_callback(self._take_over)

    def checked(self) -> Parameters:
        """Return the values in force if they can be used together.

        Raises:
            ParameterError: If a value given at start was refused and not set since, or if values
                contradict each other.
        """
        if self._refused:
            raise ParameterError("; ".join(self._refused.values()))
        self.current.check_together()
        return self.current

    def _apply_overrides(self) -> None:
        for name, value in parameter_overrides(self._node).items():
            if name.startswith(_OF_RCLPY):
                continue
            try:
                accepted = coerce(name, value)
            except ParameterError as error:
                self._refused[name] = str(error)
                continue
            self._node.set_parameters([_to_ros(name, accepted)])
            self.current = replace(self.current, **{name: accepted})
            self.given.add(name)

    def _check_change(self, parameters: list[Parameter]) -> SetParametersResult:
        """Say whether all of these may be set; called before any of them is."""
        try:
            for parameter in parameters:
                if parameter.name in FIELDS and parameter.type_ == Parameter.Type.NOT_SET:
                    # rclpy would undeclare it for good.
                    raise ParameterError(
                        f"{parameter.name} cannot be deleted; wanted a value, its default is "
                        f"{FIELDS[parameter.name].default!r}"
                    )
            changes = {p.name: coerce(p.name, p.value) for p in parameters if p.name in FIELDS}
            for name, value in changes.items():
                self._check_state(name, value)
            if self.class_names is not None:
                changed = replace(self.current, **changes)
                changed.check_alerts(self.class_names, self.region_names)
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _check_state(self, name: str, value: Any) -> None:
        if FIELDS[name].metadata["live"] or self.state == "unconfigured":
            return
        if value != getattr(self.current, name):
            path = "deactivate and clean up" if self.state == "active" else "clean up"
            raise ParameterError(
                f"{name} cannot change while the node is {self.state}; {path} the node "
                "(ros2 lifecycle set), set it, and configure again"
            )

    def _take_over(self, parameters: list[Parameter]) -> None:
        changes = {p.name: coerce(p.name, p.value) for p in parameters if p.name in FIELDS}
        self.current = replace(self.current, **changes)
        self.given.update(changes)
        for name in changes:
            self._refused.pop(name, None)


def _to_ros(name: str, value: Any) -> Parameter:
    if isinstance(value, tuple):
        # Named, because rclpy takes an empty list for bytes.
        return Parameter(name, Parameter.Type.STRING_ARRAY, list(value))
    return Parameter(name, value=value)


def _descriptor(entry: Field[Any]) -> ParameterDescriptor:
    metadata = entry.metadata
    descriptor = ParameterDescriptor(
        description=metadata["description"],
        additional_constraints=f"wanted: {metadata['allowed']}",
        # rclpy would refuse 1 where 1.0 is meant, and an empty YAML list for a list.
        dynamic_typing=True,
    )
    if isinstance(entry.default, float):
        # As floats: rclpy sends an int in a float's place as some other number.
        low, high = map(float, metadata["limits"])
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    return descriptor
